//! The access layer among faked services.

mod frames;
mod support;
