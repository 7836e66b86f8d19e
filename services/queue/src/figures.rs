//! What is shown of queues.

use crate::commands::Command;
use crate::queues::Queues;
use crate::state::Figures;
use std::sync::Weak;
use std::time::Duration;
use svrkit_rt::monitor;
use tokio::sync::oneshot;
use tokio::time::sleep;

svrkit_rt::monitor! {
    /// Tasks that wait for a worker, by queue.
    static WAITING: Gauge = "im_queue_waiting_tasks" in "tasks";
    /// Tasks whose time is to come, by queue.
    static DELAYED: Gauge = "im_queue_delayed_tasks" in "tasks";
    /// Tasks that failed for good, by queue.
    static DEAD: Gauge = "im_queue_dead_tasks" in "tasks";
    /// Age of the oldest task that is due, by queue.
    static OLDEST: Gauge = "im_queue_oldest_milliseconds" in "milliseconds";
}

/// How often it is looked: each reading of an agent finds something new, and a look is a message to each queue.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Shows all queues until they are gone.
pub(crate) async fn show(queues: Weak<Queues>) {
    loop {
        sleep(LOOK_EVERY).await;
        let Some(owners) = queues.upgrade().map(|queues| queues.all()) else {
            return;
        };
        for (queue, owner) in owners {
            let (answer, asked) = oneshot::channel();
            if owner.try_send(Command::Figures { answer }).is_err() {
                continue;
            }
            if let Ok(Ok(figures)) = asked.await {
                set(&queue, &figures);
            }
        }
    }
}

fn set(queue: &str, figures: &Figures) {
    let labels = [("queue", queue)];
    let level = |gauge: &monitor::Gauge, level: u64| {
        monitor::set(gauge.labelled(&labels), level.cast_signed());
    };
    level(&WAITING, figures.waiting as u64);
    level(&DELAYED, figures.delayed as u64);
    level(&DEAD, figures.dead as u64);
    level(&OLDEST, figures.oldest_ms);
}
