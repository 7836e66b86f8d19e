//! Making admins, and handing a group over.

use super::room;
use crate::config::Config;
use crate::group::Group;
use crate::newcomers::Newcomers;
use crate::plan::{Plan, event};
use crate::refusal::Refusal;
use im_idl::group::{Info, Member, Role};
use im_idl::group_store::ChangeRequest;
use im_idl::message::group_event::Kind;

/// The role that a number on the wire means.
pub(crate) fn role_to_give(role: i32) -> Result<Role, Refusal> {
    match Role::try_from(role) {
        Ok(Role::None) | Err(_) => Err(Refusal::BadRole),
        Ok(role) => Ok(role),
    }
}

/// `actor` gives `uin` a role. Who gives his own away is an admin after it.
pub(crate) fn set_role(
    group: &Group,
    actor: u64,
    uin: u64,
    role: Role,
    known: &Newcomers,
    config: &Config,
) -> Result<Plan, Refusal> {
    let own = group.require(actor, Role::Member)?;
    let target = group.members.get(&uin).ok_or(Refusal::NoSuchMember)?;
    // Said before: also when the group has been handed over by it, and `actor` owns it no more.
    if target.role() == role {
        return Ok(Plan::default());
    }
    if own != Role::Owner {
        return Err(Refusal::OwnerOnly);
    }
    if uin == actor {
        return Err(Refusal::HandOverFirst);
    }
    let with_role = |member: &Member, role: Role| Member {
        role: role.into(),
        ..member.clone()
    };
    let mut change = ChangeRequest {
        put_members: vec![with_role(target, role)],
        ..ChangeRequest::default()
    };
    if role == Role::Owner {
        room::own(uin, known, config)?;
        let before = &group.members[&actor];
        change.put_members.push(with_role(before, Role::Admin));
        change.info = Some(Info {
            owner: uin,
            ..group.info.clone()
        });
    }
    Ok(Plan {
        change,
        events: vec![event(Kind::Role, actor, vec![uin])],
        also: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::scene::{ALL, MEMBER, OWNER, STRANGER, apply, known, scene};

    const ROLES: [Role; 3] = [Role::Member, Role::Admin, Role::Owner];

    fn run(group: &Group, actor: u64, uin: u64, role: Role) -> Result<Plan, Refusal> {
        set_role(group, actor, uin, role, &known(&[]), &Config::default())
    }

    #[test]
    fn the_owner_gives_roles_to_others_and_nobody_else_does() {
        for actor in ALL {
            for target in ALL {
                for role in ROLES {
                    let group = scene();
                    let same = group.role(target) == role;
                    let given = run(&group, actor, target, role);
                    let what = format!("{actor} makes {target} {role:?}");
                    match (same, actor == OWNER, actor == target) {
                        (true, ..) => assert_eq!(given, Ok(Plan::default()), "{what}"),
                        (_, false, _) => assert_eq!(given, Err(Refusal::OwnerOnly), "{what}"),
                        (_, true, true) => {
                            assert_eq!(given, Err(Refusal::HandOverFirst), "{what}");
                        }
                        (_, true, false) => {
                            let group = apply(&group, &given.unwrap());
                            assert_eq!(group.role(target), role, "{what}");
                            let own = match role {
                                Role::Owner => Role::Admin,
                                _ => Role::Owner,
                            };
                            assert_eq!(group.role(actor), own, "{what}");
                        }
                    }
                }
            }
        }
        let refused = run(&scene(), OWNER, STRANGER, Role::Admin);
        assert_eq!(refused, Err(Refusal::NoSuchMember));
        let refused = run(&scene(), STRANGER, MEMBER, Role::Admin);
        assert_eq!(refused, Err(Refusal::NotAMember));
    }

    #[test]
    fn handing_over_twice_is_handing_over_once() {
        let plan = run(&scene(), OWNER, MEMBER, Role::Owner).unwrap();
        let group = apply(&scene(), &plan);
        assert_eq!(group.info.owner, MEMBER);
        assert_eq!(run(&group, OWNER, MEMBER, Role::Owner), Ok(Plan::default()));
    }

    #[test]
    fn nobody_is_given_more_groups_than_one_may_own() {
        let config = Config::default();
        let busy = known(&[]).with_count(MEMBER, 0, config.groups_owned_max);
        let give = |role| set_role(&scene(), OWNER, MEMBER, role, &busy, &config).map(|_| ());
        assert_eq!(give(Role::Owner), Err(Refusal::TooManyOwned));
        assert_eq!(give(Role::Admin), Ok(()));
    }

    #[test]
    fn only_three_roles_can_be_given() {
        for role in ROLES {
            assert_eq!(role_to_give(role.into()), Ok(role));
        }
        for wrong in [-1, 0, 4, i32::MAX] {
            assert_eq!(role_to_give(wrong), Err(Refusal::BadRole));
        }
    }
}
