//! What the monitor promises, one file a behaviour.

mod counting;
mod support;
mod survival;
