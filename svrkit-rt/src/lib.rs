//! The svrkit runtime.
