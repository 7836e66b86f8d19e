//! The end of a load: everything is answered, and everything arrives.

use crate::load::Load;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Between two looks at whether something has come about.
pub(crate) const LOOK: Duration = Duration::from_millis(20);
/// Between two rounds of syncs.
const ROUND: Duration = Duration::from_millis(300);
/// Without any arrival for so long, what is missing is lost: longer than the first three delays of the queue's ladder together, so that what
/// comes late is not taken for what never comes.
const QUIET: Duration = Duration::from_secs(45);

/// Waits until every message is acknowledged or refused, or `end`. Returns how many are not.
pub(crate) async fn answered(load: &Load, end: Instant) -> usize {
    while load.unanswered() > 0 && Instant::now() < end {
        sleep(LOOK).await;
    }
    load.unanswered()
}

/// Waits until everything has arrived, or nothing comes any more, or `end`. Returns when the last message arrived.
pub(crate) async fn arrived(load: &Load, end: Instant) -> Instant {
    let deliveries = || load.figures.borrow().deliveries;
    let (mut last, mut before) = (Instant::now(), deliveries());
    let mut next_round = last + ROUND;
    while load.lost() > 0 && Instant::now() < end && last.elapsed() < QUIET {
        sleep(LOOK).await;
        if deliveries() != before {
            (last, before) = (Instant::now(), deliveries());
        }
        if Instant::now() >= next_round {
            load.sync_everybody();
            next_round = Instant::now() + ROUND;
        }
    }
    last
}

/// Lets everybody sync once more, to see whether anything comes twice.
pub(crate) async fn nothing_more(load: &Load, end: Instant) {
    sleep(ROUND).await;
    let round = load.sync_everybody();
    while !load.has_synced(round) && Instant::now() < end {
        sleep(LOOK).await;
    }
}
