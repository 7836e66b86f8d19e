//! A group for the tests of rules.

use crate::group::Group;
use crate::newcomers::Newcomers;
use crate::plan::Plan;
use im_idl::group::{Info, JoinQuestion, Member, Role};
use im_idl::group_store::Count;

pub(crate) const OWNER: u64 = 10_001;
pub(crate) const ADMIN: u64 = 10_002;
pub(crate) const ELDER_ADMIN: u64 = 10_003;
pub(crate) const MEMBER: u64 = 10_004;
pub(crate) const ELDER_MEMBER: u64 = 10_005;
pub(crate) const ALL: [u64; 5] = [OWNER, ADMIN, ELDER_ADMIN, MEMBER, ELDER_MEMBER];
pub(crate) const STRANGER: u64 = 10_006;
pub(crate) const OTHER_STRANGER: u64 = 10_007;
pub(crate) const NOW_MS: u64 = 1_700_000_000_000;

/// A group of five that anybody may join.
pub(crate) fn scene() -> Group {
    let members = [
        (OWNER, Role::Owner, 5),
        (ADMIN, Role::Admin, 4),
        (ELDER_ADMIN, Role::Admin, 3),
        (MEMBER, Role::Member, 2),
        (ELDER_MEMBER, Role::Member, 1),
    ];
    let members = members.map(|(uin, role, joined_ms)| {
        let role = role.into();
        let member = Member {
            uin,
            role,
            joined_ms,
            ..Member::default()
        };
        (uin, member)
    });
    Group {
        version: 7,
        info: Info {
            name: "chess".into(),
            owner: OWNER,
            members: 5,
            ..Info::default()
        },
        members: members.into(),
        ..Group::default()
    }
}

/// As [`scene`] where joining needs approval, with one who asks.
pub(crate) fn with_question(uin: u64) -> Group {
    let mut group = scene();
    group.info.join_needs_approval = true;
    let question = JoinQuestion {
        uin,
        asked_ms: NOW_MS,
        ..JoinQuestion::default()
    };
    group.questions.insert(uin, question);
    group
}

/// That these have the caller as a friend.
pub(crate) fn known(friends: &[u64]) -> Newcomers {
    Newcomers {
        friends: friends.iter().copied().collect(),
        ..Newcomers::default()
    }
}

impl Newcomers {
    pub(crate) fn with_count(mut self, uin: u64, joined: u32, owned: u32) -> Newcomers {
        self.counts.insert(uin, Count { joined, owned });
        self
    }
}

/// What a plan makes of a group, as the store does it.
pub(crate) fn apply(group: &Group, plan: &Plan) -> Group {
    let mut group = group.clone();
    let change = plan.change.clone();
    if let Some(info) = change.info {
        group.info = info;
    }
    for member in change.put_members {
        group.members.insert(member.uin, member);
    }
    for uin in change.remove_members {
        assert!(group.members.remove(&uin).is_some(), "{uin} was no member");
    }
    for question in change.put_questions {
        group.questions.insert(question.uin, question);
    }
    for uin in change.remove_questions {
        assert!(group.questions.remove(&uin).is_some(), "{uin} did not ask");
    }
    group.info.members = group.members.len() as u32;
    group.version += 1;
    group
}
