//! What holds of a group whatever anybody does, in whichever order.

use super::scene::{ALL, NOW_MS, OTHER_STRANGER, STRANGER, apply, known, scene};
use super::*;
use crate::config::Config;
use crate::group::Group;
use crate::plan::Plan;
use crate::refusal::Refusal;
use im_idl::group::{Role, UpdateRequest};
use svrkit_rt::testing::run_test;

const PEOPLE: [u64; 7] = [
    ALL[0],
    ALL[1],
    ALL[2],
    ALL[3],
    ALL[4],
    STRANGER,
    OTHER_STRANGER,
];
const STEPS: usize = 20_000;

/// Somebody does something, to somebody.
fn step(group: &Group, config: &Config, now_ms: u64) -> Result<Plan, Refusal> {
    let anybody = || PEOPLE[fastrand::usize(..PEOPLE.len())];
    let (actor, uin) = (anybody(), anybody());
    let known = known(&PEOPLE);
    match fastrand::u8(..9) {
        0 => invite(group, actor, &[uin], &known, config, now_ms).map(|(plan, _)| plan),
        1 | 2 => join(group, actor, "", &known, config, now_ms).map(|(plan, _)| plan),
        3 => approve(group, actor, uin, fastrand::bool(), &known, config, now_ms),
        4 => Ok(leave(group, actor)),
        5 => kick(group, actor, &[uin]),
        6 => {
            let role = role_to_give(fastrand::i32(1..=3))?;
            set_role(group, actor, uin, role, &known, config)
        }
        7 => mute(group, actor, uin, fastrand::u32(..100), now_ms),
        _ => {
            let wanted = UpdateRequest {
                join_needs_approval: Some(fastrand::bool()),
                ..UpdateRequest::default()
            };
            update(group, actor, &wanted).map(|(plan, _)| plan)
        }
    }
}

fn assert_sound(group: &Group, config: &Config) {
    let members = group.members.values();
    let owners: Vec<u64> = members
        .filter(|member| member.role() == Role::Owner)
        .map(|member| member.uin)
        .collect();
    if group.info.dissolved {
        assert!(group.members.is_empty() && group.questions.is_empty());
    } else {
        assert_eq!(owners, [group.info.owner]);
    }
    assert!(group.members.len() <= config.members_max);
    assert!(group.questions.len() <= config.questions_max);
    let both = group.questions.keys().find(|uin| group.has(**uin));
    assert_eq!(both, None, "a member still asks to be let in");
}

#[test]
fn one_owner_and_never_too_many_members() {
    run_test("walk", |_| async {
        let config = Config {
            members_max: 6,
            questions_max: 2,
            ..Config::default()
        };
        let (mut group, mut now_ms) = (scene(), NOW_MS);
        let (mut done, mut ended) = (0, 0);
        for _ in 0..STEPS {
            now_ms += fastrand::u64(..3_600_000);
            let Ok(plan) = step(&group, &config, now_ms) else {
                continue;
            };
            if !plan.is_empty() {
                done += 1;
                group = apply(&group, &plan);
                assert_sound(&group, &config);
            }
            if group.info.dissolved {
                ended += 1;
                group = scene();
            }
        }
        assert!(
            done > STEPS / 10 && ended > 0,
            "{done} changes, {ended} ends"
        );
    });
}
