//! Stories over the whole backend, a file each, over the memory transport and a paused clock; and what must hold of its structure.

mod backend;
mod block;
mod chat;
mod delete_account;
mod devices;
mod edges;
mod group;
mod hostile;
mod kick;
mod lost_notify;
mod offline;
mod old_client;
mod recall;
mod resend;
