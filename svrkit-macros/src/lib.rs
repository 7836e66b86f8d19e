//! Macros of svrkit.
