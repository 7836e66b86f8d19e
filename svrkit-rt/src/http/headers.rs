//! Metadata as headers. Keys are the same; `-bin` values are base64.

use crate::metadata::Metadata;
use crate::status::Status;
use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose::STANDARD_NO_PAD};
use bytes::Bytes;
use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};

/// Reads base64 with and without padding.
pub(super) const LENIENT: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, any_padding());

pub(super) const fn any_padding() -> GeneralPurposeConfig {
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent)
}

/// Headers that belong to HTTP, to the Connect protocol or gRPC, or to who is asking, and so are no metadata of a call.
fn is_reserved(name: &str) -> bool {
    let prefixes = [
        "accept", "connect-", "content-", "grpc-", "proxy-", "svrkit-",
    ];
    let names = [
        "authorization",
        "connection",
        "cookie",
        "date",
        "expect",
        "host",
        "keep-alive",
        "set-cookie",
        "te",
        "traceparent",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
    ];
    names.contains(&name) || prefixes.iter().any(|p| name.starts_with(p))
}

/// The metadata of a request. Names that metadata cannot have are left out.
///
/// # Errors
/// `InvalidArgument` when a `-bin` value is not base64, `ResourceExhausted` when there is more than `bytes_max`.
pub(super) fn to_metadata(headers: &HeaderMap, bytes_max: usize) -> Result<Metadata, Status> {
    let mut metadata = Metadata::new();
    for (name, value) in headers {
        let name = name.as_str();
        if is_reserved(name) {
            continue;
        }
        // Fails for a name with other characters only: a head is shorter than the longest value.
        if !name.ends_with("-bin") {
            let _ = metadata.insert(name.to_owned(), Bytes::copy_from_slice(value.as_bytes()));
            continue;
        }
        // Several values of one name may have been joined on their way.
        for value in value.as_bytes().split(|b| *b == b',') {
            let value = LENIENT.decode(value.trim_ascii()).map_err(|e| {
                Status::invalid_argument(format!("header {name} is no base64: {e}"))
            })?;
            let _ = metadata.insert(name.to_owned(), value);
        }
    }
    let len = metadata.encoded_len();
    if len > bytes_max {
        let message = format!("metadata_bytes_max: metadata is {len} bytes, over {bytes_max}");
        return Err(Status::resource_exhausted(message));
    }
    Ok(metadata)
}

/// Adds the metadata of an answer. What a header cannot carry is left out, and logged.
pub(super) fn put_metadata(metadata: &Metadata, headers: &mut HeaderMap) {
    for (key, value) in metadata.iter() {
        let encoded = match key.ends_with("-bin") {
            true => HeaderValue::try_from(STANDARD_NO_PAD.encode(value)),
            false => HeaderValue::from_maybe_shared(value.clone()),
        };
        match (HeaderName::try_from(key), encoded) {
            (Ok(name), Ok(value)) if !is_reserved(key) => {
                headers.append(name, value);
            }
            _ => tracing::warn!(key, "metadata of an answer cannot be sent as a header"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_survives_headers() {
        let mut metadata = Metadata::new();
        metadata.insert("client-version", "7.0").unwrap();
        metadata.insert("blob-bin", vec![0, 255]).unwrap();
        metadata.insert("content-length", "9").unwrap();
        metadata.insert("text", vec![0]).unwrap();
        let mut headers = HeaderMap::new();
        put_metadata(&metadata, &mut headers);
        assert_eq!(headers["blob-bin"], "AP8");
        assert_eq!(headers.len(), 2);
        headers.insert("authorization", HeaderValue::from_static("Bearer x"));
        headers.insert("padded-bin", HeaderValue::from_static("AP8=,AA"));
        headers.insert("grpc-timeout", HeaderValue::from_static("1S"));
        let back = to_metadata(&headers, 100).unwrap();
        assert_eq!(back.get_str("client-version"), Some("7.0"));
        assert_eq!(back.get("blob-bin").unwrap()[..], [0, 255]);
        assert_eq!(back.get("padded-bin").unwrap()[..], [0, 255]);
        assert_eq!(back.len(), 4);
        headers.insert("bad-bin", HeaderValue::from_static("!"));
        assert!(to_metadata(&headers, 100).is_err());
    }
}
