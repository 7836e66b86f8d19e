//! What a link may still take its time with, in seconds of the wheel.

use crate::config::Config;
use crate::wheel::seconds;

/// Seconds that a link which is to end gets for what is being served.
const CLOSING_S: u32 = 3;

/// What took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    FirstFrame,
    Authentication,
    /// The rest of a frame.
    Frame,
    /// Taking what was written.
    Write,
    /// Ending.
    Closing,
    /// Any sign of life.
    Idle,
}

/// When a link did what last.
#[derive(Debug)]
pub(super) struct Timing {
    opened_s: u32,
    heard_s: u32,
    /// When the wheel will wake it.
    armed_s: u32,
    /// Since when a frame is incomplete; [`NEVER`] when none is.
    owes_s: u32,
    /// Bytes that came since.
    owed_bytes: u32,
    /// Since when nothing is taken of what was written.
    stalled_s: u32,
    closing_s: u32,
    seen_frame: bool,
    authenticated: bool,
}

/// No second: the wheel would have to turn for 136 years.
const NEVER: u32 = u32::MAX;

impl Timing {
    pub(super) fn new(now_s: u32) -> Timing {
        Timing {
            opened_s: now_s,
            heard_s: now_s,
            armed_s: NEVER,
            owes_s: NEVER,
            owed_bytes: 0,
            stalled_s: NEVER,
            closing_s: NEVER,
            seen_frame: false,
            authenticated: false,
        }
    }

    /// A whole frame came.
    pub(super) fn frame(&mut self, now_s: u32) {
        self.seen_frame = true;
        self.heard_s = now_s;
        self.owes_s = NEVER;
    }

    pub(super) fn received(&mut self, bytes: usize) {
        self.owed_bytes = self.owed_bytes.saturating_add(bytes as u32);
    }

    /// Whether a frame is incomplete.
    pub(super) fn owes(&mut self, since: Option<u32>) {
        match since {
            None => self.owes_s = NEVER,
            Some(now_s) if self.owes_s == NEVER => {
                self.owes_s = now_s;
                self.owed_bytes = 0;
            }
            Some(_) => {}
        }
    }

    /// Whether something waits to be taken, and whether some was taken just now.
    pub(super) fn stalled(&mut self, since: Option<u32>, progress: bool) {
        match since {
            None => self.stalled_s = NEVER,
            Some(now_s) if progress || self.stalled_s == NEVER => self.stalled_s = now_s,
            Some(_) => {}
        }
    }

    pub(super) fn authenticated(&mut self) {
        self.authenticated = true;
    }

    pub(super) fn closing(&mut self, now_s: u32) {
        self.closing_s = now_s;
    }

    /// Whether a link that is to end waited long enough for what is being served.
    pub(super) fn is_out_of_time(&self, now_s: u32) -> bool {
        self.closing_s != NEVER && now_s >= self.closing_s.saturating_add(CLOSING_S)
    }

    /// What it is late for.
    pub(super) fn overdue(&mut self, now_s: u32, config: &Config) -> Option<Overdue> {
        if now_s < self.armed_s {
            return None;
        }
        if self.owes_s != NEVER && self.owed_bytes >= config.progress_bytes_min {
            self.owes_s = now_s;
            self.owed_bytes = 0;
        }
        let (at_s, what) = self.due(config);
        (at_s <= now_s).then_some(what)
    }

    /// Has it woken when it will be late for something, unless it will be woken before. `wake` says when it really will be.
    pub(super) fn arm(&mut self, now_s: u32, config: &Config, wake: impl FnOnce(u32) -> u32) {
        let (at_s, _) = self.due(config);
        if self.armed_s <= now_s || self.armed_s > at_s {
            self.armed_s = wake(at_s);
        }
    }

    /// What it will be late for first.
    fn due(&self, config: &Config) -> (u32, Overdue) {
        let after = |since: u32, ms: u64| since.saturating_add(seconds(ms));
        let mut first = (after(self.heard_s, config.idle_timeout_ms), Overdue::Idle);
        let mut consider = |at_s: u32, what: Overdue| {
            if at_s < first.0 {
                first = (at_s, what);
            }
        };
        if !self.seen_frame {
            let ms = config.first_frame_timeout_ms;
            consider(after(self.opened_s, ms), Overdue::FirstFrame);
        }
        if !self.authenticated {
            let ms = config.unauthenticated_timeout_ms;
            consider(after(self.opened_s, ms), Overdue::Authentication);
        }
        if self.owes_s != NEVER {
            consider(
                after(self.owes_s, config.progress_timeout_ms),
                Overdue::Frame,
            );
        }
        if self.stalled_s != NEVER {
            let ms = config.write_stall_timeout_ms;
            consider(after(self.stalled_s, ms), Overdue::Write);
        }
        if self.closing_s != NEVER {
            consider(self.closing_s.saturating_add(CLOSING_S), Overdue::Closing);
        }
        first
    }
}
