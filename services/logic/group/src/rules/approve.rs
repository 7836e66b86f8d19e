//! An admin's answer to somebody who wants in.

use super::join::let_in;
use super::room;
use crate::config::Config;
use crate::group::Group;
use crate::newcomers::Newcomers;
use crate::plan::Plan;
use crate::refusal::Refusal;
use im_idl::group::Role;
use im_idl::group_store::ChangeRequest;

/// `actor` lets `uin` in, or sends him away.
pub(crate) fn approve(
    group: &Group,
    actor: u64,
    uin: u64,
    accept: bool,
    known: &Newcomers,
    config: &Config,
    now_ms: u64,
) -> Result<Plan, Refusal> {
    group.require(actor, Role::Admin)?;
    let asked = group.questions.contains_key(&uin);
    match (accept, asked) {
        // Said before, or he came in by another way.
        (true, _) if group.has(uin) => Ok(Plan::default()),
        (true, false) => Err(Refusal::NoSuchQuestion),
        (true, true) => {
            room::admit(group.members.len(), &[uin], known, config)?;
            Ok(let_in(group, actor, uin, now_ms))
        }
        (false, false) => Ok(Plan::default()),
        (false, true) => {
            let change = ChangeRequest {
                remove_questions: vec![uin],
                ..ChangeRequest::default()
            };
            Ok(Plan {
                change,
                ..Plan::default()
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::scene::{
        ADMIN, MEMBER, NOW_MS, OWNER, STRANGER, apply, known, scene, with_question,
    };

    fn run(group: &Group, actor: u64, uin: u64, accept: bool) -> Result<Plan, Refusal> {
        let config = Config::default();
        approve(group, actor, uin, accept, &known(&[]), &config, NOW_MS)
    }

    #[test]
    fn admins_let_in_or_send_away_and_nobody_else_does() {
        let asked = with_question(STRANGER);
        for actor in [OWNER, ADMIN] {
            let group = apply(&asked, &run(&asked, actor, STRANGER, true).unwrap());
            assert_eq!(group.role(STRANGER), Role::Member);
            assert!(group.questions.is_empty());
            let group = apply(&asked, &run(&asked, actor, STRANGER, false).unwrap());
            assert_eq!(group.role(STRANGER), Role::None);
            assert!(group.questions.is_empty());
        }
        for accept in [true, false] {
            let refused = run(&asked, MEMBER, STRANGER, accept);
            assert_eq!(refused, Err(Refusal::AdminsOnly));
            let refused = run(&asked, STRANGER, STRANGER, accept);
            assert_eq!(refused, Err(Refusal::NotAMember));
        }
    }

    #[test]
    fn an_answer_repeated_changes_nothing_and_none_is_given_to_who_did_not_ask() {
        let asked = with_question(STRANGER);
        let accepted = apply(&asked, &run(&asked, OWNER, STRANGER, true).unwrap());
        assert_eq!(run(&accepted, OWNER, STRANGER, true), Ok(Plan::default()));
        let refused = apply(&asked, &run(&asked, OWNER, STRANGER, false).unwrap());
        assert_eq!(run(&refused, OWNER, STRANGER, false), Ok(Plan::default()));
        let unasked = run(&scene(), OWNER, STRANGER, true);
        assert_eq!(unasked, Err(Refusal::NoSuchQuestion));
    }

    #[test]
    fn who_does_not_fit_goes_on_waiting() {
        let asked = with_question(STRANGER);
        let config = Config {
            members_max: asked.members.len(),
            ..Config::default()
        };
        let full = approve(&asked, OWNER, STRANGER, true, &known(&[]), &config, NOW_MS);
        assert_eq!(full, Err(Refusal::GroupFull));
        let config = Config::default();
        let busy = known(&[]).with_count(STRANGER, config.groups_joined_max, 0);
        let busy = approve(&asked, OWNER, STRANGER, true, &busy, &config, NOW_MS);
        assert_eq!(busy, Err(Refusal::TooManyGroups));
    }
}
