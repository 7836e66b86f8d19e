//! Showing a callee who calls, right after connecting: our name, its proof that it has our key, and ours.

use crate::auth::CallerKey;
use crate::auth::proof::{Identifying, NONCE_BYTES};
use crate::connection::{FrameReader, Incoming, OutQueue};
use crate::frame::{Head, Header, HeaderError, Parts, decode_status, put_frame};
use crate::status::Status;
use crate::transport::Stream;
use bytes::{Bytes, BytesMut};
use std::fmt;
use std::future::poll_fn;
use std::io;
use tokio::io::AsyncWriteExt;

/// Payload of the longest frame that is looked at: a go-away with all that it may say.
const PAYLOAD_BYTES_MAX: usize = 8 * 1024;

/// Why a callee does not know who calls.
#[derive(Debug)]
pub(super) enum IdentifyError {
    /// The connection broke.
    Broken(io::Error),
    /// The callee closed it without a word.
    Closed,
    /// What it sends is no frame.
    Malformed(HeaderError),
    /// It sent us away.
    SentAway(Status),
    /// It does not have our key itself.
    WithoutKey,
}

/// Returns what was read behind the callee's answer.
pub(super) async fn identify(
    stream: &mut Stream,
    key: &CallerKey,
) -> Result<BytesMut, IdentifyError> {
    let mut nonce = [0; NONCE_BYTES];
    let random = getrandom::fill(&mut nonce);
    random.map_err(|e| IdentifyError::Broken(io::Error::other(e)))?;
    let identifying = Identifying::new(key, nonce);
    send(stream, Head::Identify, identifying.identify()).await?;
    let mut reader = FrameReader::new(BytesMut::new(), PAYLOAD_BYTES_MAX);
    let challenge = challenge(stream, &mut reader).await?;
    let proof = identifying.proof(&challenge);
    let proof = proof.ok_or(IdentifyError::WithoutKey)?;
    send(stream, Head::Proof, proof).await?;
    Ok(reader.into_buffer())
}

/// Waits for the callee to answer. What it says beside that is skipped: nothing was asked yet.
async fn challenge(stream: &mut Stream, reader: &mut FrameReader) -> Result<Bytes, IdentifyError> {
    loop {
        match reader.next().map_err(IdentifyError::Malformed)? {
            Some(Incoming::Frame(header, Ok(payload))) => match header.head {
                Head::Challenge => return Ok(payload.body),
                Head::GoAway(away) => {
                    let status = decode_status(away.code, true, &payload.body);
                    return Err(IdentifyError::SentAway(status));
                }
                _ => {}
            },
            Some(_) => {}
            None => match poll_fn(|cx| reader.poll_fill(stream, cx)).await {
                Ok(0) => return Err(IdentifyError::Closed),
                Ok(_) => {}
                Err(e) => return Err(IdentifyError::Broken(e)),
            },
        }
    }
}

async fn send(stream: &mut Stream, head: Head, body: Vec<u8>) -> Result<(), IdentifyError> {
    let mut out = OutQueue::default();
    let parts = Parts {
        body: &body.into(),
        ..Parts::default()
    };
    put_frame(&mut out, Header::new(0, head), parts, false);
    let written = async {
        stream.write_all(&out.buffer(0).clone()).await?;
        stream.flush().await
    };
    written.await.map_err(IdentifyError::Broken)
}

impl fmt::Display for IdentifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IdentifyError::Broken(e) => write!(f, "connection broken: {e}"),
            IdentifyError::Closed => f.write_str("connection closed"),
            IdentifyError::Malformed(e) => write!(f, "callee does not speak our protocol: {e}"),
            IdentifyError::SentAway(status) => {
                write!(
                    f,
                    "sent away: {}: {}",
                    status.code().name(),
                    status.message()
                )
            }
            IdentifyError::WithoutKey => f.write_str("callee does not have the key itself"),
        }
    }
}

impl std::error::Error for IdentifyError {}
