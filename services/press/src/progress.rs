//! A line a second on standard error.

use crate::load::Load;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::{Instant, interval};

/// Tells people how it goes.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    is_quiet: bool,
    /// Names of processes that were killed since the last line.
    killed: Rc<RefCell<Vec<String>>>,
}

impl Progress {
    pub(crate) fn new(is_quiet: bool) -> Progress {
        Progress {
            is_quiet,
            killed: Rc::default(),
        }
    }

    /// Where kills are noted.
    pub(crate) fn killed(&self) -> Rc<RefCell<Vec<String>>> {
        self.killed.clone()
    }

    pub(crate) fn say(&self, line: &str) {
        if !self.is_quiet {
            eprintln!("{line}");
        }
    }

    /// Tells of a load each second, until it is dropped.
    pub(crate) async fn watch(self, load: Rc<Load>) {
        let begun = Instant::now();
        let mut seconds = interval(Duration::from_secs(1));
        seconds.tick().await;
        let mut last = totals(&load);
        loop {
            seconds.tick().await;
            let now = totals(&load);
            let mut line = format!(
                "{:4} s  {:6} sends/s  {:7} deliveries/s  {:5} under way  {}/{} online",
                begun.elapsed().as_secs(),
                now.0 - last.0,
                now.1 - last.1,
                load.unanswered(),
                load.online(),
                load.members.len()
            );
            let killed = self.killed.take();
            if !killed.is_empty() {
                line.push_str(&format!("  killed {}", killed.join(", ")));
            }
            self.say(&line);
            last = now;
        }
    }
}

fn totals(load: &Load) -> (u64, u64) {
    let figures = load.figures.borrow();
    (figures.sends, figures.deliveries)
}
