//! What is asked of an overloaded backend, by kind: what must go through, and what may be shed for it.

use crate::crew::{PASSWORD, User};
use bytes::Bytes;
use im_client::Request;
use im_idl::account::{GetProfileRequest, LoginRequest};
use im_idl::message::{Content, SendRequest, content};
use im_idl::sync::SyncRequest;
use prost::Message;
use std::time::Duration;

/// Messages that a sync brings at most.
const SYNC_MESSAGES_MAX: u32 = 20;
/// Nobody waits for longer, whatever the method's timeout.
const PATIENCE_MS: u32 = 1_000;

/// Kinds of asks, the most important first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(usize)]
pub(super) enum Kind {
    Login,
    Send,
    Sync,
    Rest,
}

impl Kind {
    pub(super) const ALL: [Kind; 4] = [Kind::Login, Kind::Send, Kind::Sync, Kind::Rest];

    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Login => "login",
            Kind::Send => "send",
            Kind::Sync => "sync",
            Kind::Rest => "rest",
        }
    }

    /// How long an answer is worth something.
    pub(super) fn patience(self) -> Duration {
        let method = match self {
            Kind::Login => LoginRequest::method(),
            Kind::Send => SendRequest::method(),
            Kind::Sync => SyncRequest::method(),
            Kind::Rest => GetProfileRequest::method(),
        };
        Duration::from_millis(u64::from(method.timeout_ms.min(PATIENCE_MS)))
    }

    pub(super) fn cmd_id(self) -> u32 {
        let method = match self {
            Kind::Login => LoginRequest::method(),
            Kind::Send => SendRequest::method(),
            Kind::Sync => SyncRequest::method(),
            Kind::Rest => GetProfileRequest::method(),
        };
        method.cgi.map_or(0, |cgi| cgi.cmd_id)
    }
}

/// What one user asks.
#[derive(Debug)]
pub(super) struct Asker {
    /// Logging in is always the same.
    login: Vec<u8>,
    friend: u64,
    text: Option<Content>,
    messages: u64,
    pub(super) snapshot: Bytes,
}

impl Asker {
    pub(super) fn new(user: &User, friend: &User, payload: usize) -> Asker {
        let login = LoginRequest {
            name: user.name.clone(),
            password: PASSWORD.to_owned(),
            // Not the device whose link this goes over, which would be told to leave.
            device: "press-login".to_owned(),
            ..LoginRequest::default()
        };
        let kind = Some(content::Kind::Text("x".repeat(payload)));
        Asker {
            login: login.encode_to_vec(),
            friend: friend.uin,
            text: Some(Content { kind }),
            messages: 0,
            snapshot: Bytes::new(),
        }
    }

    /// The body of an ask.
    pub(super) fn body(&mut self, kind: Kind) -> Vec<u8> {
        match kind {
            Kind::Login => self.login.clone(),
            Kind::Send => {
                self.messages += 1;
                let request = SendRequest {
                    to: self.friend,
                    client_message_id: self.messages,
                    content: self.text.clone(),
                };
                request.encode_to_vec()
            }
            Kind::Sync => {
                let request = SyncRequest {
                    snapshot: self.snapshot.clone(),
                    selector: 0,
                    messages_max: SYNC_MESSAGES_MAX,
                    check_only: false,
                };
                request.encode_to_vec()
            }
            Kind::Rest => {
                let request = GetProfileRequest {
                    uin: self.friend,
                    ..GetProfileRequest::default()
                };
                request.encode_to_vec()
            }
        }
    }
}
