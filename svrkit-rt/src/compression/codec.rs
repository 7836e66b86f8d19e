//! The ways in which a body can be compressed.

#[cfg(not(feature = "lz4"))]
use super::absent as lz4;
#[cfg(not(feature = "zstd"))]
use super::absent as zstd;
#[cfg(feature = "lz4")]
use super::lz4;
#[cfg(feature = "zstd")]
use super::zstd;

/// A way to compress a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// LZ4 (block format): the quicker one. Needs the crate's feature `lz4`.
    Lz4,
    /// Zstandard at level 1: the smaller one. Needs the crate's feature `zstd`.
    Zstd,
}

impl Codec {
    /// All there are.
    pub const ALL: [Codec; 2] = [Codec::Lz4, Codec::Zstd];

    /// Its name in configurations and messages.
    pub fn name(self) -> &'static str {
        match self {
            Codec::Lz4 => "lz4",
            Codec::Zstd => "zstd",
        }
    }

    /// The codec of that name.
    pub fn from_name(name: &str) -> Option<Codec> {
        Codec::ALL.into_iter().find(|codec| codec.name() == name)
    }

    /// Whether this build has it. One that it does not have is not offered to peers, and nothing is sent in it.
    pub const fn is_built_in(self) -> bool {
        match self {
            Codec::Lz4 => cfg!(feature = "lz4"),
            Codec::Zstd => cfg!(feature = "zstd"),
        }
    }

    /// Bytes that compressing a body of so many works in.
    pub(super) fn room(self, len: usize) -> usize {
        match self {
            Codec::Lz4 => lz4::room(len),
            Codec::Zstd => zstd::room(len),
        }
    }

    /// Compresses into the beginning of `out`. Returns how much it is; `None` if it does not fit.
    pub(super) fn compress(self, body: &[u8], out: &mut [u8]) -> Option<usize> {
        match self {
            Codec::Lz4 => lz4::compress(body, out),
            Codec::Zstd => zstd::compress(body, out),
        }
    }

    /// Decompresses into the beginning of `out`. Returns how much it is; `None` if it does not fit, or the block is none.
    pub(super) fn decompress(self, block: &[u8], out: &mut [u8]) -> Option<usize> {
        match self {
            Codec::Lz4 => lz4::decompress(block, out),
            Codec::Zstd => zstd::decompress(block, out),
        }
    }
}
