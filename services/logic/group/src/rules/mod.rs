//! Who may do what to a group, and what becomes of it: functions of the group, who acts, and what he asks. They answer a [`Plan`] for the
//! version that they saw, and touch nothing.
//!
//! [`Plan`]: crate::plan::Plan

mod approve;
mod create;
mod invite;
mod join;
mod kick;
mod leave;
mod mute;
mod questions;
mod room;
#[cfg(test)]
mod scene;
mod set_role;
mod update;
#[cfg(test)]
mod walk;

pub(crate) use approve::approve;
pub(crate) use create::create;
pub(crate) use invite::invite;
pub(crate) use join::join;
pub(crate) use kick::kick;
pub(crate) use leave::leave;
pub(crate) use mute::mute;
pub(crate) use questions::is_current;
pub(crate) use set_role::{role_to_give, set_role};
pub(crate) use update::update;
