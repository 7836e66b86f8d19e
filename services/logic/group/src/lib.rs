//! Groups and who is in them.
#![forbid(unsafe_code)]
