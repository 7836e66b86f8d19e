//! What the runtime promises, one file a behaviour.

mod support;

mod cancel;
mod deadlines;
mod drain;
mod inherited;
mod layers;
mod panics;
mod tls;
mod transports;
