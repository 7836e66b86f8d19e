//! What the HTTP entry promises, one file a behaviour.
#![cfg(feature = "http")]

#[path = "gen/mod.rs"]
mod generated;
mod support;

#[cfg(feature = "admin")]
mod admin;
mod cgi;
mod connect;
mod counted;
mod drain;
mod encoding;
mod errors;
mod json;
mod limits;
mod metadata;
mod mutated;
mod own_pages;
mod pages;
mod pipeline;
mod record;
mod unary_get;
mod watch;
