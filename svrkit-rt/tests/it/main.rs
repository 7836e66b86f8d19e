//! What the runtime promises, one file a behaviour.

mod support;

mod auth;
mod balance;
mod blocking;
mod breaker;
mod cancel;
mod compression;
mod counted;
mod counted_attempts;
mod deadlines;
mod discovery;
mod drain;
mod faults;
#[cfg(feature = "grpc")]
mod grpc;
mod handover;
mod hedge;
mod hostile;
mod inherited;
mod killed;
mod layers;
mod limits;
mod overload;
mod panics;
mod reconnect;
mod retry;
mod streams;
mod tags;
mod tls;
mod transports;
