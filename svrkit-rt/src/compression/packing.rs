//! A body that came compressed: what its first bytes and its header say, and what it was before.

use super::codec::Codec;
use super::codecs::Codecs;
use crate::status::{Code, Status};
use bytes::Bytes;

/// Bytes before a block, which say how long the body was.
pub(super) const LEN_BYTES: usize = 4;

/// What a compressed body is in, and how long it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Packing {
    codec: Codec,
    len: u32,
}

impl Packing {
    /// Of a body that came with a header which says `packed`; `None` if it is as it was.
    ///
    /// # Errors
    /// `InvalidArgument` when it is in something that was not offered, or is no shorter than what it was: then whoever counts what bodies
    /// hold could not go by what they were.
    #[inline]
    pub(crate) fn of(packed: Codecs, body: &Bytes) -> Result<Option<Packing>, Status> {
        match packed.is_empty() {
            true => Ok(None),
            false => Packing::read(packed, body).map(Some),
        }
    }

    #[inline(never)]
    fn read(packed: Codecs, body: &Bytes) -> Result<Packing, Status> {
        let Some(codec) = packed.single() else {
            let message = "a body is compressed with two codecs, and can be with one";
            return Err(Status::invalid_argument(message));
        };
        if !codec.is_built_in() {
            let message = format!(
                "a body is compressed with {}, not offered here",
                codec.name()
            );
            return Err(Status::invalid_argument(message));
        }
        let len = body.first_chunk().copied().map_or(0, u32::from_le_bytes);
        if len as usize <= body.len() {
            let message = format!(
                "a body in {} is {} bytes, and says that it was {len}",
                codec.name(),
                body.len()
            );
            return Err(Status::invalid_argument(message));
        }
        Ok(Packing { codec, len })
    }

    /// Bytes of the body as it was: more than it has now.
    pub(crate) fn len(self) -> usize {
        self.len as usize
    }

    /// The body as it was. Its length has been compared with the limits.
    ///
    /// # Errors
    /// `DataLoss` when it is damaged, or was not that long.
    pub(crate) fn unpack(self, body: &Bytes) -> Result<Bytes, Status> {
        let mut out = vec![0; self.len()];
        let block = &body[LEN_BYTES..];
        match self.codec.decompress(block, &mut out) {
            Some(len) if len == out.len() => Ok(out.into()),
            _ => Err(Status::new(
                Code::DataLoss,
                format!(
                    "a body of {} bytes in {} is damaged, or was not {} bytes",
                    body.len(),
                    self.codec.name(),
                    self.len
                ),
            )),
        }
    }
}

/// A body as it came, compressed or not.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    pub(crate) body: Bytes,
    pub(crate) packing: Option<Packing>,
}

impl Arrived {
    /// Bytes of it as it was.
    pub(crate) fn len(&self) -> usize {
        self.packing.map_or(self.body.len(), Packing::len)
    }

    /// The body as it was.
    ///
    /// # Errors
    /// As [`Packing::unpack`].
    pub(crate) fn unpack(self) -> Result<Bytes, Status> {
        match self.packing {
            None => Ok(self.body),
            Some(packing) => packing.unpack(&self.body),
        }
    }
}

impl From<Bytes> for Arrived {
    fn from(body: Bytes) -> Arrived {
        Arrived {
            body,
            packing: None,
        }
    }
}
