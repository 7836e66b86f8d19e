//! Going.

use crate::group::Group;
use crate::plan::{Plan, event};
use im_idl::group::{Info, Member, Role};
use im_idl::group_store::ChangeRequest;
use im_idl::message::group_event::Kind;

/// `actor` goes. An owner's group goes to its eldest admin, else its eldest member; the last to go ends it.
pub(crate) fn leave(group: &Group, actor: u64) -> Plan {
    if !group.has(actor) {
        return Plan::default();
    }
    let change = ChangeRequest {
        remove_members: vec![actor],
        ..ChangeRequest::default()
    };
    let left = event(Kind::Left, actor, vec![actor]);
    if group.role(actor) != Role::Owner {
        return Plan {
            change,
            events: vec![left],
            also: vec![actor],
        };
    }
    let Some(heir) = heir(group, actor) else {
        // Nobody is there to be told.
        return Plan {
            change: ended(group, change),
            ..Plan::default()
        };
    };
    let role = Role::Owner.into();
    let owning = Member {
        role,
        ..heir.clone()
    };
    let info = Info {
        owner: heir.uin,
        ..group.info.clone()
    };
    let change = ChangeRequest {
        info: Some(info),
        put_members: vec![owning],
        ..change
    };
    let inherited = event(Kind::Role, actor, vec![heir.uin]);
    Plan {
        change,
        events: vec![left, inherited],
        also: vec![actor],
    }
}

fn heir(group: &Group, actor: u64) -> Option<&Member> {
    let others = group.members.values().filter(|member| member.uin != actor);
    others.min_by_key(|member| {
        let admins_first = member.role() != Role::Admin;
        (admins_first, member.joined_ms, member.uin)
    })
}

fn ended(group: &Group, change: ChangeRequest) -> ChangeRequest {
    let info = Info {
        dissolved: true,
        owner: 0,
        notice: String::new(),
        ..group.info.clone()
    };
    ChangeRequest {
        info: Some(info),
        remove_questions: group.questions.keys().copied().collect(),
        ..change
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::scene::{
        ADMIN, ALL, ELDER_ADMIN, ELDER_MEMBER, MEMBER, OWNER, STRANGER, apply, scene, with_question,
    };

    #[test]
    fn whoever_goes_is_told_and_nobody_else_changes() {
        for actor in [ADMIN, MEMBER] {
            let plan = leave(&scene(), actor);
            let group = apply(&scene(), &plan);
            assert!(!group.has(actor));
            assert_eq!(group.members.len() + 1, ALL.len());
            assert_eq!(group.info.owner, OWNER);
            assert_eq!(plan.also, [actor]);
            assert_eq!(plan.events, [event(Kind::Left, actor, vec![actor])]);
            assert!(leave(&group, actor).is_empty());
        }
        assert!(leave(&scene(), STRANGER).is_empty());
    }

    #[test]
    fn a_group_goes_to_its_eldest_admin_then_to_its_eldest_member_then_ends() {
        let mut group = with_question(STRANGER);
        for owner in [OWNER, ELDER_ADMIN, ADMIN, ELDER_MEMBER] {
            assert_eq!(group.info.owner, owner);
            assert_eq!(group.role(owner), Role::Owner);
            let plan = leave(&group, owner);
            group = apply(&group, &plan);
            let inherited = event(Kind::Role, owner, vec![group.info.owner]);
            assert_eq!(plan.events[1], inherited);
        }
        assert_eq!(group.role(MEMBER), Role::Owner);
        let last = apply(&group, &leave(&group, MEMBER));
        assert!(last.info.dissolved);
        assert_eq!(last.info.owner, 0);
        assert!(last.members.is_empty() && last.questions.is_empty());
    }
}
