//! Durable tasks: in order a key, at once across keys.
#![forbid(unsafe_code)]
