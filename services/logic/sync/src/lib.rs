//! What is newer than a snapshot.
#![forbid(unsafe_code)]
