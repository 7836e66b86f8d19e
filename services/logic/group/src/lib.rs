//! Groups and who is in them: who may do what, decided here and nowhere else.
//!
//! - Owns nothing but turns and rates in memory. Calls `group_store` (groups), `contact_store` (who is whose friend), `account_store`
//!   (nicknames), `message` (announcements) and `push` (news of group lists).
//! - Path of a change: [`Config`]'s bounds and the caller's rate (`service`) → the group as it is (`group`) → a rule, which answers a plan or
//!   a refusal (`rules`) → the plan on the version that the rule saw, once more when somebody was faster (`changes`) → news, and the
//!   announcement to the group (`announcer`).
//! - [`Handle`]: other bounds for a running service.
//!
//! # Invariants
//!
//! - A group that is not dissolved has exactly one owner.
//! - A group never has more members than `members_max` said when the last of them came in.
//! - A call that is repeated changes nothing more, and is not announced again.
//! - A change has happened when it is answered; its announcement may be late, or be lost when this process ends at that moment.
//!
//! How many groups a *user* is in is counted before a change, not with it: calls at the same moment may take him a few beyond the bound.
#![forbid(unsafe_code)]

mod announcer;
mod changes;
mod config;
mod deps;
mod effects;
mod group;
mod newcomers;
mod plan;
mod refusal;
mod rules;
mod service;
mod settings;
mod start;
mod texts;
mod turns;

pub use config::Config;
pub use deps::Deps;
pub use refusal::Refusal;
pub use service::build;
pub use settings::Handle;
pub use start::start;
