//! What is sent compressed.

use super::codec::Codec;

/// What bodies are compressed with on their way out: a server's answers, a channel's requests, and the messages of their streams. What comes
/// in compressed is taken, whatever this says.
///
/// Off by default. It is processor time for bytes: a gain between machines, where links are shared or paid for; a waste in one machine.
/// Where a body mixes secrets with text that somebody else chose, its length tells of the secrets (CRIME, BREACH): the IDL's
/// `never_compressed` keeps such methods out of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compression {
    /// In order of preference: the first that the peer takes, and this build has, is used. Default none, which is off.
    pub codecs: Vec<Codec>,
    /// Bytes of a body up to which it is sent as it is. Default 4 KiB: below, a packet more or less is all there is to gain.
    pub above_bytes: usize,
}

impl Compression {
    /// With `codec` alone, above the usual size.
    pub fn with(codec: Codec) -> Compression {
        Compression {
            codecs: vec![codec],
            ..Compression::default()
        }
    }
}

impl Default for Compression {
    fn default() -> Compression {
        Compression {
            codecs: Vec::new(),
            above_bytes: 4 * 1024,
        }
    }
}
