//! Compresses bodies on their way out, where that is wanted, allowed, and worth it.

use super::codec::Codec;
use super::codecs::Codecs;
use super::config::Compression;
use super::gains::Gains;
use super::packing::LEN_BYTES;
use crate::descriptor::MethodDescriptor;
use crate::monitor::rpc::SideCounts;
use bytes::Bytes;

/// A body that does not become shorter by an eighth is sent as it is: its reader's time is worth more.
const GAIN_DIVISOR: usize = 8;

/// What one sender compresses, and what it has learned of its methods.
#[derive(Debug)]
pub(crate) struct Packer {
    compression: Compression,
    gains: Gains,
}

/// A body, compressed, behind its length before.
#[derive(Clone, Debug)]
pub(crate) struct Packed {
    pub(crate) body: Bytes,
    pub(crate) codec: Codec,
}

impl Packed {
    /// What the codec made, for those who say how long it was in another way.
    #[cfg(feature = "http")]
    pub(crate) fn into_block(self) -> Bytes {
        self.body.slice(LEN_BYTES..)
    }
}

impl Packer {
    /// `None` when nothing is to be compressed.
    pub(crate) fn new(compression: &Compression) -> Option<Packer> {
        let codecs = &compression.codecs;
        codecs
            .iter()
            .any(|codec| codec.is_built_in())
            .then(|| Packer {
                compression: compression.clone(),
                gains: Gains::default(),
            })
    }

    /// A body of `method` for a peer who takes `takes`. `None` if it is to be sent as it is.
    pub(crate) fn pack(
        &self,
        takes: Codecs,
        method: &MethodDescriptor,
        body: &Bytes,
        counts: Option<&SideCounts>,
    ) -> Option<Packed> {
        if body.len() <= self.compression.above_bytes || takes.is_empty() || method.never_compressed
        {
            return None;
        }
        let taken = |codec: &&Codec| codec.is_built_in() && takes.contains(**codec);
        let codec = *self.compression.codecs.iter().find(taken)?;
        if !self.gains.may_gain(method.id) {
            return None;
        }
        let packed = compress(codec, body);
        self.gains.learn(method.id, packed.is_some());
        if let Some(counts) = counts {
            match &packed {
                Some(packed) => counts.compressed(body.len(), packed.body.len()),
                None => counts.compressed_in_vain(),
            }
        }
        packed
    }
}

fn compress(codec: Codec, body: &Bytes) -> Option<Packed> {
    let len = u32::try_from(body.len()).ok()?;
    let mut out = vec![0; LEN_BYTES + codec.room(body.len())];
    let (before, block) = out.split_at_mut(LEN_BYTES);
    before.copy_from_slice(&len.to_le_bytes());
    let block_len = codec.compress(body, block)?;
    if LEN_BYTES + block_len > body.len() - body.len() / GAIN_DIVISOR {
        return None;
    }
    out.truncate(LEN_BYTES + block_len);
    // Whoever counts what is unwritten counts bytes, not what they were compressed into.
    out.shrink_to_fit();
    Some(Packed {
        body: out.into(),
        codec,
    })
}

/// A message on its way out.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    /// As it is sent.
    pub(crate) body: Bytes,
    pub(crate) packed: Codecs,
    /// Bytes of it before.
    pub(crate) len: usize,
}

impl Outgoing {
    /// `packed` is the body compressed, if it is to be sent so.
    pub(crate) fn new(body: Bytes, packed: Option<Packed>) -> Outgoing {
        let len = body.len();
        match packed {
            None => Outgoing {
                body,
                packed: Codecs::NONE,
                len,
            },
            Some(packed) => Outgoing {
                body: packed.body,
                packed: Codecs::only(packed.codec),
                len,
            },
        }
    }
}
