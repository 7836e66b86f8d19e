//! `im` as people run it: real processes, real sockets, real files.

mod backend;
mod killed;
mod monitor;
mod settings;
mod split;
