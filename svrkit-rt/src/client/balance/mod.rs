//! Whom to ask: rules over what is known of those that serve.

mod ring;
mod round_robin;
mod two_choices;

pub(super) use ring::{Ring, has_room};
pub(super) use round_robin::round;
pub(super) use two_choices::{Bid, choose};

/// How a channel chooses among the instances that serve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Balance {
    /// Of two drawn by weight, the one with fewer calls under way and shorter answers: it finds out by itself who is slow, busy or new.
    #[default]
    TwoChoices,
    /// In turn, by weight, whatever they have to do: for instances that are alike, and for tests.
    RoundRobin,
    /// By the call's routing key (the method's `hash_key`), so that calls about one user or partition meet the same instance while it has
    /// no more than its part to do and a quarter beyond. Calls without a key go by [`Balance::TwoChoices`].
    ///
    /// All clients that are to agree must see the same endpoints: zones and [`crate::ChannelConfig::subset_max`] do not count here.
    HashKey,
}
