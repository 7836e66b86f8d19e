//! Sending, recalling, receipts.
#![forbid(unsafe_code)]
