//! Load with proof.
#![forbid(unsafe_code)]
