//! Who is on which access node.
#![forbid(unsafe_code)]
