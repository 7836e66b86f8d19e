//! Where the cursor goes at the end of a window: the rule alone, without clock or counters.
//!
//! As in the paper, an overloaded window lowers the cursor by the histogram of what came, and any other raises it. What differs was found
//! by simulation (`examples/overload`):
//!
//! - What moves is a *limit* in requests a second, and the cursor goes where the histogram says that this limit is. Levels are coarse (at
//!   ten times the capacity one user level is 8 % of it); a limit takes steps of 1 % all the same.
//! - An overloaded window cuts below what was *served*, not below what was admitted: a spike is answered in one window.
//! - How far is decided by the queue that there is, where it can be seen, and not by how long those waited who have just begun: they came
//!   as long ago as that, and a cut for them would outlast the queue.
//! - What was served under overload is remembered, and let in again as soon as the queue is gone.
//! - The histogram is remembered over windows ([`Demand`]).
//! - Within a window the cursor bends with the queue, where that can be seen ([`Cursors`]): requests come at random, and what is refused
//!   while handlers are idle is lost, as is the time of whoever is let in behind a long queue.

use super::super::level::Level;
use super::config::DagorConfig;
use super::demand::{Demand, Learning};
use super::gate::{Cursors, STEPS};

/// Mean wait, as a part of the queue target, below which there is no queue to speak of.
const IDLE: f64 = 0.25;
/// Mean wait, as a part of the queue target, above which the load is where it should be, and nothing moves.
const FULL: f64 = 0.8;
/// Mean wait, as a multiple of the queue target, from which handlers have certainly never been idle, so that what was served is what can be.
const SATURATED: f64 = 4.0;
/// Part of what can be served that is let in as soon as the queue is gone.
const LET_IN: f64 = 0.96;
/// Part of the limit that an overloaded window takes away at least.
const LOWERED: f64 = 0.01;
/// Part of the limit that is admitted beyond it while nobody waits, and held back from it behind a long queue. With more, single calls
/// fare better still, but tasks of four calls lose what they gain: the levels in between are admitted now and then, which is by chance.
const BEND: f64 = 0.1;
/// How many times the limit may be what the cursor admits. Beyond, it would grow without being tried.
const UNTRIED_MAX: f64 = 2.0;
/// Weight of a window that served more than was thought possible, or that was saturated.
const BELIEVED: f64 = 1.0 / 2.0;
/// Weight of any other overloaded window in the memory of what can be served.
const DOUBTED: f64 = 1.0 / 16.0;

/// What a window has seen.
#[derive(Clone, Debug)]
pub(super) struct Window {
    pub(super) elapsed_s: f64,
    /// What came, refused or not.
    pub(super) seen: Demand,
    /// How many.
    pub(super) requests: u64,
    /// Requests a second whose handler began.
    pub(super) served: f64,
    /// Mean wait as a multiple of the queue target.
    pub(super) pressure: f64,
    /// Requests that waited for a handler at its end.
    pub(super) waiting: usize,
    /// Seconds that the queue target is; 0 if that is not known, since nobody has waited for longer yet.
    pub(super) target_s: f64,
}

#[derive(Debug)]
pub(super) struct Controller {
    config: DagorConfig,
    cursors: Cursors,
    /// Requests a second to admit; infinite while everything is.
    limit: f64,
    /// Requests a second that can be served, as far as overload has shown.
    capacity: Option<f64>,
    demand: Demand,
    /// Windows in a row without a queue.
    idle_windows: i32,
    /// Whether requests waited for a handler when the last window closed.
    queue_seen: bool,
    /// Whether the last requests that waited for too long waited for a handler. If not, the queue that can be seen says nothing.
    queue_shows: bool,
}

impl Controller {
    pub(super) fn new(config: DagorConfig) -> Controller {
        Controller {
            config,
            cursors: Cursors::OPEN,
            limit: f64::INFINITY,
            capacity: None,
            demand: Demand::default(),
            idle_windows: 0,
            queue_seen: false,
            queue_shows: false,
        }
    }

    /// Where the cursor stands in the next window.
    pub(super) fn close(&mut self, window: &Window) -> &Cursors {
        let highest = self.cursors.highest();
        let change = self.demand.change(&window.seen, highest, window.elapsed_s);
        let learning = Learning {
            change,
            half_life_windows: self.config.half_life_windows,
            is_idle: window.pressure < IDLE,
        };
        self.demand.learn(&window.seen, highest, learning);
        let expected = self.expected_pressure(window);
        let enough = window.requests >= self.config.window_requests_min as u64;
        if enough && window.pressure > 1.0 {
            self.queue_shows = expected.is_some();
            self.lower(window, expected);
        } else if self.limit.is_finite() {
            self.raise(window, self.demand.admitted(highest));
        }
        self.place(window);
        &self.cursors
    }

    /// How long whoever comes next will wait, as a multiple of the queue target. `None` if that is not known, or requests wait for
    /// something else than a handler.
    fn expected_pressure(&mut self, window: &Window) -> Option<f64> {
        let is_seen = window.waiting > 0;
        let was_seen = std::mem::replace(&mut self.queue_seen, is_seen);
        let target = window.served * window.target_s;
        let is_known = window.target_s > 0.0 && (is_seen || was_seen);
        is_known.then(|| window.waiting as f64 / target.max(1.0))
    }

    fn lower(&mut self, window: &Window, expected: Option<f64>) {
        self.idle_windows = 0;
        let before = self.capacity.unwrap_or(window.served);
        let is_believed = window.served > before || window.pressure > SATURATED;
        let weight = if is_believed { BELIEVED } else { DOUBTED };
        let capacity = before + weight * (window.served - before);
        self.capacity = Some(capacity);
        let cut = |pressure: f64| (self.config.cut * pressure).min(self.config.cut_max);
        self.limit = match expected {
            // Not below what keeps the handlers busy: a queue that is nearly gone needs no cut.
            Some(pressure) => capacity * (1.0 - cut(pressure)),
            None => (self.limit * (1.0 - LOWERED)).min(capacity * (1.0 - cut(window.pressure))),
        };
    }

    fn raise(&mut self, window: &Window, admitted: f64) {
        if let Some(capacity) = &mut self.capacity
            && window.served > *capacity
        {
            *capacity += BELIEVED * (window.served - *capacity);
        }
        if window.pressure > FULL {
            return;
        }
        let known = self.capacity.unwrap_or(0.0) * LET_IN;
        if window.pressure > IDLE {
            self.idle_windows = 0;
            self.limit *= 1.0 + self.config.raise;
        } else {
            let share = self.config.raise * 2.0_f64.powi(self.idle_windows);
            self.idle_windows += 1;
            self.limit = (self.limit * (1.0 + share.min(1.0))).max(known);
        }
        // Never below one: a limit of nothing could not grow.
        self.limit = self.limit.min(known.max(admitted * UNTRIED_MAX)).max(1.0);
    }

    /// Moves the cursor to where the remembered demand reaches the limit.
    fn place(&mut self, window: &Window) {
        if self.demand.cursor_at(self.limit) == Level::OPEN {
            self.limit = f64::INFINITY;
        }
        let bend = if self.queue_shows { BEND } else { 0.0 };
        let share = |step| 1.0 + bend * (1.0 - 2.0 * step as f64 / STEPS as f64);
        self.cursors = Cursors {
            levels: std::array::from_fn(|step| self.demand.cursor_at(self.limit * share(step))),
            target_requests: window.served * window.target_s,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::level::USER_LEVELS;
    use super::*;

    /// Requests a second at each user level.
    const RATE: f64 = 10.0;
    const ALL: f64 = RATE * USER_LEVELS as f64;

    /// A second in which the levels up to `cursor` came and, if callers do not keep them back, the others, too.
    fn window(cursor: Level, served: f64, pressure: f64, load: f64) -> Window {
        let mut seen = Demand::default();
        for user in 0..USER_LEVELS {
            let level = Level::at(8, user);
            if level <= cursor {
                seen.add(level, RATE * load);
            }
        }
        Window {
            elapsed_s: 1.0,
            requests: seen.admitted(Level::OPEN) as u64,
            seen,
            served,
            pressure,
            waiting: 0,
            target_s: 0.02,
        }
    }

    /// A controller after a second of overload in which half of what came was served.
    fn overloaded() -> Controller {
        let mut controller = Controller::new(DagorConfig::default());
        controller.close(&window(Level::OPEN, ALL / 2.0, 2.0, 1.0));
        controller
    }

    /// Where the cursor stands behind a queue that does not bend it.
    fn limit_level(controller: &Controller) -> Level {
        controller.cursors.levels[STEPS / 2]
    }

    fn admitted_users(controller: &Controller) -> usize {
        limit_level(controller).user() + 1
    }

    #[test]
    fn calm_windows_leave_the_gate_open() {
        let mut controller = Controller::new(DagorConfig::default());
        for _ in 0..10 {
            let calm = window(Level::OPEN, ALL, 0.9, 1.0);
            assert_eq!(controller.close(&calm).highest(), Level::OPEN);
        }
    }

    #[test]
    fn overload_cuts_a_little_below_what_was_served() {
        assert_eq!(admitted_users(&overloaded()), 61, "96 % of 64 levels");
    }

    #[test]
    fn the_longer_the_wait_the_deeper_the_cut_up_to_a_bound() {
        let after = |pressure| {
            let mut controller = Controller::new(DagorConfig::default());
            controller.close(&window(Level::OPEN, ALL / 2.0, pressure, 1.0));
            admitted_users(&controller)
        };
        assert!(after(1.1) > after(5.0) && after(5.0) > after(10.0));
        assert_eq!(after(15.0), 45, "70 % of 64 levels");
        assert_eq!(after(60.0), 45);
    }

    #[test]
    fn few_requests_are_no_load() {
        let mut controller = Controller::new(DagorConfig::default());
        let mut few = window(Level::OPEN, 10.0, 20.0, 1.0);
        few.requests = 31;
        assert_eq!(controller.close(&few).highest(), Level::OPEN);
    }

    #[test]
    fn near_the_target_nothing_moves_and_below_it_the_cursor_rises() {
        let mut controller = overloaded();
        let before = admitted_users(&controller);
        controller.close(&window(limit_level(&controller), ALL / 2.0, 0.9, 1.0));
        assert_eq!(admitted_users(&controller), before);
        for _ in 0..10 {
            controller.close(&window(limit_level(&controller), ALL / 2.0, 0.5, 1.0));
        }
        let risen = admitted_users(&controller);
        assert!((before + 5..before + 10).contains(&risen), "{risen}");
    }

    /// Callers keep back what they know would be refused, so these windows show nothing beyond the cursor.
    #[test]
    fn a_calm_window_does_not_open_the_gate_over_levels_that_are_kept_back() {
        let mut controller = overloaded();
        for _ in 0..30 {
            controller.close(&window(limit_level(&controller), ALL / 2.0, 0.9, 1.0));
        }
        let before = admitted_users(&controller);
        controller.close(&window(limit_level(&controller), ALL / 2.0, 0.5, 1.0));
        assert!(admitted_users(&controller) <= before + 1);
    }

    #[test]
    fn after_a_spike_everything_is_let_in_at_once() {
        let mut controller = overloaded();
        let calm = window(limit_level(&controller), ALL / 10.0, 0.0, 0.2);
        assert_eq!(controller.close(&calm).highest(), Level::OPEN);
    }

    #[test]
    fn a_cut_that_was_too_deep_is_made_good_in_a_few_windows() {
        let mut controller = Controller::new(DagorConfig::default());
        // Handlers stood still: almost nothing was served.
        controller.close(&window(Level::OPEN, ALL / 50.0, 60.0, 1.0));
        assert!(admitted_users(&controller) < 5);
        let recovered = (1..).find(|_| {
            let served = controller.demand.admitted(limit_level(&controller));
            let calm = window(limit_level(&controller), served, 0.0, 1.0);
            controller.close(&calm).highest() == Level::OPEN
        });
        assert!(recovered <= Some(12), "{recovered:?} windows");
    }

    #[test]
    fn the_cut_is_as_deep_as_the_queue_that_there_is() {
        let users = |waiting| {
            let mut controller = Controller::new(DagorConfig::default());
            // Those who began had waited for ten times the target.
            let mut overloaded = window(Level::OPEN, ALL / 2.0, 10.0, 1.0);
            overloaded.waiting = waiting;
            controller.close(&overloaded);
            // The queue was seen: that nobody waits now means that it is gone.
            overloaded.waiting = waiting.saturating_sub(1);
            controller.close(&overloaded);
            admitted_users(&controller)
        };
        let target = (ALL / 2.0 * 0.02) as usize;
        assert_eq!(users(1), 64, "all of the 64 levels that can be served");
        assert_eq!(users(5 * target), 58, "a tenth less");
        assert_eq!(users(100 * target), 45, "three tenths less");
        assert_eq!(
            users(0),
            51,
            "as long as the wait was, if nobody can be seen"
        );
    }

    #[test]
    fn the_queue_bends_the_cursor_around_the_limit_where_it_can_be_seen() {
        let bounds = |waiting| {
            let mut controller = Controller::new(DagorConfig::default());
            let mut overloaded = window(Level::OPEN, ALL / 2.0, 10.0, 1.0);
            overloaded.waiting = waiting;
            let levels = controller.close(&overloaded).levels;
            (levels[0].user() + 1, levels[STEPS].user() + 1)
        };
        assert_eq!(bounds(1), (70, 58), "64 levels and a tenth of them");
        let (most, least) = bounds(0);
        assert_eq!(most, least, "they wait for something else");
    }

    /// Two waits of one request, for a handler and for a thread, may be too long together though neither is.
    #[test]
    fn without_a_target_the_cut_is_as_deep_as_the_wait_was_long() {
        let mut controller = Controller::new(DagorConfig::default());
        let mut overloaded = window(Level::OPEN, ALL / 2.0, 1.2, 1.0);
        (overloaded.waiting, overloaded.target_s) = (50, 0.0);
        controller.close(&overloaded);
        let admitted = admitted_users(&controller);
        assert!((61..=64).contains(&admitted), "{admitted} of 64");
    }

    #[test]
    fn business_level_0_is_always_admitted() {
        let mut controller = Controller::new(DagorConfig::default());
        let mut flood = window(Level::OPEN, 0.0, 60.0, 1.0);
        (0..USER_LEVELS).for_each(|user| flood.seen.add(Level::at(0, user), RATE));
        for _ in 0..5 {
            let cursors = controller.close(&flood);
            let is_right = |cursor| (Level::EXEMPT..Level::at(8, 0)).contains(cursor);
            assert!(cursors.levels.iter().all(is_right), "{cursors:?}");
        }
    }
}
