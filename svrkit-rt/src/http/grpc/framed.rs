//! A message with the prefix that gRPC gives it.

use bytes::{Buf, Bytes};
use std::io::IoSlice;

/// A byte that says whether the message is compressed, and its length.
pub(super) const PREFIX_BYTES: usize = 5;
/// Bytes that HTTP/2 is given at once. It asks for more as the peer takes them, by which one sees that the peer does.
const PIECE_BYTES_MAX: usize = 64 * 1024;

/// A message on its way out, as one piece though it is not copied for that.
#[derive(Debug)]
pub(super) struct Framed {
    prefix: [u8; PREFIX_BYTES],
    /// Bytes of the prefix that are gone.
    gone: usize,
    message: Bytes,
}

impl Framed {
    /// `message` is below 4 GiB: answers are bounded by a limit far below.
    pub(super) fn new(message: Bytes) -> Framed {
        let mut prefix = [0; PREFIX_BYTES];
        prefix[1..].copy_from_slice(&(message.len() as u32).to_be_bytes());
        Framed {
            prefix,
            gone: 0,
            message,
        }
    }

    /// The next piece of it; nothing is left once [`Buf::has_remaining`] says so.
    pub(super) fn piece(&mut self) -> Framed {
        let of_message = self.message.len().min(PIECE_BYTES_MAX);
        let piece = Framed {
            prefix: self.prefix,
            gone: self.gone,
            message: self.message.split_to(of_message),
        };
        self.gone = PREFIX_BYTES;
        piece
    }

    fn prefix(&self) -> &[u8] {
        &self.prefix[self.gone..]
    }
}

impl Buf for Framed {
    fn remaining(&self) -> usize {
        self.prefix().len() + self.message.len()
    }

    fn chunk(&self) -> &[u8] {
        match self.prefix() {
            [] => &self.message,
            prefix => prefix,
        }
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let parts = [self.prefix(), &self.message];
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        let mut filled = 0;
        for (slice, part) in slices.iter_mut().zip(parts) {
            *slice = IoSlice::new(part);
            filled += 1;
        }
        filled
    }

    fn advance(&mut self, n: usize) {
        let of_prefix = n.min(self.prefix().len());
        self.gone += of_prefix;
        self.message.advance(n - of_prefix);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_the_whole() {
        for len in [
            0,
            1,
            PIECE_BYTES_MAX,
            PIECE_BYTES_MAX + 1,
            3 * PIECE_BYTES_MAX,
        ] {
            let message = Bytes::from(vec![7; len]);
            let mut framed = Framed::new(message.clone());
            let whole = Framed::new(message).copy_to_bytes(PREFIX_BYTES + len);
            let mut seen = Vec::new();
            while framed.has_remaining() {
                let mut piece = framed.piece();
                seen.extend(piece.copy_to_bytes(piece.remaining()));
            }
            assert_eq!(seen, whole);
        }
    }

    #[test]
    fn prefix_and_message_are_one_piece_wherever_it_is_cut() {
        let whole = b"\0\0\0\0\x03abc";
        for cut in 0..=whole.len() {
            let mut framed = Framed::new(Bytes::from_static(b"abc"));
            let mut seen = framed.copy_to_bytes(cut).to_vec();
            assert_eq!(framed.remaining(), whole.len() - cut);
            let mut slices = [IoSlice::new(&[]); 4];
            let filled = framed.chunks_vectored(&mut slices);
            seen.extend(slices[..filled].iter().flat_map(|s| s.to_vec()));
            assert_eq!(seen, whole, "cut at {cut}");
        }
    }
}
