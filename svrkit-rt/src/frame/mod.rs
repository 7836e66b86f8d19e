//! Frames: the header, the payload behind it, the description of a failure. No IO here. PROTOCOL.md describes every byte.

mod error_body;
mod header;
mod payload;

pub(crate) use error_body::{decode_status, encode_status};
pub use header::{
    Answer, Credit, GoAway, HEADER_BYTES, Head, Header, HeaderError, MAGIC, RequestHead, VERSION,
};
pub(crate) use payload::{Parts, Payload, put_frame};
