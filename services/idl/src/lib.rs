//! The contract of the messaging backend: every `.proto` under `proto/`, the code that `svrkit gen` makes of it, one module a package,
//! and the few rules that both sides of a call must agree on.
//!
//! - [`base`]: what all share. [`access`]: what the access layer itself says on a link.
//! - Logic: [`account`], [`contact`], [`group`], [`message`], [`sync`], [`session`], [`push`], [`fanout`].
//! - Storage: [`account_store`], [`contact_store`], [`group_store`], [`message_store`]. Between both: [`queue`].
//! - For operators: [`monitor`], [`overview`].
//! - [`ids`]: users' and groups' numbers. [`caller`]: who calls, as metadata. [`refusal`]: a status as clients see it.
//! - [`content_kind`]: what kinds of messages are called in figures.
//! - [`SERVICES`]: all of them. [`CLIENT_SERVICES`]: what clients may call, from which the access layer makes its table.
#![forbid(unsafe_code)]

pub mod caller;
mod catalogue;
mod content;
#[path = "gen/mod.rs"]
#[rustfmt::skip]
mod generated;
pub mod ids;
pub mod refusal;

pub use catalogue::{CLIENT_SERVICES, SERVICES, client_methods};
pub use content::{CONTENT_KIND_NAMES, CONTENT_KINDS, content_kind};
pub use generated::im::{
    access, account, account_store, base, contact, contact_store, fanout, group, group_store,
    message, message_store, monitor, overview, push, queue, session, sync,
};
