//! Bodies that travel compressed: with which codecs, above which size, and back again.
//!
//! Nothing is agreed on beforehand. A request says what its answer may be compressed with, an answer says the same of the requests
//! that follow on its connection, and each body says what it is in ([`Codecs`] in the header). What is sent compressed is for
//! [`Compression`] to say, on each side for itself; what is taken, for the crate's features `lz4` and `zstd`.
//!
//! Both ways the work is done by the task of the call, outside of all locks: [`Packer`] on the way out, [`Packing`] on the way in, which
//! knows the length of what it will get before it takes memory for it.

#[cfg(not(all(feature = "lz4", feature = "zstd")))]
mod absent;
mod codec;
mod codecs;
mod config;
#[cfg(all(feature = "http", feature = "zstd"))]
mod content;
#[cfg(all(test, feature = "lz4", feature = "zstd"))]
mod figures;
mod gains;
#[cfg(feature = "lz4")]
mod lz4;
mod packer;
mod packing;
#[cfg(feature = "zstd")]
mod zstd;

pub use codec::Codec;
pub use codecs::Codecs;
pub use config::Compression;
#[cfg(all(feature = "http", feature = "zstd"))]
pub(crate) use content::decode as decode_content;
pub(crate) use packer::{Outgoing, Packed, Packer};
pub(crate) use packing::{Arrived, Packing};
