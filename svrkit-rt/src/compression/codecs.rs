//! A set of codecs, as headers have them.

use super::codec::Codec;

/// Any of the codecs, in two bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Codecs(u8);

const LZ4: u8 = 1;
const ZSTD: u8 = 1 << 1;

impl Codecs {
    /// No codec.
    pub const NONE: Codecs = Codecs(0);
    /// What this build has.
    pub const BUILT_IN: Codecs = Codecs(
        if Codec::Lz4.is_built_in() { LZ4 } else { 0 }
            | if Codec::Zstd.is_built_in() { ZSTD } else { 0 },
    );

    /// One codec.
    pub const fn only(codec: Codec) -> Codecs {
        Codecs(match codec {
            Codec::Lz4 => LZ4,
            Codec::Zstd => ZSTD,
        })
    }

    /// Whether there is none.
    #[inline]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether a codec is among them.
    pub const fn contains(self, codec: Codec) -> bool {
        self.0 & Codecs::only(codec).0 != 0
    }

    /// The codec, if it is one.
    pub fn single(self) -> Option<Codec> {
        Codec::ALL
            .into_iter()
            .find(|codec| self == Codecs::only(*codec))
    }

    /// From two bits of a header; others are left out.
    #[inline]
    pub(crate) const fn from_bits(bits: u16) -> Codecs {
        Codecs((bits & 0b11) as u8)
    }

    #[inline]
    pub(crate) const fn bits(self) -> u16 {
        self.0 as u16
    }
}

impl From<Option<Codec>> for Codecs {
    fn from(codec: Option<Codec>) -> Codecs {
        codec.map_or(Codecs::NONE, Codecs::only)
    }
}
