//! Content codings: bodies of requests that come in one, and answers that are sent in one.

use super::answer::Failure;
use super::exchange::text;
use crate::compression::{Codec, Codecs};
use crate::descriptor::MethodDescriptor;
use crate::server::ServerState;
use crate::status::Status;
use bytes::Bytes;
use hyper::HeaderMap;
use hyper::header::{ACCEPT_ENCODING, CONTENT_ENCODING};

/// What a server that cannot read a body says it can read.
const TAKEN: &str = match Codec::Zstd.is_built_in() {
    true => "zstd, identity",
    false => "identity",
};

/// What the body of a request is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Identity,
    #[cfg(feature = "zstd")]
    Zstd,
}

impl Encoding {
    /// What the headers say.
    ///
    /// # Errors
    /// It is in something else.
    pub(super) fn of(headers: &HeaderMap) -> Result<Encoding, Failure> {
        match text(headers, CONTENT_ENCODING.as_str()) {
            None | Some("" | "identity") => Ok(Encoding::Identity),
            #[cfg(feature = "zstd")]
            Some("zstd") => Ok(Encoding::Zstd),
            Some(other) => {
                let message =
                    format!("content-encoding {other:?} is not taken; these are: {TAKEN}");
                let failure = Failure::from(Status::unimplemented(message));
                Err(failure.header(ACCEPT_ENCODING, TAKEN))
            }
        }
    }

    /// The body as it was, of at most `max` bytes.
    ///
    /// # Errors
    /// It is longer, or damaged.
    #[cfg_attr(not(feature = "zstd"), expect(unused_variables))]
    pub(super) fn decode(self, body: Bytes, max: usize) -> Result<Bytes, Status> {
        match self {
            Encoding::Identity => Ok(body),
            #[cfg(feature = "zstd")]
            Encoding::Zstd => match crate::compression::decode_content(&body, max) {
                Ok(Some(body)) => Ok(body.into()),
                Ok(None) => Err(super::body::ReadError::TooLarge(max).status()),
                Err(e) => Err(Status::invalid_argument(format!(
                    "content-encoding is zstd, and the body is not: {e}"
                ))),
            },
        }
    }
}

/// The body of an answer in Zstandard, if its caller takes that, and the server compresses such answers with it.
pub(super) fn encoded<S>(
    server: &ServerState<S>,
    method: &MethodDescriptor,
    headers: &HeaderMap,
    body: &Bytes,
) -> Option<Bytes> {
    let packer = server.packer()?;
    if !takes_zstd(headers) {
        return None;
    }
    let counts = server.counts(method.id);
    let packed = packer.pack(Codecs::only(Codec::Zstd), method, body, counts)?;
    Some(packed.into_block())
}

/// Whether a caller says that it takes Zstandard.
fn takes_zstd(headers: &HeaderMap) -> bool {
    let lists = headers.get_all(ACCEPT_ENCODING).iter();
    let codings = lists.flat_map(|list| list.to_str().unwrap_or_default().split(','));
    codings.into_iter().any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        // A weight of nothing is a refusal, with as many zeros as one likes.
        let is_refused = weight
            .trim()
            .strip_prefix("q=")
            .is_some_and(|q| q.parse() == Ok(0.0_f32));
        name.trim().eq_ignore_ascii_case(Codec::Zstd.name()) && !is_refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    #[test]
    fn who_takes_zstandard() {
        for (list, takes) in [
            ("zstd", true),
            ("gzip, br;q=0.5, ZSTD ; q=0.1", true),
            ("gzip", false),
            ("zstd;q=0", false),
            ("zstd;q=0.000, gzip", false),
            ("zstdx", false),
            ("*", false),
        ] {
            let mut headers = HeaderMap::new();
            assert!(!takes_zstd(&headers));
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(list));
            assert_eq!(takes_zstd(&headers), takes, "{list}");
        }
    }
}
