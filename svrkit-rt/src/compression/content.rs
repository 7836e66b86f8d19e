//! Zstandard as HTTP's content coding (RFC 9659): a frame, of which nobody need say how long its body was.

use std::io::{self, Read};
use zstd::stream::read::Decoder;

/// Windows up to 8 MiB, as senders of this coding have to keep to.
const WINDOW_LOG_MAX: u32 = 23;

/// The body in a frame; `None` if it is over `max` bytes. Memory is taken as they come out.
///
/// # Errors
/// The frame is damaged, or wants a larger window.
pub(crate) fn decode(frame: &[u8], max: usize) -> io::Result<Option<Vec<u8>>> {
    let mut decoder = Decoder::with_buffer(frame)?;
    decoder.window_log_max(WINDOW_LOG_MAX)?;
    let mut body = Vec::new();
    decoder.take(max as u64 + 1).read_to_end(&mut body)?;
    Ok((body.len() <= max).then_some(body))
}
