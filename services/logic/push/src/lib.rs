//! News and kicks to access nodes.
#![forbid(unsafe_code)]
