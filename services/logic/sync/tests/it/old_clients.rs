//! Clients from before groups.

use crate::world::*;
use im_idl::contact::Relation;
use im_idl::group::Role;
use im_idl::message::{content, entry};
use im_idl::sync::{Kind, SyncResponse};
use svrkit_rt::testing::run_test;

const OLD: u32 = 199;
const CONTACTS: u32 = Kind::Contacts as u32;

fn said(answer: &SyncResponse) -> Vec<(u64, String)> {
    let said = answer.messages.iter().map(|entry| match &entry.kind {
        Some(entry::Kind::Item(item)) => match item.content.as_ref().unwrap().kind.as_ref() {
            Some(content::Kind::Text(text)) => (item.sender, text.clone()),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    });
    said.collect()
}

#[test]
fn a_group_is_a_contact_that_says_what_its_members_say() {
    run_test("stands in", |_| async {
        let world = World::new();
        world.add_contact(BOB, Relation::Friend);
        world.add_group(GROUP, "Math", Role::Member);
        world.add_message(item(BOB, BOB, 1, "just you"));
        world.add_message(item(BOB, GROUP, 2, "all of you"));
        world.add_message(item(ADA, GROUP, 3, "from my other phone"));
        world.add_message(item(10_077, GROUP, 4, "who am I?"));
        let mut phone = Device::of(&world, OLD).await;
        let answer = phone.sync(0).await;
        assert!(answer.groups.is_empty());
        let contacts = answer.contacts.iter().map(|c| (c.uin, &*c.nickname));
        assert_eq!(
            contacts.collect::<Vec<_>>(),
            [(BOB, "Bob"), (GROUP, "Math")]
        );
        let expected = [
            (BOB, "just you"),
            (GROUP, "Bob: all of you"),
            (ADA, "from my other phone"),
            (GROUP, "10077: who am I?"),
        ];
        let expected = expected.map(|(sender, text)| (sender, text.to_owned()));
        assert_eq!(said(&answer), expected);
        assert_eq!(phone.sync(0).await, Default::default());
    });
}

#[test]
fn contacts_alone_have_the_groups_in_them() {
    run_test("contacts", |_| async {
        let world = World::new();
        let mut phone = Device::of(&world, OLD).await;
        phone.sync(CONTACTS).await;
        world.add_group(GROUP, "Math", Role::Member);
        let answer = phone.sync(CONTACTS).await;
        assert_eq!(answer.contacts[0].relation(), Relation::Friend);
        world.add_group(GROUP, "Math", Role::None);
        let answer = phone.sync(CONTACTS).await;
        assert_eq!(answer.contacts[0].relation(), Relation::None);
        assert_eq!(phone.sync(CONTACTS).await, Default::default());
    });
}

#[test]
fn names_are_asked_for_once_in_a_while() {
    run_test("names", |_| async {
        let world = World::new();
        let mut phone = Device::of(&world, OLD).await;
        for id in 1..=5 {
            world.add_message(item(BOB, GROUP, id, "hi"));
            assert_eq!(said(&phone.sync(0).await), [(GROUP, "Bob: hi".to_owned())]);
        }
        assert_eq!(world.calls()["accounts.get_many"], 1);
        world.state().accounts.get_mut(&BOB).unwrap().nickname = "Robert".to_owned();
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        world.add_message(item(BOB, GROUP, 6, "hi"));
        assert_eq!(
            said(&phone.sync(0).await),
            [(GROUP, "Robert: hi".to_owned())]
        );
    });
}

#[test]
fn a_client_that_learns_of_groups_gets_them() {
    run_test("upgrade", |_| async {
        let world = World::new();
        world.add_group(GROUP, "Math", Role::Member);
        world.add_message(item(BOB, GROUP, 1, "hi"));
        let mut phone = Device::of(&world, OLD).await;
        phone.sync(0).await;
        phone.caller.client_version = 200;
        let answer = phone.sync(0).await;
        assert_eq!(answer.groups[0].group, GROUP);
        assert!(answer.messages.is_empty(), "it has those");
        // A client that does not say how old it is is not.
        phone.caller.client_version = 0;
        assert_eq!(phone.sync(0).await, Default::default());
    });
}
