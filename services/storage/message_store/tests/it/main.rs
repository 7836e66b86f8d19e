//! The store over an engine in memory, by its clients' calls.

mod fan_out;
mod model;
mod reading;
mod recalling;
mod receipts;
mod single;
mod support;
