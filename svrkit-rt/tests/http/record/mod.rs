//! Requests on file, one file a concern.

mod bench;
mod bounds;
mod files;
mod secrets;
mod taken;

use bench::{Bench, read_bytes, recorded};
