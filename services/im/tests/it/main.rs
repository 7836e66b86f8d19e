//! `im` as people run it: real processes, real sockets, real files.

mod admin;
mod auth;
mod backend;
mod certificates;
mod certified;
mod gray;
mod killed;
mod log;
mod monitor;
mod overload;
mod record;
mod restarts;
mod settings;
mod split;
