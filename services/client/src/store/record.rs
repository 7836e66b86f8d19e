//! What is kept in one piece.

use bytes::Bytes;
use im_idl::account::Profile;
use im_idl::base::Error;
use im_idl::contact;
use im_idl::group::Membership;
use im_idl::message::{self, Content};

/// A change to what a device knows: kept whole, or not at all. A sync's snapshot and all that it covers are one record.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Record {
    /// Who the device belongs to.
    #[prost(message, optional, tag = "1")]
    pub identity: Option<Identity>,
    /// One's own profile.
    #[prost(message, optional, tag = "2")]
    pub profile: Option<Profile>,
    /// Contacts that changed.
    #[prost(message, repeated, tag = "3")]
    pub contacts: Vec<contact::Entry>,
    /// Memberships that changed.
    #[prost(message, repeated, tag = "4")]
    pub groups: Vec<Membership>,
    /// Rows of the inbox.
    #[prost(message, repeated, tag = "5")]
    pub entries: Vec<message::Entry>,
    /// Messages accepted for sending.
    #[prost(message, repeated, tag = "6")]
    pub outgoing: Vec<Outgoing>,
    /// A message that the server has answered for good.
    #[prost(message, optional, tag = "7")]
    pub settled: Option<Settled>,
    /// Chats whose number of unread messages changed by other means than a new message.
    #[prost(message, repeated, tag = "8")]
    pub unread: Vec<Unread>,
    /// What the server calls the state after `contacts`, `groups`, `profile` and `entries`.
    #[prost(bytes = "bytes", optional, tag = "9")]
    pub snapshot: Option<Bytes>,
}

/// Who a device belongs to, and the proof.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Identity {
    /// The user.
    #[prost(uint64, tag = "1")]
    pub uin: u64,
    /// His name, to log in with.
    #[prost(string, tag = "2")]
    pub name: String,
    /// The installation's own random name.
    #[prost(string, tag = "3")]
    pub device: String,
    /// Empty after a logout.
    #[prost(string, tag = "4")]
    pub ticket: String,
    /// Since when the ticket is held, by this device's clock.
    #[prost(uint64, tag = "5")]
    pub ticket_since_ms: u64,
    /// When it ends, by the server's clock.
    #[prost(uint64, tag = "6")]
    pub ticket_expires_ms: u64,
}

/// A message on its way out.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Outgoing {
    /// Where to: a user or a group.
    #[prost(uint64, tag = "1")]
    pub chat: u64,
    /// Its name; the same however often it is sent.
    #[prost(fixed64, tag = "2")]
    pub client_message_id: u64,
    /// What it says.
    #[prost(message, optional, tag = "3")]
    pub content: Option<Content>,
    /// When it was accepted, by this device's clock.
    #[prost(uint64, tag = "4")]
    pub time_ms: u64,
}

/// The server's last word on an outgoing message.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Settled {
    /// Where to.
    #[prost(uint64, tag = "1")]
    pub chat: u64,
    /// Which.
    #[prost(fixed64, tag = "2")]
    pub client_message_id: u64,
    /// When the server took it.
    #[prost(uint64, tag = "3")]
    pub time_ms: u64,
    /// Its place in a group.
    #[prost(uint64, tag = "4")]
    pub group_seq: u64,
    /// Why it did not take it.
    #[prost(message, optional, tag = "5")]
    pub refused: Option<Error>,
}

/// How many messages of a chat are unread.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Unread {
    /// The chat.
    #[prost(uint64, tag = "1")]
    pub chat: u64,
    /// The number.
    #[prost(uint32, tag = "2")]
    pub messages: u32,
}
