//! Alarms: rules over the store's figures, states that last, notices to people.
//!
//! All of it is pure: [`Book::tick`] is a function of rules, store, time and what the book remembers. The same function serves the
//! centre, whose `keeper` calls it, and a replay of history.
//!
//! `examine` finds what a rule tells apart and asks the store; `judge` decides by the figures; `lifecycle` carries states on; `groups`
//! decides who is told what, and when.

mod alarm;
mod book;
mod condition;
mod examine;
mod groups;
mod inhibition;
mod judge;
mod labels;
mod lifecycle;
mod matcher;
mod notice;
mod replay;
mod rule;
mod silence;
mod view;

pub use alarm::{Alarm, ENDED_MAX, End, Ended};
pub(crate) use book::Memory;
pub use book::{ALARMS_MAX, Book, SETTLE_S, Tick, Transition, Watch};
pub use condition::{Against, Change, Condition, Figure, Limit, Side};
pub use examine::ALARMS_OF_RULE_MAX;
pub use groups::Notify;
pub use inhibition::Inhibition;
pub use judge::{Failure, Outcome, Seen};
pub use labels::{Identity, Labels};
pub use lifecycle::{State, Timing};
pub use matcher::Matcher;
pub use notice::Notice;
pub use replay::replay;
pub use rule::{Missing, Rule, Severity};
pub use silence::{
    AUTHOR_BYTES_MAX, COMMENT_BYTES_MAX, LABEL_BYTES_MAX, MATCHER_LABELS_MAX, SILENCE_MINUTES_MAX,
    SILENCES_MAX, Silence, SilenceError, SilenceRequest, Silences,
};
pub use view::{Active, RuleView, View};
