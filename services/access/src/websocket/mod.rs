//! WebSocket (RFC 6455), the serving end: what browsers have instead of a socket.
//!
//! The frames of a link travel in binary messages, one or more in each. Here a WebSocket is a stream of bytes, so that a link over it is
//! the very same link. Messages are not put together: their bytes go on as they come, so an idle WebSocket holds no buffer either, and
//! what a message claims to be long costs nothing.

mod codec;
mod handshake;
mod stream;

pub(crate) use handshake::{PATH, accept};
pub(crate) use stream::WebSocket;
