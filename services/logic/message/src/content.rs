//! What a message may contain: pure rules. Large things are kept elsewhere and only named here.

use im_idl::ids;
use im_idl::message::{Card, Content, Image, Video, Voice, content::Kind};
use svrkit_rt::Status;

const TEXT_BYTES_MAX: usize = 4 * 1024;
/// Name of an object in an object store, or its address.
const OBJECT_BYTES_MAX: usize = 512;
/// What shows at once.
const THUMBNAIL_BYTES_MAX: usize = 16 * 1024;
const NICKNAME_BYTES_MAX: usize = 64;
/// 16 K pixels: larger than any screen.
const SIDE_MAX: u32 = 16 * 1024;
const VOICE_MS_MAX: u32 = 10 * 60 * 1000;
const VIDEO_MS_MAX: u32 = 60 * 60 * 1000;
const OBJECT_SIZE_MAX: u32 = 1 << 30;

/// Whether a client may send it.
///
/// # Errors
/// `InvalidArgument` with a reason.
pub(crate) fn check(content: Option<&Content>) -> Result<(), Status> {
    match content.and_then(|content| content.kind.as_ref()) {
        None => refuse(
            "CONTENT_UNKNOWN",
            "content is missing, or of a kind that is not known",
        ),
        Some(Kind::Text(text)) => check_text(text),
        Some(Kind::Voice(voice)) => check_voice(voice),
        Some(Kind::Image(image)) => check_image(image),
        Some(Kind::Video(video)) => check_video(video),
        Some(Kind::Card(card)) => check_card(card),
        Some(Kind::GroupEvent(_)) => refuse(
            "CONTENT_FORBIDDEN",
            "only groups themselves tell of their events",
        ),
    }
}

fn check_text(text: &str) -> Result<(), Status> {
    if text.trim().is_empty() {
        return refuse("TEXT_EMPTY", "the text is empty");
    }
    if text.len() > TEXT_BYTES_MAX {
        return refuse("TEXT_TOO_LONG", "the text is longer than 4 KiB");
    }
    Ok(())
}

fn check_voice(voice: &Voice) -> Result<(), Status> {
    check_object(&voice.object, voice.bytes)?;
    check_duration(voice.duration_ms, VOICE_MS_MAX)
}

fn check_image(image: &Image) -> Result<(), Status> {
    check_object(&image.object, image.bytes)?;
    check_picture(image.width, image.height, &image.thumbnail)
}

fn check_video(video: &Video) -> Result<(), Status> {
    check_object(&video.object, video.bytes)?;
    check_duration(video.duration_ms, VIDEO_MS_MAX)?;
    check_picture(video.width, video.height, &video.thumbnail)
}

fn check_card(card: &Card) -> Result<(), Status> {
    if !ids::is_uin(card.uin) || card.nickname.len() > NICKNAME_BYTES_MAX {
        return refuse(
            "CARD_INVALID",
            "the card is nobody's, or its name is too long",
        );
    }
    Ok(())
}

fn check_object(object: &str, bytes: u32) -> Result<(), Status> {
    if object.is_empty() || object.len() > OBJECT_BYTES_MAX {
        return refuse(
            "OBJECT_INVALID",
            "the object has no name, or too long a one",
        );
    }
    if bytes > OBJECT_SIZE_MAX {
        return refuse("OBJECT_INVALID", "the object is larger than 1 GiB");
    }
    Ok(())
}

fn check_duration(duration_ms: u32, max_ms: u32) -> Result<(), Status> {
    if duration_ms == 0 || duration_ms > max_ms {
        return refuse("DURATION_INVALID", "it lasts no time, or too long");
    }
    Ok(())
}

fn check_picture(width: u32, height: u32, thumbnail: &[u8]) -> Result<(), Status> {
    let side = 1..=SIDE_MAX;
    if !side.contains(&width) || !side.contains(&height) {
        return refuse(
            "PICTURE_INVALID",
            "a side is nothing, or longer than 16,384",
        );
    }
    if thumbnail.len() > THUMBNAIL_BYTES_MAX {
        return refuse("PICTURE_INVALID", "the thumbnail is larger than 16 KiB");
    }
    Ok(())
}

fn refuse(reason: &'static str, message: &'static str) -> Result<(), Status> {
    Err(Status::invalid_argument(message).with_reason(crate::service::DOMAIN, reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use im_idl::message::GroupEvent;

    fn reason(kind: Kind) -> String {
        let content = Content { kind: Some(kind) };
        check(Some(&content)).map_or_else(|status| status.reason().to_owned(), |()| String::new())
    }

    #[test]
    fn text_is_something_and_at_most_4_kib() {
        assert_eq!(reason(Kind::Text("hi".into())), "");
        assert_eq!(reason(Kind::Text("日".repeat(4096 / 3))), "");
        assert_eq!(
            reason(Kind::Text("日".repeat(4096 / 3 + 1))),
            "TEXT_TOO_LONG"
        );
        assert_eq!(reason(Kind::Text(String::new())), "TEXT_EMPTY");
        assert_eq!(reason(Kind::Text(" \n".into())), "TEXT_EMPTY");
        assert_eq!(check(None).unwrap_err().reason(), "CONTENT_UNKNOWN");
        let unknown = Content { kind: None };
        assert_eq!(
            check(Some(&unknown)).unwrap_err().reason(),
            "CONTENT_UNKNOWN"
        );
    }

    #[test]
    fn every_kind_has_its_bounds() {
        let image = Image {
            object: "o/1".into(),
            width: 640,
            height: 480,
            bytes: 99_000,
            thumbnail: vec![0; 4096].into(),
        };
        assert_eq!(reason(Kind::Image(image.clone())), "");
        let (width, thumbnail) = (0, vec![0; 16 * 1024 + 1].into());
        let flat = Image {
            width,
            ..image.clone()
        };
        assert_eq!(reason(Kind::Image(flat)), "PICTURE_INVALID");
        let heavy = Image {
            thumbnail,
            ..image.clone()
        };
        assert_eq!(reason(Kind::Image(heavy)), "PICTURE_INVALID");
        let object = "o".repeat(513);
        assert_eq!(
            reason(Kind::Image(Image { object, ..image })),
            "OBJECT_INVALID"
        );

        let voice = Voice {
            object: "o/2".into(),
            duration_ms: 3_000,
            bytes: 9_000,
        };
        assert_eq!(reason(Kind::Voice(voice.clone())), "");
        let duration_ms = 0;
        assert_eq!(
            reason(Kind::Voice(Voice {
                duration_ms,
                ..voice
            })),
            "DURATION_INVALID"
        );
        let video = Video {
            object: "o/3".into(),
            duration_ms: 3_000,
            width: 16,
            height: 16,
            bytes: u32::MAX,
            thumbnail: Vec::new().into(),
        };
        assert_eq!(reason(Kind::Video(video)), "OBJECT_INVALID");
        let nickname = "Bob".into();
        assert_eq!(
            reason(Kind::Card(Card {
                uin: 10_001,
                nickname
            })),
            ""
        );
        assert_eq!(reason(Kind::Card(Card::default())), "CARD_INVALID");
        assert_eq!(
            reason(Kind::GroupEvent(GroupEvent::default())),
            "CONTENT_FORBIDDEN"
        );
    }
}
