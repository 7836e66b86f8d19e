//! Registration, tickets, profiles, devices.
#![forbid(unsafe_code)]
