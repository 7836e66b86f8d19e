//! Groups, members and group lists, on disk.
#![forbid(unsafe_code)]
