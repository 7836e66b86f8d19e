//! A client from before there were groups, in a group.

use crate::backend::{Backend, befriend, hears, say, uin, until};
use im_client::{Config, State};
use im_idl::ids;
use svrkit_rt::testing::run_test;

#[test]
fn it_sees_a_friend_who_speaks_for_all_and_can_answer() {
    run_test("old client", |_| async {
        let backend = Backend::start().await;
        let old = Config {
            client_version: 100,
            ..Config::default()
        };
        let ada = backend.register("ada").await;
        let bob = backend.register("bob").await;
        let grandpa = backend.register_with("grandpa", old).await;
        befriend(&ada, &bob).await;
        befriend(&ada, &grandpa).await;
        let create = im_idl::group::CreateRequest {
            name: "family".to_owned(),
            members: vec![uin(&bob), uin(&grandpa)],
            ..Default::default()
        };
        let us = ada.call(create).await.unwrap().info.unwrap().group;
        let stand_in = |state: &State| state.contacts().get(&us).cloned();
        let family = until(&grandpa, stand_in).await;
        assert!(ids::is_group(family.uin));
        assert_eq!(family.nickname, "family");
        assert!(
            grandpa.state(|state| state.groups().is_empty()),
            "it knows no groups"
        );

        say(&ada, us, "dinner?").await.unwrap();
        say(&bob, us, "yes!").await.unwrap();
        let heard = hears(&grandpa, us, 2).await;
        assert_eq!(heard[heard.len() - 2..], ["ada: dinner?", "bob: yes!"]);
        let single = |state: &State| {
            let mut messages = state.chats()[&us].messages();
            messages.all(|message| message.item.group_seq == 0)
        };
        assert!(grandpa.state(single), "messages of a contact");

        say(&grandpa, us, "I bring cake").await.unwrap();
        let heard = hears(&bob, us, 3).await;
        assert_eq!(heard, ["dinner?", "yes!", "I bring cake"]);
    });
}
