//! The service: files in memory, up to a bound.

use crate::files::v1::{Files, GetReply, GetRequest, PutReply, PutRequest};
use bytes::Bytes;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use svrkit_rt::{Context, Status};

/// Bytes of all files together.
const STORE_BYTES_MAX: usize = 256 * 1024 * 1024;
/// An attachment is a piece of the buffer it was read into. One this short is copied when it is kept, or it would keep the whole
/// buffer (64 KiB) with it; a longer one stays where it is.
const COPIED_BYTES_MAX: usize = 32 * 1024;

/// What can be wrong with a call, for programs: travels as domain and reason of the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, svrkit::ErrorCode)]
#[error_code(domain = "files")]
pub(crate) enum FilesError {
    #[error_code(code = NotFound, message = "no such file")]
    NoSuchFile,
    #[error_code(code = InvalidArgument, message = "a file needs a name")]
    NoName,
    #[error_code(code = ResourceExhausted, message = "the store is full")]
    StoreFull,
}

#[derive(Default)]
pub(crate) struct Store {
    files: Mutex<HashMap<String, File>>,
}

struct File {
    content: Bytes,
    media_type: Bytes,
}

impl Files for Store {
    async fn put(&self, ctx: &mut Context, request: PutRequest) -> Result<PutReply, Status> {
        if request.name.is_empty() {
            return Err(FilesError::NoName.into());
        }
        let media_type = ctx.metadata.get("media-type");
        let media_type = media_type.map_or(Bytes::new(), |t| Bytes::copy_from_slice(t));
        let content = match std::mem::take(&mut ctx.attachment) {
            short if short.len() <= COPIED_BYTES_MAX => Bytes::copy_from_slice(&short),
            long => long,
        };
        let length = content.len();
        let mut files = self.files();
        let others = files.iter().filter(|(name, _)| **name != request.name);
        if others.map(|(_, f)| f.content.len()).sum::<usize>() + length > STORE_BYTES_MAX {
            return Err(FilesError::StoreFull.into());
        }
        files.insert(
            request.name,
            File {
                content,
                media_type,
            },
        );
        Ok(PutReply {
            length: length as u64,
        })
    }

    async fn get(&self, ctx: &mut Context, request: GetRequest) -> Result<GetReply, Status> {
        let files = self.files();
        let file = files.get(&request.name).ok_or(FilesError::NoSuchFile)?;
        // Another handle to the same bytes; the connection writes them to the socket from where they are.
        ctx.reply_attachment = file.content.clone();
        if !file.media_type.is_empty() {
            let media_type = file.media_type.clone();
            ctx.reply_metadata.insert("media-type", media_type)?;
        }
        Ok(GetReply {
            length: file.content.len() as u64,
        })
    }
}

impl Store {
    fn files(&self) -> MutexGuard<'_, HashMap<String, File>> {
        self.files.lock().unwrap_or_else(|e| e.into_inner())
    }
}
