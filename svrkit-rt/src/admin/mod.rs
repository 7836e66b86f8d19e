//! Pages about a running process, on a listener of their own, in the manner of brpc's built-in services: HTML for a browser, text for
//! curl, JSON for programs.
//!
//! [`Admin`] holds what a process tells of itself. Nothing is computed unless somebody asks, but for one look at all series every five
//! seconds (`history`), so that there are curves when somebody does.
//!
//! A page is a `doc::Doc`, written once; how it looks is decided in `doc`. Whatever it shows is escaped there.

mod admission;
mod asking;
mod compression;
mod curve;
mod doc;
mod flags;
mod history;
mod links;
mod lock;
mod methods;
mod pages;
mod process;
#[cfg(feature = "hotspots")]
mod profile;
mod secrets;
mod state;
mod token;
mod trace;
mod units;

pub use flags::{Flag, FlagError, FlagKind, Flags};
pub use process::Admin;
pub use token::{Token, TokenError};
