//! Everything of a user goes.

use crate::service::{PASSWORD, by, login, registration, service, somebody, verify};
use crate::world::{Fate, State, World};
use im_account::Refused;
use im_idl::account::{AccountClient, DeleteAccountRequest};
use im_idl::contact;
use im_idl::group::{Membership, Role};
use im_idl::ids::GROUP_BIT;
use im_idl::message;
use im_idl::push::{KickRequest, NotifyRequest};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use svrkit_rt::testing::run_test;
use tokio::time::Instant;

const KICK: &str = "im.push.Push/Kick";
const LEAVE: &str = "im.group.Group/Leave";

/// Somebody with a friend, two groups, one that he left, and a message.
async fn ada(world: &World, service: &AccountClient) -> (u64, String) {
    let login = somebody(service, "ada", &["phone"]).await.remove(0);
    let uin = login.uin;
    let mut state = world.state();
    let friend = contact::Entry {
        uin: 77_777,
        version: 1,
        ..contact::Entry::default()
    };
    state.contacts.insert(uin, vec![friend]);
    let roles = [Role::Owner, Role::None, Role::Member];
    let membership = |(n, role): (usize, &Role)| Membership {
        group: GROUP_BIT + n as u64,
        role: (*role).into(),
        version: n as u64 + 1,
        ..Membership::default()
    };
    let groups = roles.iter().enumerate().map(membership).collect();
    state.groups.insert(uin, groups);
    state.inboxes.insert(uin, vec![message::Entry::default()]);
    (uin, login.ticket)
}

fn delete(uin: u64, password: &str) -> svrkit_rt::Call<DeleteAccountRequest> {
    let password = password.to_owned();
    by(uin, "phone", DeleteAccountRequest { password })
}

fn nothing_is_left(state: &State, uin: u64) -> bool {
    !state.store.accounts.contains_key(&uin)
        && !state.contacts.contains_key(&uin)
        && !state.groups.contains_key(&uin)
        && !state.inboxes.contains_key(&uin)
}

#[test]
fn whoever_deletes_his_account_is_out_at_once_and_gone_soon() {
    run_test("delete", |_| async {
        let world = World::new();
        let service = service(&world).await;
        let (uin, ticket) = ada(&world, &service).await;
        let asked = Instant::now();
        service
            .delete_account_with(delete(uin, PASSWORD))
            .await
            .unwrap();
        let out = verify(&service, &ticket).await.unwrap_err();
        assert_eq!(Refused::try_from(&out), Ok(Refused::TicketInvalid));
        let out = service
            .login(login("ada", PASSWORD, "phone"))
            .await
            .unwrap_err();
        assert_eq!(Refused::try_from(&out), Ok(Refused::LoginFailed));
        world.until(|state| nothing_is_left(state, uin)).await;
        assert!(
            asked.elapsed() < Duration::from_secs(1),
            "nobody waits for the next look"
        );
        let kick: KickRequest = world.until_done(KICK, 1).await[0].request();
        assert_eq!(
            (kick.uin, kick.device.as_str(), kick.except_device.as_str()),
            (uin, "", "")
        );
        assert_eq!(
            world.done(LEAVE).len(),
            2,
            "not the one that was left before"
        );
        let news = world.until_done("im.push.Push/Notify", 1).await;
        let news = news[0].request::<NotifyRequest>().news;
        assert_eq!(
            (news[0].uin, news[0].versions.unwrap().contacts),
            (77_777, 777_770)
        );
        service
            .register(registration("ada", "phone"))
            .await
            .expect("the name is free");
        service
            .delete_account_with(delete(uin, PASSWORD))
            .await
            .expect("asked again");
    });
}

#[test]
fn a_wrong_password_deletes_nothing() {
    run_test("wrong", |_| async {
        let world = World::new();
        let service = service(&world).await;
        let (uin, ticket) = ada(&world, &service).await;
        let refused = service
            .delete_account_with(delete(uin, "wrong horse"))
            .await
            .unwrap_err();
        assert_eq!(Refused::try_from(&refused), Ok(Refused::WrongPassword));
        verify(&service, &ticket).await.unwrap();
    });
}

/// Everything that deleting does, in this order, when nothing fails.
const STEPS: [&str; 11] = [
    "im.account_store.AccountStore/BeginErase",
    "im.account_store.AccountStore/ListErasing",
    "im.account_store.AccountStore/BeginErase",
    "im.contact_store.ContactStore/Erase",
    "im.contact_store.ContactStore/Versions",
    "im.group_store.GroupStore/List",
    "im.group.Group/Leave",
    "im.group.Group/Leave",
    "im.group_store.GroupStore/Erase",
    "im.message_store.MessageStore/Erase",
    "im.account_store.AccountStore/Erase",
];

fn is_step(method: &str) -> bool {
    STEPS.contains(&method)
}

#[test]
fn a_deletion_goes_through_its_steps_in_order() {
    run_test("steps", |_| async {
        let world = World::new();
        let service = service(&world).await;
        world
            .until_done("im.account_store.AccountStore/ListErasing", 1)
            .await;
        let (uin, _) = ada(&world, &service).await;
        world.take_done();
        service
            .delete_account_with(delete(uin, PASSWORD))
            .await
            .unwrap();
        world.until(|state| nothing_is_left(state, uin)).await;
        let done = world.take_done();
        let steps: Vec<_> = done.into_iter().filter(|method| is_step(method)).collect();
        assert_eq!(steps, STEPS);
    });
}

/// The process ends at each step, before it and after it was done, and the next one finishes.
#[test]
fn a_deletion_cut_short_anywhere_is_finished_by_the_next_process() {
    run_test("crash", |_| async {
        for fate in [Fate::Lost, Fate::AnswerLost] {
            for cut in 0..STEPS.len() {
                deletion_cut_short(cut, fate).await;
            }
        }
    });
}

async fn deletion_cut_short(cut: usize, fate: Fate) {
    let world = World::new();
    let first = service(&world).await;
    world
        .until_done("im.account_store.AccountStore/ListErasing", 1)
        .await;
    let (uin, _) = ada(&world, &first).await;
    let steps = Arc::new(AtomicUsize::new(0));
    let counted = steps.clone();
    // From the cut on nothing comes through: this process does nothing any more.
    world.decide(move |method| {
        if !is_step(method) {
            return Fate::Answered;
        }
        match counted.fetch_add(1, Ordering::Relaxed) {
            step if step < cut => Fate::Answered,
            step if step == cut => fate,
            _ => Fate::Lost,
        }
    });
    let answer = first.delete_account_with(delete(uin, PASSWORD)).await;
    assert_eq!(answer.is_ok(), cut > 0, "step {cut} {fate:?}");
    let begun = cut > 0 || fate == Fate::AnswerLost;
    if begun {
        while steps.load(Ordering::Relaxed) <= cut {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
    drop(first);
    world.decide(|_| Fate::Answered);
    let next = service(&world).await;
    if begun {
        world.until(|state| nothing_is_left(state, uin)).await;
        next.register(registration("ada", "phone"))
            .await
            .expect("the name is free");
    } else {
        next.login(login("ada", PASSWORD, "phone"))
            .await
            .expect("nothing was begun");
    }
}

#[test]
fn a_peer_that_is_away_delays_one_deletion_and_no_other() {
    run_test("away", |_| async {
        let world = World::new();
        let service = service(&world).await;
        let (uin, _) = ada(&world, &service).await;
        // Only who is in a group needs this one.
        world.decide(|method| match method {
            LEAVE => Fate::Lost,
            _ => Fate::Answered,
        });
        let bob = somebody(&service, "bob", &["phone"]).await[0].uin;
        service
            .delete_account_with(delete(uin, PASSWORD))
            .await
            .unwrap();
        service
            .delete_account_with(delete(bob, PASSWORD))
            .await
            .unwrap();
        world.until(|state| nothing_is_left(state, bob)).await;
        assert!(!nothing_is_left(&world.state(), uin));
        world.decide(|_| Fate::Answered);
        world.until(|state| nothing_is_left(state, uin)).await;
    });
}

#[test]
fn a_list_that_is_behind_its_groups_stops_nobody() {
    run_test("behind", |_| async {
        let world = World::new();
        let service = service(&world).await;
        let (uin, _) = ada(&world, &service).await;
        world.state().left_behind = Some(GROUP_BIT);
        service
            .delete_account_with(delete(uin, PASSWORD))
            .await
            .unwrap();
        world.until(|state| nothing_is_left(state, uin)).await;
        assert_eq!(world.done(LEAVE).len(), 2);
    });
}

#[test]
fn somebody_in_more_groups_than_one_page_has_leaves_all_of_them() {
    run_test("many groups", |_| async {
        let world = World::new();
        let service = service(&world).await;
        let uin = somebody(&service, "ada", &["phone"]).await[0].uin;
        let membership = |version| Membership {
            group: GROUP_BIT + version,
            role: Role::Member.into(),
            version,
            ..Membership::default()
        };
        let groups = (1..=1_200).map(membership).collect();
        world.state().groups.insert(uin, groups);
        service
            .delete_account_with(delete(uin, PASSWORD))
            .await
            .unwrap();
        world.until(|state| nothing_is_left(state, uin)).await;
        assert_eq!(world.done(LEAVE).len(), 1_200);
    });
}
