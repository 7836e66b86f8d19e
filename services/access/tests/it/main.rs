//! The access layer among faked services.

mod calls;
mod frames;
mod hostile;
mod kicks;
mod limits;
mod news;
mod overload;
mod presence;
mod short;
mod support;
mod tls;
mod websocket;
