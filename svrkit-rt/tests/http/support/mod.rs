//! A shop behind a server, and a peer that speaks HTTP by hand.

mod peer;
mod shop;
mod site;

pub(crate) use peer::{Answer, Peer, post};
pub(crate) use site::Site;
