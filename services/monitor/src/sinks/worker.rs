//! One sink's own task: takes notices from its queue, one after the other, and tries each until it is told or given up.

use super::error::SinkError;
use super::figures::Figures;
use super::sink::Sink;
use crate::alarms::Notice;
use im_serve::process::causes;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

/// Milliseconds of the first pause between tries; each is twice as long as the one before.
const PAUSE_MS: u64 = 1_000;
/// Milliseconds of the longest pause.
const PAUSE_MS_MAX: u64 = 60_000;
/// Seconds that a notice is tried. What fires still is told again after the repeat interval.
pub const TRY_S_MAX: u64 = 600;

/// Works until the queue ends.
pub(super) async fn work(
    sink: Sink,
    mut queue: mpsc::Receiver<Arc<Notice>>,
    figures: Arc<Figures>,
) {
    while let Some(notice) = queue.recv().await {
        match try_to_tell(&sink, &notice, &figures).await {
            Ok(()) => figures.delivered(),
            Err(error) => figures.given_up(&notice.title(), &causes(&error)),
        }
    }
}

async fn try_to_tell(sink: &Sink, notice: &Notice, figures: &Figures) -> Result<(), SinkError> {
    let until = Instant::now() + Duration::from_secs(TRY_S_MAX);
    let mut pause_ms = PAUSE_MS;
    loop {
        let error = match sink.tell(notice).await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        let asked_ms = error.retry_after_s().map_or(0, |s| s.saturating_mul(1_000));
        // By chance a little less, so that what failed together does not come back together.
        let wait_ms = pause_ms - fastrand::u64(..pause_ms / 4);
        let wait = Duration::from_millis(wait_ms.max(asked_ms).min(PAUSE_MS_MAX));
        if error.is_final() || Instant::now() + wait > until {
            return Err(error);
        }
        figures.failed(&error);
        sleep(wait).await;
        pause_ms = (pause_ms * 2).min(PAUSE_MS_MAX);
    }
}
