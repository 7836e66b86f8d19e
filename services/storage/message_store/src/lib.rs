//! Inboxes and message bodies, on disk.
#![forbid(unsafe_code)]
