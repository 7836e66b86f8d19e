//! The store.

mod column;
mod page;
mod rice;
mod sample;
mod varint;
