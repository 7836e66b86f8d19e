//! A look at a channel from outside: its instances, and what is held against each.

use super::core::Core;
use crate::tag::Tag;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Looks at a channel for as long as that lives, without keeping it alive; a cheap clone.
#[derive(Clone, Debug)]
pub struct ChannelWatch {
    core: Weak<Core>,
}

/// A channel's instances at one time.
#[derive(Clone, Debug, Default)]
pub struct ChannelState {
    /// In the order of their endpoints.
    pub instances: Vec<InstanceState>,
    /// What keeps the endpoints from being known, if they were not heard of lately.
    pub trouble: Option<String>,
}

/// An instance at one time, as a channel sees it.
#[derive(Clone, Debug)]
pub struct InstanceState {
    /// Its endpoint's.
    pub address: String,
    /// Its zone; empty for none.
    pub zone: String,
    /// How much it takes, compared to others.
    pub weight: u32,
    /// The release that it is of.
    pub tag: Option<Tag>,
    /// Whether it is asked.
    pub standing: Standing,
    /// What is observed of it; `None` where it is the only one, and nothing is.
    pub observed: Option<Observed>,
    /// Why there is no connection to it.
    pub last_error: Option<String>,
}

/// What a channel to several instances observes of one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observed {
    /// Calls that it has not answered yet.
    pub in_flight: u32,
    /// What its calls took lately, as a multiple of what is usual for their methods among all instances.
    pub times_usual: f32,
    /// What part of its share it gets, 0 to 1: less than 1 while it is new among others.
    pub share: f32,
    /// It does not admit everything.
    pub sheds: bool,
}

/// Whether an instance is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing {
    /// Like any other.
    Serves,
    /// There is no connection to it.
    Unconnected,
    /// Its calls went badly, and it is left alone for so much longer; then it is probed.
    LeftAlone(Duration),
    /// It passed the probe: one bad call, and it is left alone again.
    OnTrial,
}

impl ChannelWatch {
    pub(super) fn new(core: &Arc<Core>) -> ChannelWatch {
        ChannelWatch {
            core: Arc::downgrade(core),
        }
    }

    /// How it does; `None` when the channel is gone.
    pub fn state(&self) -> Option<ChannelState> {
        Some(self.core.upgrade()?.state())
    }
}
