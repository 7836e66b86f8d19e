//! Files in pieces: cut, and put together again.

use crate::files::v1::Piece;
use crate::store::{FilesError, STORE_BYTES_MAX};
use bytes::{Bytes, BytesMut};
use svrkit_rt::{Receiver, Status};

/// Bytes of a piece: a few fit a window, so that the next one is there when one is taken.
const PIECE_BYTES: usize = 64 * 1024;

/// The pieces of a file, the first one with its name; each shares the file's memory.
pub(crate) fn cut(name: &str, content: &Bytes) -> impl Iterator<Item = Piece> {
    let starts = (0..content.len().max(1)).step_by(PIECE_BYTES);
    starts.map(move |start| Piece {
        name: if start == 0 {
            name.to_owned()
        } else {
            String::new()
        },
        content: content.slice(start..content.len().min(start + PIECE_BYTES)),
    })
}

/// The name and the bytes of a file that comes in pieces.
pub(crate) async fn gather(mut pieces: Receiver<Piece>) -> Result<(String, Bytes), Status> {
    let first = pieces.next().await?.ok_or(FilesError::NoName)?;
    let mut content = BytesMut::from(first.content);
    while let Some(piece) = pieces.next().await? {
        if content.len() + piece.content.len() > STORE_BYTES_MAX {
            return Err(FilesError::StoreFull.into());
        }
        content.extend_from_slice(&piece.content);
    }
    Ok((first.name, content.freeze()))
}
