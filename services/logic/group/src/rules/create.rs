//! Making a group.

use super::room;
use crate::config::Config;
use crate::group::Group;
use crate::newcomers::Newcomers;
use crate::plan::{Plan, event, newcomer};
use crate::refusal::Refusal;
use im_idl::group::{Info, Role};
use im_idl::group_store::ChangeRequest;
use im_idl::message::GroupEvent;
use im_idl::message::group_event::Kind;

/// A group called `name` that `owner` makes with `uins`, who all must have him as a friend.
pub(crate) fn create(
    owner: u64,
    name: String,
    join_needs_approval: bool,
    uins: Vec<u64>,
    known: &Newcomers,
    config: &Config,
    now_ms: u64,
) -> Result<(Plan, Info), Refusal> {
    let others: Vec<u64> = uins.into_iter().filter(|uin| *uin != owner).collect();
    known.require_friends(&others)?;
    room::own(owner, known, config)?;
    room::admit(1, &others, known, config)?;
    room::admit(0, &[owner], known, config)?;
    let info = Info {
        name,
        owner,
        join_needs_approval,
        members: others.len() as u32 + 1,
        created_ms: now_ms,
        ..Group::default().info
    };
    let members = others
        .iter()
        .map(|uin| newcomer(*uin, Role::Member, now_ms));
    let owning = newcomer(owner, Role::Owner, now_ms);
    let change = ChangeRequest {
        info: Some(info.clone()),
        put_members: std::iter::once(owning).chain(members).collect(),
        ..ChangeRequest::default()
    };
    let created = GroupEvent {
        text: info.name.clone(),
        ..event(Kind::Created, owner, others)
    };
    let plan = Plan {
        change,
        events: vec![created],
        also: Vec::new(),
    };
    Ok((plan, info))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::scene::{ADMIN, MEMBER, NOW_MS, OWNER, STRANGER, known};

    fn make(uins: &[u64], known: &Newcomers, config: &Config) -> Result<(Plan, Info), Refusal> {
        create(
            OWNER,
            "go".into(),
            true,
            uins.to_vec(),
            known,
            config,
            NOW_MS,
        )
    }

    #[test]
    fn whoever_makes_it_owns_it() {
        let known = known(&[ADMIN, MEMBER]);
        let (plan, info) = make(&[ADMIN, OWNER, MEMBER], &known, &Config::default()).unwrap();
        let roles = plan.change.put_members.iter().map(|m| (m.uin, m.role()));
        let expected = [
            (OWNER, Role::Owner),
            (ADMIN, Role::Member),
            (MEMBER, Role::Member),
        ];
        assert_eq!(roles.collect::<Vec<_>>(), expected);
        assert_eq!((info.owner, info.members), (OWNER, 3));
        assert_eq!((info.join_needs_approval, info.created_ms), (true, NOW_MS));
        assert_eq!(plan.events[0].uins, [ADMIN, MEMBER]);
        assert_eq!(plan.change.info.unwrap(), info);
    }

    #[test]
    fn only_friends_and_only_within_bounds() {
        let config = Config {
            members_max: 3,
            groups_joined_max: 5,
            groups_owned_max: 2,
            ..Config::default()
        };
        let make = |uins: &[u64], known: &Newcomers| make(uins, known, &config).map(|_| ());
        assert_eq!(make(&[], &known(&[])), Ok(()));
        assert_eq!(make(&[STRANGER], &known(&[])), Err(Refusal::NotAFriend));
        let friends = [ADMIN, MEMBER, STRANGER];
        assert_eq!(make(&friends[..2], &known(&friends)), Ok(()));
        assert_eq!(make(&friends, &known(&friends)), Err(Refusal::GroupFull));
        let busy = |uin, joined, owned| known(&friends).with_count(uin, joined, owned);
        assert_eq!(make(&[ADMIN], &busy(ADMIN, 4, 0)), Ok(()));
        let refused = make(&[ADMIN], &busy(ADMIN, 5, 0));
        assert_eq!(refused, Err(Refusal::TooManyGroups));
        assert_eq!(make(&[], &busy(OWNER, 5, 0)), Err(Refusal::TooManyGroups));
        assert_eq!(make(&[], &busy(OWNER, 4, 2)), Err(Refusal::TooManyOwned));
        assert_eq!(make(&[], &busy(OWNER, 4, 1)), Ok(()));
    }
}
