//! Putting out.

use crate::group::Group;
use crate::plan::{Plan, event};
use crate::refusal::Refusal;
use im_idl::group::Role;
use im_idl::group_store::ChangeRequest;
use im_idl::message::group_event::Kind;

/// `actor` puts out those of `uins` who are in, all of whom must have a lower role than he.
pub(crate) fn kick(group: &Group, actor: u64, uins: &[u64]) -> Result<Plan, Refusal> {
    let role = group.require(actor, Role::Member)?;
    let out: Vec<u64> = uins.iter().copied().filter(|uin| group.has(*uin)).collect();
    if out.is_empty() {
        return Ok(Plan::default());
    }
    if out.iter().any(|uin| group.role(*uin) >= role) {
        return Err(Refusal::RoleNotLower);
    }
    let change = ChangeRequest {
        remove_members: out.clone(),
        ..ChangeRequest::default()
    };
    Ok(Plan {
        change,
        events: vec![event(Kind::Kicked, actor, out.clone())],
        also: out,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::scene::{
        ADMIN, ALL, ELDER_ADMIN, ELDER_MEMBER, MEMBER, OWNER, STRANGER, apply, scene,
    };

    #[test]
    fn only_those_of_lower_role_are_put_out() {
        for actor in ALL {
            for target in ALL {
                let group = scene();
                let kicked = kick(&group, actor, &[target]);
                if group.role(actor) > group.role(target) {
                    let group = apply(&group, &kicked.unwrap());
                    assert!(!group.has(target), "{actor} kicks {target}");
                } else {
                    assert_eq!(kicked, Err(Refusal::RoleNotLower), "{actor} kicks {target}");
                }
            }
            assert_eq!(kick(&scene(), actor, &[STRANGER]), Ok(Plan::default()));
        }
        assert_eq!(
            kick(&scene(), STRANGER, &[MEMBER]),
            Err(Refusal::NotAMember)
        );
    }

    #[test]
    fn several_go_together_and_hear_of_it_or_none_goes() {
        let plan = kick(&scene(), ADMIN, &[MEMBER, STRANGER, ELDER_MEMBER]).unwrap();
        assert_eq!(plan.also, [MEMBER, ELDER_MEMBER]);
        assert_eq!(plan.events[0].uins, [MEMBER, ELDER_MEMBER]);
        let group = apply(&scene(), &plan);
        assert!(
            kick(&group, OWNER, &[MEMBER, ELDER_MEMBER])
                .unwrap()
                .is_empty()
        );
        let refused = kick(&scene(), ADMIN, &[MEMBER, ELDER_ADMIN]);
        assert_eq!(refused, Err(Refusal::RoleNotLower));
    }
}
