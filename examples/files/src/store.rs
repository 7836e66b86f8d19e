//! The service: files in memory, up to a bound.

use crate::files::v1::{
    Change, Files, GetReply, GetRequest, Have, Piece, PutReply, PutRequest, Verdict, WatchRequest,
};
use crate::{pieces, watching};
use bytes::Bytes;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use svrkit_rt::{Context, Draining, Receiver, Sender, Status};
use tokio::sync::broadcast;

/// Bytes of all files together.
pub(crate) const STORE_BYTES_MAX: usize = 256 * 1024 * 1024;
/// An attachment is a piece of the buffer it was read into. One this short is copied when it is kept, or it would keep the whole
/// buffer (64 KiB) with it; a longer one stays where it is.
const COPIED_BYTES_MAX: usize = 32 * 1024;
/// Changes that a watcher may be behind.
const CHANGES_MAX: usize = 64;

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

pub(crate) struct Store {
    files: Mutex<HashMap<String, File>>,
    changes: broadcast::Sender<Change>,
    draining: Draining,
}

#[derive(Clone)]
struct File {
    content: Bytes,
    media_type: Bytes,
}

impl Files for Store {
    async fn put(&self, ctx: &mut Context, request: PutRequest) -> Result<PutReply, Status> {
        let media_type = ctx.metadata.get("media-type");
        let media_type = media_type.map_or(Bytes::new(), |t| Bytes::copy_from_slice(t));
        let content = match std::mem::take(&mut ctx.attachment) {
            short if short.len() <= COPIED_BYTES_MAX => Bytes::copy_from_slice(&short),
            long => long,
        };
        let file = File {
            content,
            media_type,
        };
        Ok(self.keep(request.name, file)?)
    }

    async fn get(&self, ctx: &mut Context, request: GetRequest) -> Result<GetReply, Status> {
        let file = self.file(&request.name)?;
        let length = file.content.len() as u64;
        // Another handle to the same bytes; the connection writes them to the socket from where they are.
        ctx.reply_attachment = file.content;
        if !file.media_type.is_empty() {
            ctx.reply_metadata.insert("media-type", file.media_type)?;
        }
        Ok(GetReply { length })
    }

    async fn upload(
        &self,
        _ctx: &mut Context,
        requests: Receiver<Piece>,
    ) -> Result<PutReply, Status> {
        let (name, content) = pieces::gather(requests).await?;
        let media_type = Bytes::new();
        let file = File {
            content,
            media_type,
        };
        Ok(self.keep(name, file)?)
    }

    async fn download(
        &self,
        _ctx: &mut Context,
        request: GetRequest,
        mut answers: Sender<Piece>,
    ) -> Result<(), Status> {
        let content = self.file(&request.name)?.content;
        for piece in pieces::cut(&request.name, &content) {
            answers.send(piece).await?;
        }
        Ok(())
    }

    async fn watch(
        &self,
        _ctx: &mut Context,
        request: WatchRequest,
        answers: Sender<Change>,
    ) -> Result<(), Status> {
        let changes = self.changes.subscribe();
        watching::tell(changes, &request.prefix, answers, &self.draining).await
    }

    async fn compare(
        &self,
        _ctx: &mut Context,
        mut requests: Receiver<Have>,
        mut answers: Sender<Verdict>,
    ) -> Result<(), Status> {
        while let Some(Have { name, checksum }) = requests.next().await? {
            let file = self.file(&name);
            let same = file.is_ok_and(|file| crc32c::crc32c(&file.content) == checksum);
            answers.send(Verdict { name, same }).await?;
        }
        Ok(())
    }
}

impl Store {
    pub(crate) fn new(draining: Draining) -> Store {
        Store {
            files: Mutex::default(),
            changes: broadcast::Sender::new(CHANGES_MAX),
            draining,
        }
    }

    fn keep(&self, name: String, file: File) -> Result<PutReply, FilesError> {
        if name.is_empty() {
            return Err(FilesError::NoName);
        }
        let length = file.content.len();
        let mut files = self.files();
        let others = files.iter().filter(|(other, _)| **other != name);
        if others.map(|(_, f)| f.content.len()).sum::<usize>() + length > STORE_BYTES_MAX {
            return Err(FilesError::StoreFull);
        }
        files.insert(name.clone(), file);
        let length = length as u64;
        // It fails when nobody watches.
        let _ = self.changes.send(Change {
            name,
            length,
            missed: 0,
        });
        Ok(PutReply { length })
    }

    fn file(&self, name: &str) -> Result<File, FilesError> {
        let files = self.files();
        files.get(name).cloned().ok_or(FilesError::NoSuchFile)
    }

    fn files(&self) -> MutexGuard<'_, HashMap<String, File>> {
        self.files.lock().unwrap_or_else(|e| e.into_inner())
    }
}
