//! The store over an engine in memory, by its clients' calls.

mod fan_out;
mod reading;
mod single;
mod support;
