//! Stories and faults over the whole backend stand in `tests/it`; there is nothing here.
#![forbid(unsafe_code)]
