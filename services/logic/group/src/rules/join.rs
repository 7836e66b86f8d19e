//! Coming in on one's own.

use super::{questions, room};
use crate::config::Config;
use crate::group::Group;
use crate::newcomers::Newcomers;
use crate::plan::{Plan, event, newcomer};
use crate::refusal::Refusal;
use im_idl::group::{JoinQuestion, Role};
use im_idl::group_store::ChangeRequest;
use im_idl::message::group_event::Kind;

/// `actor` comes in, or asks to. Answers whether he is in.
pub(crate) fn join(
    group: &Group,
    actor: u64,
    greeting: &str,
    known: &Newcomers,
    config: &Config,
    now_ms: u64,
) -> Result<(Plan, bool), Refusal> {
    if group.info.dissolved {
        return Err(Refusal::NoSuchGroup);
    }
    if group.has(actor) {
        return Ok((Plan::default(), true));
    }
    room::admit(group.members.len(), &[actor], known, config)?;
    if !group.info.join_needs_approval {
        return Ok((let_in(group, actor, actor, now_ms), true));
    }
    if questions::is_waiting(group, actor, config, now_ms) {
        return Ok((Plan::default(), false));
    }
    let question = JoinQuestion {
        uin: actor,
        invited_by: 0,
        greeting: greeting.to_owned(),
        asked_ms: now_ms,
    };
    let plan = questions::ask(group, vec![question], config, now_ms)?;
    Ok((plan, false))
}

/// `uin` comes in by the doing of `by`; his question has been answered.
pub(super) fn let_in(group: &Group, by: u64, uin: u64, now_ms: u64) -> Plan {
    let asked = group.questions.contains_key(&uin);
    let change = ChangeRequest {
        put_members: vec![newcomer(uin, Role::Member, now_ms)],
        remove_questions: asked.then_some(uin).into_iter().collect(),
        ..ChangeRequest::default()
    };
    Plan {
        change,
        events: vec![event(Kind::Joined, by, vec![uin])],
        also: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::scene::{ALL, NOW_MS, STRANGER, apply, known, scene};

    fn run(group: &Group, actor: u64) -> Result<(Plan, bool), Refusal> {
        let config = Config::default();
        join(group, actor, "hello", &known(&[]), &config, NOW_MS)
    }

    #[test]
    fn anybody_comes_in_where_joining_is_free_once() {
        let (plan, joined) = run(&scene(), STRANGER).unwrap();
        assert!(joined);
        let group = apply(&scene(), &plan);
        assert_eq!(group.role(STRANGER), Role::Member);
        assert_eq!(group.members[&STRANGER].joined_ms, NOW_MS);
        for uin in ALL.into_iter().chain([STRANGER]) {
            assert_eq!(run(&group, uin), Ok((Plan::default(), true)));
        }
    }

    #[test]
    fn where_it_needs_approval_he_asks_once() {
        let mut group = scene();
        group.info.join_needs_approval = true;
        let (plan, joined) = run(&group, STRANGER).unwrap();
        assert!(!joined && plan.events.is_empty());
        let asked = apply(&group, &plan);
        assert_eq!(asked.role(STRANGER), Role::None);
        assert_eq!(asked.questions[&STRANGER].greeting, "hello");
        assert_eq!(run(&asked, STRANGER), Ok((Plan::default(), false)));

        let mut free = asked;
        free.info.join_needs_approval = false;
        let (plan, joined) = run(&free, STRANGER).unwrap();
        assert!(joined && apply(&free, &plan).questions.is_empty());
    }

    #[test]
    fn nobody_comes_into_what_has_ended_or_is_full() {
        let mut ended = scene();
        ended.info.dissolved = true;
        assert_eq!(run(&ended, STRANGER), Err(Refusal::NoSuchGroup));
        let config = Config {
            members_max: scene().members.len(),
            ..Config::default()
        };
        let refused = join(&scene(), STRANGER, "", &known(&[]), &config, NOW_MS);
        assert_eq!(refused, Err(Refusal::GroupFull));
        let config = Config {
            questions_max: 1,
            ..Config::default()
        };
        let mut crowded = scene();
        crowded.info.join_needs_approval = true;
        let (plan, _) = join(&crowded, STRANGER, "", &known(&[]), &config, NOW_MS).unwrap();
        let crowded = apply(&crowded, &plan);
        let refused = join(&crowded, STRANGER + 9, "", &known(&[]), &config, NOW_MS);
        assert_eq!(refused, Err(Refusal::TooManyQuestions));
    }
}
