//! Who knows whom.
//!
//! It owns the rules by which two users become friends, block each other and part. What they decide is kept by `contact_store`; names
//! come from `account_store`, who is online from `session`, and `push` hears of changed lists. It keeps nothing itself but how often
//! somebody asked.
//!
//! # Invariants
//!
//! - Nobody becomes a friend against his wish: his own list says that he asked, or that he is one, or he has been seen asking.
//! - An answered change is on both lists. A crash in between leaves half of it; repeating the call makes it whole, whoever repeats it.
//! - A block is seen and lifted by its owner only; whoever is blocked is told no more than that he is refused.
//! - Whom a call is about comes from its body, who makes it from its ticket.
//!
//! # Parts
//!
//! - [`build`], [`Config`], [`Deps`], [`Refusal`].
//! - `rules`: what becomes of a pair; pure. `relations`: read, decide, write, again when somebody came between. `people`: accounts and
//!   names. `texts`: what greetings and remarks may be.
#![forbid(unsafe_code)]

mod config;
mod deps;
mod people;
mod refusal;
mod relations;
mod rules;
mod service;
mod start;
mod texts;

pub use config::Config;
pub use deps::Deps;
pub use refusal::Refusal;
pub use service::build;
pub use start::start;
