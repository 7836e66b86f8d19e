//! What comes, and what it costs.

use crate::world::*;
use im_idl::base::{Uins, Versions};
use im_idl::contact::Relation;
use im_idl::group::Role;
use im_idl::sync::{Kind, SyncRequest};
use prost::Message;
use svrkit_rt::Code;
use svrkit_rt::testing::run_test;

const MESSAGES: u32 = Kind::Messages as u32;

#[test]
fn a_new_device_gets_everything_and_then_what_is_new() {
    run_test("everything", |_| async {
        let world = World::new();
        world.add_contact(BOB, Relation::Friend);
        world.add_group(GROUP, "Math", Role::Member);
        world.add_message(item(BOB, BOB, 1, "hi"));
        let mut phone = Device::of(&world, 200).await;
        let first = phone.sync(0).await;
        let profile = first.account.unwrap();
        assert_eq!((profile.uin, &*profile.nickname), (ADA, "Ada"));
        assert_eq!(
            (&*first.contacts[0].name, &*first.contacts[0].nickname),
            ("bob", "Bob")
        );
        assert_eq!(first.groups[0].name, "Math");
        assert_eq!(first.messages.len(), 1);
        assert!(!first.more);

        let nothing = phone.sync(0).await;
        assert_eq!(nothing, Default::default(), "not even a snapshot");

        world.add_message(item(BOB, BOB, 2, "hi"));
        world.state().account_version = 9;
        let second = phone.sync(0).await;
        assert_eq!(second.messages[0].version, 3);
        assert!(second.account.is_some() && second.contacts.is_empty());
        let reads = &world.state().reads;
        let seen: Vec<_> = reads.iter().map(|read| read.after_version).collect();
        assert_eq!(
            seen,
            [0, 1, 1],
            "presenting a snapshot is the acknowledgement"
        );
        assert!(
            reads
                .iter()
                .all(|read| !read.peek && read.device == "phone")
        );
    });
}

#[test]
fn long_lists_and_many_messages_come_in_pages() {
    run_test("pages", |_| async {
        let world = World::new();
        for number in 0..400 {
            world.add_contact(20_000 + number, Relation::Friend);
            world.add_group(GROUP + number, "g", Role::Member);
            world.add_message(item(BOB, BOB, number + 1, "hi"));
        }
        let mut phone = Device::of(&world, 200).await;
        let (mut contacts, mut groups, mut messages) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            let page = phone.sync(0).await;
            contacts.extend(page.contacts.iter().map(|contact| contact.uin));
            groups.extend(page.groups.iter().map(|group| group.group));
            messages.extend(page.messages.iter().map(|entry| entry.version));
            if !page.more {
                break;
            }
        }
        assert_eq!(contacts, (20_000..20_400).collect::<Vec<_>>());
        assert_eq!(groups, (GROUP..GROUP + 400).collect::<Vec<_>>());
        assert_eq!(messages, (0..400).map(|n| 2 * n + 1).collect::<Vec<_>>());
    });
}

#[test]
fn only_stores_that_are_asked_for_are_asked() {
    run_test("asked", |_| async {
        let world = World::new();
        let mut phone = Device::of(&world, 200).await;
        phone.sync(0).await;
        world.calls();
        phone.sync(MESSAGES).await;
        assert_eq!(world.calls(), [("messages.read", 1)].into());
        phone.sync(Kind::Account as u32 + Kind::Groups as u32).await;
        let expected = [("accounts.versions", 1), ("groups.versions", 1)];
        assert_eq!(world.calls(), expected.into());
        // What was not asked for is not in the snapshot either.
        world.add_contact(BOB, Relation::Friend);
        phone.sync(MESSAGES).await;
        assert_eq!(phone.sync(0).await.contacts.len(), 1);
    });
}

#[test]
fn many_who_have_nothing_new_share_calls() {
    run_test("shared", |_| async {
        let world = World::new();
        let mut phone = Device::of(&world, 200).await;
        phone.sync(0).await;
        world.calls();
        let asking = (0..100).map(|_| {
            let mut phone = phone.clone();
            tokio::spawn(async move { phone.sync(0).await })
        });
        for asking in asking.collect::<Vec<_>>() {
            assert_eq!(asking.await.unwrap(), Default::default());
        }
        let calls = world.calls();
        assert_eq!(calls["messages.read"], 100);
        assert!(calls["accounts.versions"] < 20, "{calls:?}");
    });
}

#[test]
fn an_empty_sync_is_small_on_the_wire() {
    run_test("small", |_| async {
        let world = World::new();
        for id in 1..=5 {
            world.add_message(item(BOB, BOB, id, "hi"));
        }
        // As after years.
        world.state().entries.last_mut().unwrap().version = 1 << 40;
        world.state().account_version = 1 << 14;
        let mut phone = Device::of(&world, 200).await;
        phone.sync(0).await;
        let request = SyncRequest {
            snapshot: phone.snapshot.clone().into(),
            selector: MESSAGES,
            ..SyncRequest::default()
        };
        let answer = phone.sync(MESSAGES).await;
        let frames = 2 * 20;
        let bytes = frames + request.encoded_len() + answer.encoded_len();
        assert!(bytes <= 70, "{bytes}");
    });
}

#[test]
fn checking_tells_and_moves_nothing() {
    run_test("check", |_| async {
        let world = World::new();
        let mut phone = Device::of(&world, 200).await;
        phone.sync(0).await;
        let check = async |selector| {
            let request = SyncRequest {
                selector,
                check_only: true,
                ..SyncRequest::default()
            };
            phone.ask(request).await.unwrap()
        };
        world.calls();
        assert_eq!(check(0).await, Default::default());
        world.add_message(item(BOB, BOB, 1, "hi"));
        let news = check(0).await;
        assert!(news.more && news.snapshot.is_empty() && news.messages.is_empty());
        assert!(!check(Kind::Contacts as u32).await.more);
        assert!(!world.calls().contains_key("messages.read"));
    });
}

#[test]
fn a_full_answer_fits_into_a_frame() {
    run_test("full", |_| async {
        let world = World::new();
        let long = |bytes| "x".repeat(bytes);
        for number in 0..400 {
            let uin = 20_000 + number;
            world.add_contact(uin, Relation::Friend);
            world.add_group(GROUP + number, &long(64), Role::Member);
            let mut state = world.state();
            let contact = state.contacts.last_mut().unwrap();
            (contact.remark, contact.greeting) = (long(64), long(200));
            let account = im_idl::account_store::Account {
                uin,
                name: long(32),
                nickname: long(64),
                ..Default::default()
            };
            state.accounts.insert(uin, account);
        }
        let mut phone = Device::of(&world, 200).await;
        let lists = phone.sync(0).await.encoded_len();
        let asked = world.state().reads[0].bytes_max as usize;
        assert!(lists + asked < 200 * 1024, "{lists} + {asked}");
        phone.sync(MESSAGES).await;
        assert_eq!(world.state().reads[1].bytes_max, 128 * 1024);
    });
}

#[test]
fn newest_are_of_all_kinds_in_the_order_asked() {
    run_test("newest", |_| async {
        let world = World::new();
        world.add_contact(BOB, Relation::Friend);
        world.add_message(item(BOB, BOB, 1, "hi"));
        let service = world.service().await;
        let uins = vec![BOB, ADA];
        let newest = service.newest(Uins { uins }).await.unwrap();
        let ada = Versions {
            account: 1,
            contacts: 1,
            groups: 0,
            messages: 1,
        };
        assert_eq!(newest.versions, [Versions::default(), ada]);
    });
}

#[test]
fn nobody_and_nothing_are_refused() {
    run_test("nobody", |_| async {
        let world = World::new();
        let mut phone = Device::of(&world, 200).await;
        let request = SyncRequest {
            selector: 64,
            ..SyncRequest::default()
        };
        let refused = phone.ask(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        phone.caller.uin = 0;
        let refused = phone.ask(SyncRequest::default()).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated);
    });
}
