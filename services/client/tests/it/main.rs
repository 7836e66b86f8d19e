//! Clients against an access layer made for the purpose, in memory, under a paused clock.

mod chat;
mod fake;
mod heartbeat;
mod kick;
mod outbox;
mod reconnect;
mod store;
mod sync;
mod tls;
