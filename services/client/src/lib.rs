//! Client SDK of the messaging backend.
#![forbid(unsafe_code)]
