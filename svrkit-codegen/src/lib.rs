//! The svrkit generator: `.proto` in, services out, without protoc.
//!
//! The path of a file: `sources` parses it and knows every place in it → `lower` checks it and makes the `model` of its services,
//! or all diagnostics at once → `messages` are made by prost-build, services by `emit`, which cannot fail → `output` formats and
//! writes. `lock` and `check` guard what is already on the wire.
//!
//! Three ways in, of which all give the same code:
//!
//! - a build script: [`configure`]`().include("proto").compile(&["proto/hello.proto"])?`, then
//!   `include!(concat!(env!("OUT_DIR"), "/svrkit.rs"));` where the packages shall be modules;
//! - `svrkit gen` into a checked-in folder: [`Config::generate_to`];
//! - the macro `svrkit::idl!("proto/hello.proto")`: [`Config::generate`].
#![forbid(unsafe_code)]

mod check;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
mod config;
mod diagnostic;
mod docs;
mod emit;
mod idents;
mod lock;
mod lower;
mod messages;
mod model;
mod options;
mod output;
mod places;
mod sources;

pub use check::Against;
pub use config::{Config, configure};
pub use diagnostic::{Diagnostic, Error};
pub use output::{Generated, GeneratedPackage};
