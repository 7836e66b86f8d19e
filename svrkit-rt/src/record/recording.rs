//! A recording that is under way, or was, and why it is over.

use super::plan::Plan;
use super::start_error::StartError;
use super::tap::{Counts, Sink, Tap};
use crate::clock;
use crate::descriptor::MethodDescriptor;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use tokio::sync::watch;

/// How a recording does, or did.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// Name of its file.
    pub file: String,
    /// The methods recorded.
    pub methods: Vec<&'static str>,
    /// Of how many calls, 0 to 1.
    pub share: f64,
    /// When it began, in microseconds since 1970.
    pub started_us: u64,
    /// Calls on file.
    pub recorded: u64,
    /// Calls for which there was no room, in the queue or in the file.
    pub dropped: u64,
    /// Calls that are not on file because their bodies were not what the IDL says.
    pub unreadable: u64,
    /// Bytes of the file.
    pub file_bytes: u64,
    /// Why it is over; `None` while it is not.
    pub ended: Option<Ended>,
}

/// Why a recording is over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// Somebody stopped it.
    Stopped,
    /// Its time was over.
    Time,
    /// Its file was full.
    FileBytes,
    /// Its file cannot be written, for this reason.
    Failed(String),
}

/// The recording itself: what its thread, its servers and whoever looks at it share.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) file: String,
    methods: Vec<&'static str>,
    share: f64,
    pub(super) started_us: u64,
    pub(super) counts: Arc<Counts>,
    taps: Vec<Tap>,
    ended: watch::Sender<Option<Ended>>,
}

impl Run {
    pub(super) fn new(plan: &Plan, methods: &[&'static MethodDescriptor], taps: Vec<Tap>) -> Run {
        Run {
            file: plan.file.clone(),
            methods: methods.iter().map(|method| method.full_name).collect(),
            share: plan.share,
            started_us: clock::now_us(),
            counts: Arc::default(),
            taps,
            ended: watch::Sender::new(None),
        }
    }

    /// Lets requests in.
    ///
    /// # Errors
    /// One of the servers is being recorded already, by somebody else.
    pub(super) fn open(&self, sink: Sink) -> Result<(), StartError> {
        let sink = Arc::new(sink);
        for (n, tap) in self.taps.iter().enumerate() {
            if !tap.open(sink.clone()) {
                self.taps[..n].iter().for_each(Tap::close);
                return Err(StartError::Busy(String::new()));
            }
        }
        Ok(())
    }

    /// Once this returns, no request comes any more.
    pub(super) fn close(&self) {
        self.taps.iter().for_each(Tap::close);
    }

    /// Its file is whole, or given up.
    pub(super) fn end(&self, why: Ended) {
        self.ended.send_replace(Some(why));
    }

    pub(super) fn is_over(&self) -> bool {
        self.ended.borrow().is_some()
    }

    /// Waits until it is over.
    pub(super) async fn over(&self) {
        // The sender is ours, so it is not gone.
        let _ = self.ended.subscribe().wait_for(Option::is_some).await;
    }

    pub(super) fn look(&self) -> Recording {
        let counts = &self.counts;
        Recording {
            // First: what is over does not count on.
            ended: self.ended.borrow().clone(),
            file: self.file.clone(),
            methods: self.methods.clone(),
            share: self.share,
            started_us: self.started_us,
            recorded: counts.recorded.load(Relaxed),
            dropped: counts.dropped.load(Relaxed),
            unreadable: counts.unreadable.load(Relaxed),
            file_bytes: counts.file_bytes.load(Relaxed),
        }
    }
}

impl Ended {
    /// As it stands in the file; `None` for what cannot stand there.
    pub(super) fn number(&self) -> Option<u8> {
        match self {
            Ended::Stopped => Some(0),
            Ended::Time => Some(1),
            Ended::FileBytes => Some(2),
            Ended::Failed(_) => None,
        }
    }

    pub(super) fn of_number(number: u8) -> Option<Ended> {
        match number {
            0 => Some(Ended::Stopped),
            1 => Some(Ended::Time),
            2 => Some(Ended::FileBytes),
            _ => None,
        }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ended::Stopped => f.write_str("stopped"),
            Ended::Time => f.write_str("its time was over"),
            Ended::FileBytes => f.write_str("its file was full"),
            Ended::Failed(why) => write!(f, "its file cannot be written: {why}"),
        }
    }
}
