//! What a device knows, and how it is kept.

mod chat;
mod file;
mod local;
mod log;
mod record;
mod state;

pub use chat::{Chat, Message};
pub use file::FileStore;
pub use local::{LocalStore, MemoryStore};
pub use record::{Identity, Outgoing, Record, Settled, Unread};
pub use state::State;
