//! Who knows whom.
#![forbid(unsafe_code)]
