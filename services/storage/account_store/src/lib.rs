//! Accounts, names, devices and ticket keys, on disk.
#![forbid(unsafe_code)]
