//! A call as it is recorded: what is needed to make it again.

use super::format::{KIND_CALL, KIND_METHOD, u16_at, u32_at, u64_at};
use crate::context::Priority;
use crate::metadata::Metadata;
use bytes::Bytes;
use std::time::Duration;

/// Bytes of a call's block before its metadata.
const CALL_FIXED_BYTES: usize = 36;
/// Bytes of a method's block before its name.
const METHOD_FIXED_BYTES: usize = 8;
const FLAG_IDEMPOTENT: u8 = 1;

/// A method of which calls are in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedMethod {
    /// What calls of this file name it by.
    pub number: u16,
    /// Method id on the wire.
    pub id: u32,
    /// `"hello.v1.Greeter/SayHello"`.
    pub full_name: String,
    /// Whether calling twice does no harm, as the IDL said.
    pub idempotent: bool,
}

/// A call of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedCall {
    /// The method, by its number in this file.
    pub method: u16,
    /// When it was about to be served, since recording began.
    pub at: Duration,
    /// Time it had left then, at least a microsecond.
    pub timeout: Duration,
    /// Who was served first.
    pub priority: Priority,
    /// Which partition or user it was about; 0 for none.
    pub routing_key: u64,
    /// Key-values that came with it, without those named like secrets.
    pub metadata: Metadata,
    /// The encoded request message, without what the IDL marks as secret or does not know.
    pub body: Bytes,
    /// Bytes that came beside it.
    pub attachment: Bytes,
}

/// A call on its way to the file.
#[derive(Debug)]
pub(super) struct TakenCall {
    /// The method's number in the file.
    pub(super) method: u16,
    pub(super) at: Duration,
    pub(super) timeout: Duration,
    pub(super) priority: Priority,
    pub(super) routing_key: u64,
    /// Encoded, without secrets.
    pub(super) metadata: Vec<u8>,
    /// As it came: secrets are taken out where it is written.
    pub(super) body: Bytes,
    pub(super) attachment: Bytes,
}

impl TakenCall {
    /// Bytes that it holds.
    pub(super) fn bytes(&self) -> usize {
        size_of::<TakenCall>() + self.metadata.len() + self.body.len() + self.attachment.len()
    }

    /// Writes the block of this call over `out`, with `body` instead of its own.
    pub(super) fn encode(&self, body: &[u8], out: &mut Vec<u8>) {
        out.clear();
        out.extend([KIND_CALL, self.priority.business, self.priority.user, 0]);
        out.extend(self.method.to_le_bytes());
        out.extend([0; 2]);
        out.extend((self.at.as_micros() as u64).to_le_bytes());
        out.extend(self.routing_key.to_le_bytes());
        let timeout_us = self.timeout.as_micros().clamp(1, u32::MAX.into());
        out.extend((timeout_us as u32).to_le_bytes());
        out.extend((self.metadata.len() as u32).to_le_bytes());
        out.extend((self.attachment.len() as u32).to_le_bytes());
        out.extend_from_slice(&self.metadata);
        out.extend_from_slice(body);
        out.extend_from_slice(&self.attachment);
    }
}

impl RecordedCall {
    /// Reads a call's block; what is wrong with it, else.
    pub(super) fn decode(mut block: Bytes) -> Result<RecordedCall, &'static str> {
        if block.len() < CALL_FIXED_BYTES {
            return Err("a call is too short");
        }
        let fixed = block.split_to(CALL_FIXED_BYTES);
        let metadata_len = u32_at(&fixed, 28) as usize;
        let attachment_len = u32_at(&fixed, 32) as usize;
        let Some(body_end) = block.len().checked_sub(attachment_len) else {
            return Err("the attachment of a call is longer than its block");
        };
        let attachment = block.split_off(body_end);
        if metadata_len > block.len() {
            return Err("the metadata of a call are longer than its block");
        }
        let metadata = Metadata::decode(block.split_to(metadata_len));
        Ok(RecordedCall {
            method: u16_at(&fixed, 4),
            at: Duration::from_micros(u64_at(&fixed, 8)),
            timeout: Duration::from_micros(u32_at(&fixed, 24).max(1).into()),
            priority: Priority {
                business: fixed[1],
                user: fixed[2],
            },
            routing_key: u64_at(&fixed, 16),
            metadata: metadata.map_err(|_| "the metadata of a call are malformed")?,
            body: block,
            attachment,
        })
    }
}

impl RecordedMethod {
    pub(super) fn encode(&self) -> Vec<u8> {
        let flags = if self.idempotent { FLAG_IDEMPOTENT } else { 0 };
        let mut out = vec![KIND_METHOD, flags];
        out.extend(self.number.to_le_bytes());
        out.extend(self.id.to_le_bytes());
        out.extend_from_slice(self.full_name.as_bytes());
        out
    }

    /// Reads a method's block; what is wrong with it, else.
    pub(super) fn decode(block: &[u8]) -> Result<RecordedMethod, &'static str> {
        let Some((fixed, name)) = block.split_at_checked(METHOD_FIXED_BYTES) else {
            return Err("a method is too short");
        };
        let name = std::str::from_utf8(name).ok();
        let name = name.filter(|name| name.split_once('/').is_some());
        Ok(RecordedMethod {
            number: u16_at(fixed, 2),
            id: u32_at(fixed, 4),
            full_name: name.ok_or("a method has no name")?.to_owned(),
            idempotent: fixed[1] & FLAG_IDEMPOTENT != 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_and_what_is_cut_is_told() {
        let mut metadata = Metadata::new();
        metadata.insert("a", "b").unwrap();
        let mut encoded = Vec::new();
        metadata.encode(&mut encoded);
        let taken = TakenCall {
            method: 3,
            at: Duration::from_micros(u64::MAX / 2),
            timeout: Duration::ZERO,
            priority: Priority {
                business: 1,
                user: 2,
            },
            routing_key: u64::MAX,
            metadata: encoded,
            body: Bytes::from_static(b"secret"),
            attachment: Bytes::from_static(b"attached"),
        };
        let mut block = Vec::new();
        taken.encode(b"plain", &mut block);
        let read = RecordedCall::decode(block.clone().into()).unwrap();
        assert_eq!(read.metadata, metadata);
        assert_eq!(
            (&read.body[..], &read.attachment[..]),
            (&b"plain"[..], &b"attached"[..])
        );
        assert_eq!(
            (read.at, read.timeout),
            (taken.at, Duration::from_micros(1))
        );
        assert_eq!((read.method, read.routing_key), (3, u64::MAX));
        assert_eq!(read.priority, taken.priority);
        for cut in 0..CALL_FIXED_BYTES + taken.metadata.len() + taken.attachment.len() {
            assert!(RecordedCall::decode(Bytes::copy_from_slice(&block[..cut])).is_err());
        }

        let method = RecordedMethod {
            number: 7,
            id: 9,
            full_name: "a.B/C".to_owned(),
            idempotent: true,
        };
        assert_eq!(RecordedMethod::decode(&method.encode()), Ok(method));
        for bad in [
            &[1, 0, 0][..],
            &[1; 12],
            &[1, 0, 0, 0, 0, 0, 0, 0, 0xff, b'/'],
        ] {
            assert!(RecordedMethod::decode(bad).is_err());
        }
    }
}
