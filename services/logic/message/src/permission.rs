//! Who may write to whom: pure rules over what the stores say.

use crate::service::DOMAIN;
use im_idl::contact::Relation;
use im_idl::contact_store::RelationResponse;
use im_idl::group::Role;
use im_idl::group_store::MemberResponse;
use svrkit_rt::Status;

/// Whether somebody's contact may write to him.
///
/// # Errors
/// `PermissionDenied` with reason `NOT_FRIENDS` or `REFUSED`.
pub(crate) fn to_user(relation: &RelationResponse) -> Result<(), Status> {
    if relation.relation() != Relation::Friend {
        return deny("NOT_FRIENDS", "you are not in each other's contacts");
    }
    if relation.blocked {
        return deny("REFUSED", "he does not take messages of yours");
    }
    Ok(())
}

/// Whether a member may write to a group now.
///
/// # Errors
/// `PermissionDenied` with reason `NOT_MEMBER`, `MUTED` or `GROUP_MUTED`.
pub(crate) fn to_group(answer: &MemberResponse, now_ms: u64) -> Result<(), Status> {
    let ended = answer.info.as_ref().is_none_or(|info| info.dissolved);
    let member = answer.member.as_ref().filter(|_| !ended);
    let member = member.filter(|member| member.role() != Role::None);
    let Some(member) = member else {
        return deny("NOT_MEMBER", "you are not in this group");
    };
    if member.muted_until_ms > now_ms {
        return deny("MUTED", "you may not speak here for a while");
    }
    let all_muted = answer.info.as_ref().is_some_and(|info| info.muted);
    if all_muted && !matches!(member.role(), Role::Admin | Role::Owner) {
        return deny("GROUP_MUTED", "only admins speak here now");
    }
    Ok(())
}

/// Whether somebody is in a group.
pub(crate) fn is_member(answer: &MemberResponse) -> bool {
    let member = answer.member.as_ref();
    member.is_some_and(|member| member.role() != Role::None)
}

fn deny(reason: &'static str, message: &'static str) -> Result<(), Status> {
    Err(Status::permission_denied(message).with_reason(DOMAIN, reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use im_idl::group::{Info, Member};

    fn reason(result: Result<(), Status>) -> String {
        result.map_or_else(|status| status.reason().to_owned(), |()| String::new())
    }

    #[test]
    fn friends_who_are_not_blocked_may_write() {
        let of = |relation, blocked| {
            let mut answer = RelationResponse::default();
            answer.set_relation(relation);
            answer.blocked = blocked;
            reason(to_user(&answer))
        };
        assert_eq!(of(Relation::Friend, false), "");
        assert_eq!(of(Relation::Friend, true), "REFUSED");
        for relation in [Relation::None, Relation::Asked, Relation::AskedMe] {
            assert_eq!(of(relation, false), "NOT_FRIENDS");
        }
    }

    #[test]
    fn members_speak_unless_muted() {
        let of = |role, muted_until_ms, muted, dissolved| {
            let mut member = Member {
                muted_until_ms,
                ..Member::default()
            };
            member.set_role(role);
            let info = Info {
                muted,
                dissolved,
                ..Info::default()
            };
            let answer = MemberResponse {
                member: Some(member),
                info: Some(info),
                version: 1,
            };
            reason(to_group(&answer, 1_000))
        };
        assert_eq!(of(Role::Member, 0, false, false), "");
        assert_eq!(of(Role::Member, 1_000, false, false), "");
        assert_eq!(of(Role::Member, 1_001, false, false), "MUTED");
        assert_eq!(of(Role::Member, 0, true, false), "GROUP_MUTED");
        assert_eq!(of(Role::Admin, 0, true, false), "");
        assert_eq!(of(Role::Owner, 0, true, false), "");
        assert_eq!(of(Role::None, 0, false, false), "NOT_MEMBER");
        assert_eq!(of(Role::Owner, 0, false, true), "NOT_MEMBER");
        assert_eq!(
            reason(to_group(&MemberResponse::default(), 0)),
            "NOT_MEMBER"
        );
    }
}
