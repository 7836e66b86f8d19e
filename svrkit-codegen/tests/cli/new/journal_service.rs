//! `streams.v1.Journal`, method by method.

use svrkit_rt::{Context, Receiver, Sender, Status};

use crate::config::Config;
use crate::idl::streams::v1::{AppendReply, FollowRequest, Journal, JournalServer, Line};

/// Serves `streams.v1.Journal`. Methods share it: what changes while it runs goes behind a lock or into a task.
#[derive(Debug)]
pub struct JournalService {}

impl JournalService {
    /// A service as configured.
    pub fn new(_config: &Config) -> JournalService {
        JournalService {}
    }
}

/// Ready to be put on a [`Server`](svrkit_rt::Server).
pub fn server(config: &Config) -> JournalServer<JournalService> {
    JournalServer::new(JournalService::new(config))
}

// `async fn` for a method that waits for others: it costs no thread. Plain `fn` (without `async`, and nothing else changed) for one
// that blocks, on files, a database or long computing: it runs on the server's threads for that, so that nobody else waits for it.
#[svrkit::service]
impl Journal for JournalService {
    /// Adds lines until there are no more.
    async fn append(
        &self,
        _ctx: &mut Context,
        _requests: Receiver<Line>,
    ) -> Result<AppendReply, Status> {
        Err(Status::unimplemented(
            "streams.v1.Journal/Append is not written yet",
        ))
    }

    /// Follows a journal from its first line.
    async fn follow(
        &self,
        _ctx: &mut Context,
        _request: FollowRequest,
        _answers: Sender<Line>,
    ) -> Result<(), Status> {
        Err(Status::unimplemented(
            "streams.v1.Journal/Follow is not written yet",
        ))
    }

    /// Says lines and hears those of others.
    async fn talk(
        &self,
        _ctx: &mut Context,
        _requests: Receiver<Line>,
        _answers: Sender<Line>,
    ) -> Result<(), Status> {
        Err(Status::unimplemented(
            "streams.v1.Journal/Talk is not written yet",
        ))
    }

    /// One of the other kind among them.
    async fn count(
        &self,
        _ctx: &mut Context,
        _request: FollowRequest,
    ) -> Result<AppendReply, Status> {
        Err(Status::unimplemented(
            "streams.v1.Journal/Count is not written yet",
        ))
    }
}
