//! What a change writes to its group, and whose lists it concerns.

use crate::layout::{self, Concerned, INFO, MEMBER, PENDING, QUESTION, key};
use bytes::Bytes;
use im_engine::{Batch, Condition};
use im_idl::group::{Info, Member, Role};
use im_idl::group_store::ChangeRequest;
use im_idl::ids;
use prost::Message;
use std::collections::HashMap;
use svrkit_rt::Status;

/// Members and questions in one change. Groups are smaller: a change that makes or ends one fits.
const ROWS_PER_CHANGE_MAX: usize = 5_000;

/// What the group holds of what a change touches.
#[derive(Debug, Default)]
pub(crate) struct Before {
    pub(crate) info: Option<Info>,
    /// Those that the change puts or removes, if they are members.
    pub(crate) members: HashMap<u64, Member>,
}

/// A change worked out.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) batch: Batch,
    pub(crate) concerned: Concerned,
}

/// Looks at a change by itself.
///
/// # Errors
/// `InvalidArgument` when it makes no sense whatever the group is like.
pub(crate) fn check(request: &ChangeRequest) -> Result<(), Status> {
    let refuse = |message: &'static str| Err(Status::invalid_argument(message));
    if !ids::is_group(request.group) {
        return refuse("not a group's number");
    }
    let rows = request.put_members.len()
        + request.remove_members.len()
        + request.put_questions.len()
        + request.remove_questions.len();
    if rows > ROWS_PER_CHANGE_MAX {
        return refuse("too many rows in one change");
    }
    let role_is_one =
        |member: &Member| Role::try_from(member.role).is_ok_and(|role| role != Role::None);
    if !request.put_members.iter().all(role_is_one) {
        return refuse("a member without a role");
    }
    let put = request.put_members.iter().map(|member| member.uin);
    let mut members: Vec<u64> = put.chain(request.remove_members.iter().copied()).collect();
    let asked = request.put_questions.iter().map(|question| question.uin);
    let mut questions: Vec<u64> = asked
        .chain(request.remove_questions.iter().copied())
        .collect();
    if !members
        .iter()
        .chain(&questions)
        .all(|uin| ids::is_uin(*uin))
    {
        return refuse("not a user's number");
    }
    if has_twice(&mut members) || has_twice(&mut questions) {
        return refuse("a user comes twice");
    }
    Ok(())
}

/// The members that a change touches.
pub(crate) fn touched(request: &ChangeRequest) -> impl Iterator<Item = u64> + '_ {
    let put = request.put_members.iter().map(|member| member.uin);
    put.chain(request.remove_members.iter().copied())
}

/// Works out a change that passed [`check`] of a group at its `expected_version`.
///
/// # Errors
/// `NotFound` when there is no group and the change does not make one.
pub(crate) fn plan(request: ChangeRequest, before: Before) -> Result<Plan, Status> {
    let named = request.info.is_some();
    let info = match (request.info, &before.info) {
        (Some(info), _) => info,
        (None, Some(info)) => info.clone(),
        (None, None) => return Err(Status::not_found("no such group")),
    };
    let renamed = before
        .info
        .as_ref()
        .is_some_and(|old| old.name != info.name);
    let members_before = before.info.as_ref().map_or(0, |old| old.members);
    let role_before = |uin| before.members.get(uin).map_or(0, |member| member.role);
    let come = request.put_members.iter();
    let come = come.filter(|member| role_before(&member.uin) == 0).count();
    let gone = request.remove_members.iter();
    let gone = gone.filter(|uin| role_before(uin) != 0);
    let members = (members_before + come as u32).saturating_sub(gone.clone().count() as u32);

    let changed = request.put_members.iter();
    let changed = changed.filter(|member| role_before(&member.uin) != member.role);
    let concerned = Concerned {
        everyone: renamed,
        uins: changed
            .map(|member| member.uin)
            .chain(gone.copied())
            .collect(),
    };

    let version = request.expected_version;
    let mut batch = Batch::new(layout::group(request.group)).when(Condition::PartitionAt(version));
    if named || members != members_before {
        let group = request.group;
        let info = Info {
            group,
            members,
            ..info
        };
        batch = batch.put(INFO, info.encode_to_vec());
    }
    for member in request.put_members {
        let nickname = String::new();
        let member = Member { nickname, ..member };
        batch = batch.put(key(MEMBER, member.uin), member.encode_to_vec());
    }
    for question in request.put_questions {
        batch = batch.put(key(QUESTION, question.uin), question.encode_to_vec());
    }
    batch = delete(batch, MEMBER, &request.remove_members);
    batch = delete(batch, QUESTION, &request.remove_questions);
    if !concerned.is_empty() {
        batch = batch.put(key(PENDING, version + 1), concerned.encode());
    }
    Ok(Plan { batch, concerned })
}

/// The rows that [`plan`] wants to know: the info, then the members touched.
pub(crate) fn rows(request: &ChangeRequest) -> Vec<Bytes> {
    let members = touched(request).map(|uin| key(MEMBER, uin));
    std::iter::once(INFO).chain(members).collect()
}

fn delete(batch: Batch, letter: u8, uins: &[u64]) -> Batch {
    uins.iter()
        .fold(batch, |batch, uin| batch.delete(key(letter, *uin)))
}

fn has_twice(uins: &mut [u64]) -> bool {
    uins.sort_unstable();
    uins.windows(2).any(|pair| pair[0] == pair[1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use im_engine::Op;

    const GROUP: u64 = ids::GROUP_BIT | 1;

    fn member(uin: u64, role: Role) -> Member {
        let role = role.into();
        Member {
            uin,
            role,
            ..Member::default()
        }
    }

    fn before(members: &[Member]) -> Before {
        Before {
            info: Some(Info {
                name: "chess".into(),
                members: 10,
                ..Info::default()
            }),
            members: members.iter().map(|m| (m.uin, m.clone())).collect(),
        }
    }

    fn change() -> ChangeRequest {
        ChangeRequest {
            group: GROUP,
            expected_version: 4,
            ..ChangeRequest::default()
        }
    }

    fn written_info(plan: &Plan) -> Option<Info> {
        plan.batch.ops.iter().find_map(|op| match op {
            Op::Put { key, value } if *key == INFO => Some(Info::decode(&value[..]).unwrap()),
            _ => None,
        })
    }

    #[test]
    fn members_are_counted_here_and_lists_concern_those_whose_role_changed() {
        let request = ChangeRequest {
            put_members: vec![
                member(10_001, Role::Member),
                member(10_002, Role::Admin),
                member(10_003, Role::Admin),
                member(10_006, Role::Member),
            ],
            remove_members: vec![10_004, 10_005],
            ..change()
        };
        let before = before(&[
            member(10_002, Role::Member),
            member(10_003, Role::Admin),
            member(10_004, Role::Member),
        ]);
        let plan = plan(request, before).unwrap();
        assert_eq!(written_info(&plan).unwrap().members, 11);
        let concerned = Concerned {
            everyone: false,
            uins: vec![10_001, 10_002, 10_006, 10_004],
        };
        assert_eq!(plan.concerned, concerned);
        assert_eq!(plan.batch.conditions, [Condition::PartitionAt(4)]);
    }

    #[test]
    fn only_a_new_name_concerns_everyone() {
        let info = |name: &str| Info {
            name: name.into(),
            members: 999,
            ..Info::default()
        };
        let renamed = ChangeRequest {
            info: Some(info("go")),
            ..change()
        };
        let renamed = plan(renamed, before(&[])).unwrap();
        assert!(renamed.concerned.everyone);
        assert_eq!(written_info(&renamed).unwrap().members, 10);
        let notice = ChangeRequest {
            info: Some(info("chess")),
            ..change()
        };
        assert!(plan(notice, before(&[])).unwrap().concerned.is_empty());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let refused = |request: ChangeRequest| check(&request).is_err();
        assert!(check(&change()).is_ok());
        assert!(refused(ChangeRequest {
            group: 10_001,
            ..change()
        }));
        assert!(refused(ChangeRequest {
            put_members: vec![member(10_001, Role::None)],
            ..change()
        }));
        assert!(refused(ChangeRequest {
            put_members: vec![member(GROUP, Role::Member)],
            ..change()
        }));
        assert!(refused(ChangeRequest {
            put_members: vec![member(10_001, Role::Member)],
            remove_members: vec![10_001],
            ..change()
        }));
        assert!(refused(ChangeRequest {
            remove_questions: vec![10_001; 2],
            ..change()
        }));
        assert!(plan(change(), Before::default()).is_err());
    }
}
