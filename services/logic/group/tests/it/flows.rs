//! What users do with groups, and what becomes of it.

use crate::world::{ADA, BOB, EVE, KAY, World, by, refusal};
use im_group::{Config, Refusal};
use im_idl::group::{
    ApproveRequest, CreateRequest, GetRequest, JoinRequest, KickRequest, MembersRequest,
    MuteRequest, RequestsRequest, Role, UpdateRequest,
};
use svrkit_rt::testing::run_test;
use svrkit_rt::{Code, clock};

#[test]
fn a_group_is_made_and_seen_by_those_in_it() {
    run_test("flows", |_| async {
        let world = World::new(Config::default()).await;
        let nicknames = [(ADA, "Ada".to_owned()), (EVE, "Eve".to_owned())];
        world.peers.memory().nicknames = nicknames.into();
        let request = CreateRequest {
            name: " chess ".into(),
            members: vec![EVE, BOB, EVE, ADA],
            join_needs_approval: true,
        };
        let created = world.group.create_with(by(ADA, request)).await.unwrap();
        let info = created.message.info.unwrap();
        assert_eq!((info.name.as_str(), info.owner), ("chess", ADA));
        assert_eq!((info.members, info.join_needs_approval), (3, true));

        let group = info.group;
        let get = |uin| world.group.get_with(by(uin, GetRequest { group }));
        let seen = get(BOB).await.unwrap().message;
        assert_eq!(seen.info, Some(info));
        assert_eq!(seen.me.unwrap().role(), Role::Member);
        assert_eq!(refusal(get(KAY).await), Refusal::NotAMember);

        let members = |uin, after, rows_max| {
            let request = MembersRequest {
                group,
                after,
                rows_max,
            };
            world.group.members_with(by(uin, request))
        };
        let page = members(BOB, 0, 2).await.unwrap().message;
        let shown = page.members.iter().map(|m| (m.uin, m.nickname.as_str()));
        assert_eq!(shown.collect::<Vec<_>>(), [(ADA, "Ada"), (BOB, "")]);
        assert!(page.more);
        let page = members(BOB, BOB, 2).await.unwrap().message;
        assert_eq!(page.members[0].uin, EVE);
        assert_eq!((page.members.len(), page.more), (1, false));
        assert_eq!(refusal(members(KAY, 0, 0).await), Refusal::NotAMember);
    });
}

#[test]
fn only_those_who_have_him_as_a_friend_are_brought_in() {
    run_test("flows", |_| async {
        let world = World::new(Config::default()).await;
        let group = world.create(ADA, &[]).await;
        // That Ada has Bob as a friend says nothing; nor does a friendship with a block on it.
        world.peers.memory().friends.remove(&(BOB, ADA));
        world.peers.memory().blocked.insert((EVE, ADA));
        for uin in [BOB, EVE] {
            let refused = world.invite(ADA, group, &[uin]).await;
            assert_eq!(refusal(refused), Refusal::NotAFriend);
            let request = CreateRequest {
                name: "go".into(),
                members: vec![uin],
                ..CreateRequest::default()
            };
            let refused = world.group.create_with(by(ADA, request)).await;
            assert_eq!(refusal(refused), Refusal::NotAFriend);
        }
        assert_eq!(world.invite(ADA, group, &[KAY]).await.unwrap(), [KAY]);
        assert_eq!(
            refusal(world.invite(BOB, group, &[EVE]).await),
            Refusal::NotAMember
        );
    });
}

#[test]
fn who_asks_waits_for_an_admin() {
    run_test("flows", |_| async {
        let world = World::new(Config::default()).await;
        let group = world.create(ADA, &[BOB]).await;
        let approval = UpdateRequest {
            group,
            join_needs_approval: Some(true),
            ..UpdateRequest::default()
        };
        world.group.update_with(by(ADA, approval)).await.unwrap();
        assert!(!world.join(EVE, group).await.unwrap());
        assert!(!world.join(EVE, group).await.unwrap());
        assert_eq!(world.invite(BOB, group, &[KAY]).await.unwrap(), [0; 0]);

        let requests = |uin| {
            world
                .group
                .requests_with(by(uin, RequestsRequest { group }))
        };
        assert_eq!(refusal(requests(BOB).await), Refusal::AdminsOnly);
        let questions = requests(ADA).await.unwrap().message.questions;
        let questions = questions
            .iter()
            .map(|q| (q.uin, q.invited_by, q.greeting.as_str()));
        assert_eq!(
            questions.collect::<Vec<_>>(),
            [(EVE, 0, "hello"), (KAY, BOB, "")]
        );

        let answer = |uin, accept| {
            let request = ApproveRequest { group, uin, accept };
            world.group.approve_with(by(ADA, request))
        };
        for _ in 0..2 {
            answer(EVE, true).await.unwrap();
            answer(KAY, false).await.unwrap();
        }
        let expected = [(ADA, Role::Owner), (BOB, Role::Member), (EVE, Role::Member)];
        assert_eq!(world.members(group), expected);
        assert!(requests(ADA).await.unwrap().message.questions.is_empty());
    });
}

#[test]
fn a_group_goes_from_hand_to_hand_until_it_ends() {
    run_test("flows", |_| async {
        let world = World::new(Config::default()).await;
        let group = world.create(ADA, &[BOB, EVE]).await;
        world.set_role(ADA, group, EVE, Role::Admin).await.unwrap();
        world.set_role(ADA, group, BOB, Role::Owner).await.unwrap();
        let expected = [(ADA, Role::Admin), (BOB, Role::Owner), (EVE, Role::Admin)];
        assert_eq!(world.members(group), expected);
        for uin in [BOB, BOB, ADA] {
            world.leave(uin, group).await.unwrap();
        }
        assert_eq!(world.members(group), [(EVE, Role::Owner)]);
        world.leave(EVE, group).await.unwrap();
        assert!(world.peers.memory().kept(group).unwrap().info.dissolved);
        assert_eq!(refusal(world.join(ADA, group).await), Refusal::NoSuchGroup);
    });
}

#[test]
fn admins_keep_order() {
    run_test("flows", |_| async {
        let world = World::new(Config::default()).await;
        let group = world.create(ADA, &[BOB, EVE, KAY]).await;
        world.set_role(ADA, group, BOB, Role::Admin).await.unwrap();
        let mute = MuteRequest {
            group,
            uin: EVE,
            seconds: 60,
        };
        world.group.mute_with(by(BOB, mute)).await.unwrap();
        let eve = world.peers.memory().kept(group).unwrap().members[&EVE].clone();
        assert_eq!(eve.muted_until_ms, clock::now_ms() + 60_000);
        let kick = |actor, uins: &[u64]| {
            let uins = uins.to_vec();
            let request = KickRequest { group, uins };
            world.group.kick_with(by(actor, request))
        };
        assert_eq!(refusal(kick(BOB, &[ADA]).await), Refusal::RoleNotLower);
        kick(BOB, &[EVE, KAY]).await.unwrap();
        kick(BOB, &[EVE, KAY]).await.unwrap();
        assert_eq!(
            world.members(group),
            [(ADA, Role::Owner), (BOB, Role::Admin)]
        );

        let update = |name: &str| {
            let name = Some(name.to_owned());
            let request = UpdateRequest {
                group,
                name,
                ..UpdateRequest::default()
            };
            world.group.update_with(by(BOB, request))
        };
        let info = update("go").await.unwrap().message.info.unwrap();
        assert_eq!(
            (info.group, info.name.as_str(), info.members),
            (group, "go", 2)
        );
        assert_eq!(refusal(update(" ").await), Refusal::BadName);
    });
}

#[test]
fn news_of_lists_go_to_those_whose_lists_changed() {
    run_test("flows", |_| async {
        let world = World::new(Config::default()).await;
        let group = world.create(ADA, &[BOB, EVE]).await;
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        let mut news = std::mem::take(&mut world.peers.memory().news);
        news.sort_unstable();
        assert_eq!(news, [(ADA, 1), (BOB, 1), (EVE, 1)]);
        world.leave(BOB, group).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        assert_eq!(world.peers.memory().news, [(BOB, 2)]);
    });
}

#[test]
fn who_has_not_logged_in_or_names_what_is_not_there_is_refused() {
    run_test("flows", |_| async {
        let world = World::new(Config::default()).await;
        let group = world.create(ADA, &[]).await;
        let join = JoinRequest {
            group,
            ..JoinRequest::default()
        };
        let anonymous = world.group.join(join).await.unwrap_err();
        assert_eq!(anonymous.code(), Code::Unauthenticated);
        for nothing in [0, ADA, group + 1, u64::MAX] {
            assert_eq!(
                refusal(world.join(BOB, nothing).await),
                Refusal::NoSuchGroup
            );
            let get = GetRequest { group: nothing };
            let get = world.group.get_with(by(BOB, get)).await;
            assert_eq!(refusal(get), Refusal::NoSuchGroup);
        }
        for uins in [&[][..], &[1], &[group], &[u64::MAX], &[BOB; 501]] {
            let refused = world.invite(ADA, group, uins).await;
            assert_eq!(refusal(refused), Refusal::BadUins);
        }
    });
}
