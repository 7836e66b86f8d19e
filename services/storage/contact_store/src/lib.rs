//! Contact lists, on disk.
#![forbid(unsafe_code)]
