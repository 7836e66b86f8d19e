//! A store in memory, rules from text, and a book that looks at them.

use im_monitor::alarms::{Book, SETTLE_S, SilenceRequest, Tick, Transition, Watch};
use im_monitor::history::{MemoryHistory, Source};
use im_monitor::plan::Plan;

/// When stories begin: a midnight of 2026, a Monday.
pub(crate) const MONDAY_S: u64 = 1_767_571_200;

/// Rules over a store, in steps of a minute.
pub(crate) struct World {
    pub(crate) store: MemoryHistory,
    pub(crate) book: Book,
    pub(crate) now_s: u64,
}

/// The plan that a text is.
pub(crate) fn plan(text: &str) -> Plan {
    Plan::parse(text, "test").unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

impl World {
    /// At [`MONDAY_S`], with the rules of this text.
    pub(crate) fn with(rules: &str) -> World {
        World::watching(plan(rules).watch, MONDAY_S)
    }

    pub(crate) fn watching(watch: Watch, now_s: u64) -> World {
        World {
            store: MemoryHistory::at(now_s),
            book: Book::new(watch, 0),
            now_s,
        }
    }

    /// A minute in which this was reported, and a look at it when it has settled.
    pub(crate) fn minute(&mut self, report: impl FnOnce(&mut MemoryHistory, u64)) -> Tick {
        report(&mut self.store, self.now_s);
        self.now_s += 60;
        self.look()
    }

    /// A minute in which a gauge of one instance had this value.
    pub(crate) fn gauge(&mut self, value: f64) -> Tick {
        self.minute(|store, at_s| store.gauge(&Source::of("push"), "depth", &[], at_s, value))
    }

    /// A minute in which nothing was reported.
    pub(crate) fn nothing(&mut self) -> Tick {
        self.minute(|_, _| ())
    }

    pub(crate) fn look(&mut self) -> Tick {
        self.book.tick(&self.store, self.now_s + SETTLE_S)
    }

    /// Names of states of all alarms that are not normal.
    pub(crate) fn states(&self) -> Vec<(String, &'static str)> {
        let view = self.book.view();
        let states = view.active.iter().map(|one| {
            let alarm = &one.alarm;
            (alarm.identity.to_string(), alarm.state.name())
        });
        states.collect()
    }
}

/// An hour from [`MONDAY_S`] in which a gauge is too high from its 20th to its 30th minute.
pub(crate) fn past() -> MemoryHistory {
    let mut past = MemoryHistory::at(MONDAY_S + 3_600);
    for minute in 0..60 {
        let value = if (20..30).contains(&minute) {
            11.0
        } else {
            1.0
        };
        let at_s = MONDAY_S + minute * 60;
        past.gauge(&Source::of("push"), "depth", &[], at_s, value);
        past.gauge(&Source::of("sync"), "depth", &[], at_s, 2.0);
    }
    past
}

/// `normal → firing`.
pub(crate) fn ways(transitions: &[Transition]) -> Vec<String> {
    let way = |t: &Transition| format!("{} → {}", t.from, t.to);
    transitions.iter().map(way).collect()
}

/// A silence of everything with this label.
pub(crate) fn silence(name: &str, value: &str, minutes: u64) -> SilenceRequest {
    let labels = [(name.to_owned(), value.to_owned())];
    SilenceRequest {
        matcher: im_monitor::alarms::Matcher(labels.into()),
        minutes,
        author: "ada".to_owned(),
        comment: "being mended".to_owned(),
    }
}
