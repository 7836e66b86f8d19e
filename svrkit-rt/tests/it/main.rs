//! What the runtime promises, one file a behaviour.

mod support;

mod blocking;
mod cancel;
mod counted;
mod deadlines;
mod drain;
mod faults;
mod hostile;
mod inherited;
mod killed;
mod layers;
mod limits;
mod panics;
mod reconnect;
mod tls;
mod transports;
