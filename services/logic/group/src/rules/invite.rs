//! Bringing friends in.

use super::{questions, room};
use crate::config::Config;
use crate::group::Group;
use crate::newcomers::Newcomers;
use crate::plan::{Plan, event, newcomer};
use crate::refusal::Refusal;
use im_idl::group::{JoinQuestion, Role};
use im_idl::group_store::ChangeRequest;
use im_idl::message::group_event::Kind;

/// What became of those who were invited.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Invited {
    /// Now in the group, or were before.
    pub(crate) added: Vec<u64>,
    /// Wait for an admin.
    pub(crate) pending: Vec<u64>,
}

/// `actor` brings in `uins`. Where joining needs approval and he is no admin, he asks for them.
pub(crate) fn invite(
    group: &Group,
    actor: u64,
    uins: &[u64],
    known: &Newcomers,
    config: &Config,
    now_ms: u64,
) -> Result<(Plan, Invited), Refusal> {
    let role = group.require(actor, Role::Member)?;
    let (mut added, new): (Vec<u64>, Vec<u64>) = uins.iter().partition(|uin| group.has(**uin));
    if new.is_empty() {
        let pending = Vec::new();
        return Ok((Plan::default(), Invited { added, pending }));
    }
    known.require_friends(&new)?;
    room::admit(group.members.len(), &new, known, config)?;
    if group.info.join_needs_approval && role < Role::Admin {
        let plan = ask_for(group, actor, &new, config, now_ms)?;
        let pending = new;
        return Ok((plan, Invited { added, pending }));
    }
    let asked = |uin: &u64| group.questions.contains_key(uin);
    let change = ChangeRequest {
        put_members: new
            .iter()
            .map(|uin| newcomer(*uin, Role::Member, now_ms))
            .collect(),
        remove_questions: new.iter().copied().filter(asked).collect(),
        ..ChangeRequest::default()
    };
    added.extend_from_slice(&new);
    let plan = Plan {
        change,
        events: vec![event(Kind::Joined, actor, new)],
        also: Vec::new(),
    };
    let pending = Vec::new();
    Ok((plan, Invited { added, pending }))
}

fn ask_for(
    group: &Group,
    actor: u64,
    uins: &[u64],
    config: &Config,
    now_ms: u64,
) -> Result<Plan, Refusal> {
    let waiting = |uin: &&u64| questions::is_waiting(group, **uin, config, now_ms);
    let new = uins.iter().filter(|uin| !waiting(uin));
    let new: Vec<JoinQuestion> = new
        .map(|uin| JoinQuestion {
            uin: *uin,
            invited_by: actor,
            greeting: String::new(),
            asked_ms: now_ms,
        })
        .collect();
    if new.is_empty() {
        return Ok(Plan::default());
    }
    questions::ask(group, new, config, now_ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::scene::{
        ADMIN, ALL, MEMBER, NOW_MS, OTHER_STRANGER, OWNER, STRANGER, apply, known, scene,
    };

    const NEW: [u64; 2] = [STRANGER, OTHER_STRANGER];

    fn run(group: &Group, actor: u64, uins: &[u64]) -> Result<(Plan, Invited), Refusal> {
        let config = Config {
            members_max: 8,
            ..Config::default()
        };
        invite(group, actor, uins, &known(&NEW), &config, NOW_MS)
    }

    #[test]
    fn every_member_brings_in_friends_where_joining_is_free() {
        for actor in [OWNER, ADMIN, MEMBER] {
            let (plan, invited) = run(&scene(), actor, &NEW).unwrap();
            assert_eq!(invited.added, NEW);
            let group = apply(&scene(), &plan);
            assert!(NEW.iter().all(|uin| group.role(*uin) == Role::Member));
            assert_eq!(plan.events, [event(Kind::Joined, actor, NEW.to_vec())]);
        }
        assert_eq!(run(&scene(), STRANGER, &NEW), Err(Refusal::NotAMember));
    }

    #[test]
    fn where_it_needs_approval_members_ask_and_admins_bring_in() {
        let mut group = scene();
        group.info.join_needs_approval = true;
        for actor in [OWNER, ADMIN] {
            assert_eq!(run(&group, actor, &NEW).unwrap().1.added, NEW);
        }
        let (plan, invited) = run(&group, MEMBER, &NEW).unwrap();
        assert_eq!((invited.added, invited.pending), (vec![], NEW.to_vec()));
        assert!(plan.events.is_empty());
        let asked = apply(&group, &plan);
        assert_eq!(asked.questions[&STRANGER].invited_by, MEMBER);
        assert_eq!(asked.members, group.members);

        let (again, invited) = run(&asked, MEMBER, &NEW).unwrap();
        assert!(again.is_empty());
        assert_eq!(invited.pending, NEW);
        let (plan, _) = run(&asked, ADMIN, &NEW).unwrap();
        assert!(apply(&asked, &plan).questions.is_empty());
    }

    #[test]
    fn an_invitation_repeated_changes_nothing() {
        let (plan, invited) = run(&scene(), OWNER, &NEW).unwrap();
        let group = apply(&scene(), &plan);
        let (again, the_same) = run(&group, OWNER, &NEW).unwrap();
        assert!(again.is_empty());
        assert_eq!(the_same, invited);
        let (plan, _) = run(&group, OWNER, &ALL).unwrap();
        assert!(plan.is_empty(), "members need not be friends");
    }

    #[test]
    fn who_is_no_friend_or_does_not_fit_is_refused_with_all_others() {
        let stranger = 99_999;
        let refused = run(&scene(), OWNER, &[STRANGER, stranger]);
        assert_eq!(refused, Err(Refusal::NotAFriend));
        let config = Config {
            members_max: scene().members.len() + 1,
            ..Config::default()
        };
        let run = |uins: &[u64], known: &Newcomers| {
            invite(&scene(), OWNER, uins, known, &config, NOW_MS).map(|_| ())
        };
        assert_eq!(run(&NEW[..1], &known(&NEW)), Ok(()));
        assert_eq!(run(&NEW, &known(&NEW)), Err(Refusal::GroupFull));
        let busy = known(&NEW).with_count(STRANGER, config.groups_joined_max, 0);
        assert_eq!(run(&NEW[..1], &busy), Err(Refusal::TooManyGroups));
    }
}
