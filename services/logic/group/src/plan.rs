//! What a rule decided.

use im_idl::group::{Member, Role};
use im_idl::group_store::ChangeRequest;
use im_idl::message::GroupEvent;
use im_idl::message::group_event::Kind;

/// A change, and what the group is told of it. The default changes nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Plan {
    /// Without group and version: those of the group that the rule saw.
    pub(crate) change: ChangeRequest,
    /// In this order.
    pub(crate) events: Vec<GroupEvent>,
    /// Who is told beside the members: those who are none any more.
    pub(crate) also: Vec<u64>,
}

impl Plan {
    /// Whether nothing is to be done.
    pub(crate) fn is_empty(&self) -> bool {
        self.change == ChangeRequest::default()
    }
}

/// Something that `by` did to `uins`.
pub(crate) fn event(kind: Kind, by: u64, uins: Vec<u64>) -> GroupEvent {
    GroupEvent {
        kind: kind.into(),
        by,
        uins,
        text: String::new(),
    }
}

/// Somebody who comes in now.
pub(crate) fn newcomer(uin: u64, role: Role, now_ms: u64) -> Member {
    Member {
        uin,
        role: role.into(),
        joined_ms: now_ms,
        ..Member::default()
    }
}
