//! What the monitor promises, one file a behaviour.

mod bounds;
mod connections;
mod counting;
mod damaged;
mod full;
mod killed;
mod names;
mod openmetrics;
mod owners;
mod process;
mod reading;
mod support;
mod survival;
