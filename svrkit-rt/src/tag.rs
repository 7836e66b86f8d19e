//! The mark of a release that only some calls go to.

use crate::status::Status;
use std::fmt;
use std::num::NonZeroU64;

/// Longest tag in bytes.
pub const TAG_BYTES_MAX: usize = 8;

/// A mark on instances (of a release that is being tried, usually) and on the calls that should go to them: `gray`, `canary-7`.
///
/// A call with a tag goes to instances with the same one, and to those without any where there is none; a call without goes to
/// instances without. Calls made while serving it have the same tag.
///
/// One word in memory, since every call hands it down.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(NonZeroU64);

impl Tag {
    /// A tag of 1 to [`TAG_BYTES_MAX`] lower-case letters, digits, `-`, `_` and `.`.
    ///
    /// # Errors
    /// `InvalidArgument` for anything else.
    pub fn new(text: &str) -> Result<Tag, Status> {
        Tag::from_bytes(text.as_bytes()).ok_or_else(|| {
            Status::invalid_argument(format!(
                "tag {text:?} is not 1 to {TAG_BYTES_MAX} of a-z 0-9 - _ ."
            ))
        })
    }

    /// The same of what a peer sent.
    pub(crate) fn from_bytes(text: &[u8]) -> Option<Tag> {
        let allowed = |b: &u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.');
        if text.len() > TAG_BYTES_MAX || !text.iter().all(allowed) {
            return None;
        }
        let mut bytes = [0; TAG_BYTES_MAX];
        bytes[..text.len()].copy_from_slice(text);
        NonZeroU64::new(u64::from_be_bytes(bytes)).map(Tag)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.0.get().to_be_bytes();
        let text = bytes.iter().take_while(|b| **b != 0);
        text.map(|b| char::from(*b))
            .try_for_each(|c| fmt::Write::write_char(f, c))
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tag({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_short_and_plain() {
        assert_eq!(Tag::new("canary-7").unwrap().to_string(), "canary-7");
        assert_eq!(Tag::new("a").unwrap().to_string(), "a");
        for wrong in ["", "Gray", "a b", "a\0", "nine-long"] {
            assert!(Tag::new(wrong).is_err(), "{wrong:?}");
        }
        assert!(Tag::from_bytes(b"\xff").is_none());
    }
}
