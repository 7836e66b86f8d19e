//! What others have of the keeper: a look at the alarms, and silences.

use super::error::KeeperError;
use crate::alarms::{Silence, SilenceRequest, View};
use crate::sinks::SinkFigures;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};

/// Requests that wait for the keeper.
const REQUESTS_MAX: usize = 64;

/// What there is to see.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    /// The alarms.
    pub alarms: View,
    /// How those do who tell people.
    pub sinks: Vec<SinkFigures>,
}

/// Asks the keeper. A cheap clone.
#[derive(Clone, Debug)]
pub struct AlarmsHandle {
    requests: mpsc::Sender<Request>,
    shown: watch::Receiver<Arc<Shown>>,
}

type Answer<T> = oneshot::Sender<Result<T, KeeperError>>;

#[derive(Debug)]
pub(super) enum Request {
    Silence(SilenceRequest, Answer<Silence>),
    Unsilence(String, Answer<bool>),
}

/// Both ends.
pub(super) fn handle() -> (
    mpsc::Receiver<Request>,
    watch::Sender<Arc<Shown>>,
    AlarmsHandle,
) {
    let (requests, asked) = mpsc::channel(REQUESTS_MAX);
    let (show, shown) = watch::channel(Arc::default());
    (asked, show, AlarmsHandle { requests, shown })
}

impl AlarmsHandle {
    /// What there is to see now.
    pub fn shown(&self) -> Arc<Shown> {
        self.shown.borrow().clone()
    }

    /// What there is to see, each time it changes.
    pub fn watch(&self) -> watch::Receiver<Arc<Shown>> {
        self.shown.clone()
    }

    /// Silences alarms for a while. It is on disk when this returns.
    ///
    /// # Errors
    /// The request makes no sense, or it could not be written down.
    pub async fn silence(&self, request: SilenceRequest) -> Result<Silence, KeeperError> {
        self.ask(|answer| Request::Silence(request, answer)).await
    }

    /// Ends a silence; `false` when there is none of this name.
    ///
    /// # Errors
    /// It could not be written down.
    pub async fn unsilence(&self, id: &str) -> Result<bool, KeeperError> {
        let id = id.to_owned();
        self.ask(|answer| Request::Unsilence(id, answer)).await
    }

    async fn ask<T>(&self, request: impl FnOnce(Answer<T>) -> Request) -> Result<T, KeeperError> {
        let (answer, answered) = oneshot::channel();
        let sent = self.requests.send(request(answer)).await;
        sent.map_err(|_| KeeperError::Gone)?;
        answered.await.map_err(|_| KeeperError::Gone)?
    }
}
