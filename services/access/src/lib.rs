//! Long link, short link and WebSocket: connections, nothing else.
#![forbid(unsafe_code)]
