//! Hands notices to sinks. Each has a task and a bounded queue of its own: who is slow, or away, holds up nobody else.

use super::current::{Current, report};
use super::figures::{Figures, SinkFigures};
use super::mailer::Mailer;
use super::settings::{SinkKind, SinkPlan};
use super::sink::Sink;
use super::worker::work;
use crate::alarms::{Notice, Severity};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// Notices that wait for one sink. A sink that is this far behind is away.
pub const QUEUE_MAX: usize = 64;

/// All sinks. Dropping it ends them, with what was on its way.
#[derive(Debug, Default)]
pub struct Dispatcher {
    running: Vec<Running>,
    page: String,
}

#[derive(Debug)]
struct Running {
    plan: SinkPlan,
    feed: Feed,
    figures: Arc<Figures>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
enum Feed {
    Notices(mpsc::Sender<Arc<Notice>>),
    Current(watch::Sender<Arc<Current>>),
}

impl Dispatcher {
    /// Goes on with these sinks; `page` is where people look. Those that stay as they were keep what waits for them.
    pub fn set(&mut self, plans: &[SinkPlan], page: &str) {
        let mut before = std::mem::take(&mut self.running);
        let same_page = self.page == page;
        self.page = page.to_owned();
        for plan in plans {
            let kept = before.iter().position(|r| r.plan == *plan && same_page);
            self.running.push(match kept {
                Some(place) => before.swap_remove(place),
                None => Running::start(plan, page),
            });
        }
    }

    /// Gives a notice to all that want it. Never waits.
    pub fn tell(&self, notice: &Notice) {
        for running in &self.running {
            if let (Feed::Notices(queue), Some(notice)) =
                (&running.feed, notice.at_least(running.plan.least))
            {
                let title = notice.title();
                if queue.try_send(Arc::new(notice)).is_err() {
                    running.figures.given_up(&title, "too many wait already");
                }
            }
        }
    }

    /// Says what fires and what was over lately.
    pub fn current(&self, current: &Current) {
        for running in &self.running {
            if let Feed::Current(feed) = &running.feed {
                let current = current.at_least(running.plan.least);
                feed.send_if_modified(|before| {
                    let changed = **before != current;
                    if changed {
                        *before = Arc::new(current);
                    }
                    changed
                });
            }
        }
    }

    /// How the sinks do.
    pub fn figures(&self) -> Vec<SinkFigures> {
        self.running.iter().map(|r| r.figures.read()).collect()
    }
}

impl Running {
    fn start(plan: &SinkPlan, page: &str) -> Running {
        let figures = Arc::new(Figures::of(&plan.name));
        let (page, counts) = (page.to_owned(), figures.clone());
        let notices = |sink| {
            let (queue, waiting) = mpsc::channel(QUEUE_MAX);
            (
                Feed::Notices(queue),
                tokio::spawn(work(sink, waiting, counts.clone())),
            )
        };
        let (feed, task) = match plan.kind.clone() {
            SinkKind::Log => notices(Sink::Log),
            SinkKind::Webhook(http) => {
                let name = plan.name.clone();
                notices(Sink::Webhook {
                    name,
                    plan: http,
                    page,
                })
            }
            SinkKind::Mail { smtp, to } => {
                let mailer = Mailer::new(smtp);
                notices(Sink::Mail { mailer, to, page })
            }
            SinkKind::Alertmanager(http) => {
                let (feed, current) = watch::channel(Arc::default());
                let task = tokio::spawn(report(http, page, current, counts));
                (Feed::Current(feed), task)
            }
        };
        Running {
            plan: plan.clone(),
            feed,
            figures,
            task,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Current {
    fn at_least(&self, least: Severity) -> Current {
        let mut current = self.clone();
        current.firing.retain(|alarm| alarm.severity >= least);
        current.over.retain(|ended| ended.severity >= least);
        current
    }
}
