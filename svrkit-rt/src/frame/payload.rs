//! The payload behind a header: extension (trace context, metadata), body, attachment.

use super::header::{HEADER_BYTES, Header};
use crate::connection::OutQueue;
use crate::metadata::Metadata;
use crate::status::Status;
use crate::trace::{TRACE_BYTES, TraceContext};
use bytes::{Buf, Bytes};

static NO_BYTES: Bytes = Bytes::new();

/// What goes behind a header. Borrowed: whoever sends a request keeps it, to send it again if it must.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    pub(crate) trace: Option<TraceContext>,
    pub(crate) metadata: Option<&'a Metadata>,
    pub(crate) body: &'a Bytes,
    pub(crate) attachment: &'a Bytes,
}

impl Default for Parts<'_> {
    fn default() -> Self {
        Parts {
            trace: None,
            metadata: None,
            body: &NO_BYTES,
            attachment: &NO_BYTES,
        }
    }
}

/// What came behind a header, cut but not looked into.
#[derive(Debug, Default)]
pub(crate) struct Payload {
    /// Copied out at once: most extensions are nothing else, and sharing the buffer for them would cost more.
    trace: Option<[u8; TRACE_BYTES]>,
    /// The rest of the extension.
    pub(crate) extension: Bytes,
    pub(crate) body: Bytes,
    pub(crate) attachment: Bytes,
}

/// Appends a frame to `out`; sets the lengths of `header`, and its checksum if asked to.
pub(crate) fn put_frame(out: &mut OutQueue, mut header: Header, parts: Parts<'_>, checksum: bool) {
    let metadata_len = parts.metadata.map_or(0, Metadata::encoded_len);
    let extension_len = metadata_len
        + if parts.trace.is_some() {
            TRACE_BYTES
        } else {
            0
        };
    header.has_trace = parts.trace.is_some();
    header.extension_len = extension_len as u32;
    header.attachment_len = parts.attachment.len() as u32;
    header.payload_len = (extension_len + parts.body.len() + parts.attachment.len()) as u32;

    let mut bytes = header.encode();
    if checksum {
        // Only a frame with a checksum pays for gathering its extension twice.
        let mut extension = Vec::with_capacity(extension_len);
        put_extension(&mut extension, &parts);
        header.checksum = Some(0);
        let mut sum = Header::checksum_of(&header.encode());
        for part in [&extension[..], parts.body, parts.attachment] {
            sum = crc32c::crc32c_append(sum, part);
        }
        header.checksum = Some(sum);
        bytes = header.encode();
    }
    out.put(&bytes);
    if extension_len > 0 {
        put_extension(out.buffer(extension_len), &parts);
    }
    out.put_bytes(parts.body);
    out.put_bytes(parts.attachment);
}

fn put_extension(out: &mut Vec<u8>, parts: &Parts<'_>) {
    if let Some(trace) = parts.trace {
        out.extend_from_slice(&trace.to_wire());
    }
    if let Some(metadata) = parts.metadata {
        metadata.encode(out);
    }
}

#[inline(never)]
fn check(sum: u32, raw: &[u8; HEADER_BYTES], payload: &[u8]) -> Result<(), Status> {
    let found = crc32c::crc32c_append(Header::checksum_of(raw), payload);
    if found == sum {
        return Ok(());
    }
    Err(Status::new(
        crate::Code::DataLoss,
        format!("frame checksum is {found:#010x}, its header says {sum:#010x}"),
    ))
}

impl Payload {
    /// Cuts `bytes` (exactly `header.payload_len` of them) and checks the checksum if there is one.
    ///
    /// # Errors
    /// `DataLoss` when the checksum is wrong.
    #[inline]
    pub(crate) fn cut(
        header: &Header,
        raw: &[u8; HEADER_BYTES],
        bytes: Bytes,
    ) -> Result<Payload, Status> {
        if let Some(sum) = header.checksum {
            check(sum, raw, &bytes)?;
        }
        Ok(match header.extension_len + header.attachment_len {
            0 => Payload {
                body: bytes,
                ..Payload::default()
            },
            _ => Payload::cut_apart(header, bytes),
        })
    }

    #[inline(never)]
    fn cut_apart(header: &Header, mut bytes: Bytes) -> Payload {
        let mut payload = Payload::default();
        let mut extension_len = header.extension_len as usize;
        if header.has_trace && extension_len >= TRACE_BYTES {
            payload.trace = bytes.first_chunk().copied();
            bytes.advance(TRACE_BYTES);
            extension_len -= TRACE_BYTES;
        }
        if extension_len > 0 {
            payload.extension = bytes.split_to(extension_len);
        }
        if header.attachment_len > 0 {
            payload.attachment = bytes.split_off(header.body_len() as usize);
        }
        payload.body = bytes;
        payload
    }

    /// Looks into the extension.
    ///
    /// # Errors
    /// `InvalidArgument` when it is malformed.
    pub(crate) fn extension(
        &mut self,
        header: &Header,
    ) -> Result<(Option<TraceContext>, Metadata), Status> {
        if header.has_trace && self.trace.is_none() {
            return Err(Status::invalid_argument(
                "extension is too short for its trace context",
            ));
        }
        let trace = self.trace.as_ref().and_then(TraceContext::from_wire);
        let metadata = match self.extension.is_empty() {
            true => Metadata::new(),
            false => Metadata::decode(std::mem::take(&mut self.extension))?,
        };
        Ok((trace, metadata))
    }
}
