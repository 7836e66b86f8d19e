//! Group messages to their members' inboxes.
#![forbid(unsafe_code)]
