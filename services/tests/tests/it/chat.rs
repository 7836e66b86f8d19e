//! Two people meet, become friends, and chat.

use crate::backend::{Backend, befriend, hears, relation, say, uin};
use im_idl::contact::{AcceptRequest, AskRequest, Relation};
use svrkit_rt::Code;
use svrkit_rt::testing::run_test;

#[test]
fn register_befriend_chat() {
    run_test("chat", |_| async {
        let backend = Backend::start().await;
        let ada = backend.register("ada").await;
        let bob = backend.register("bob").await;
        let refused = say(&ada, uin(&bob), "who are you?").await.unwrap_err();
        assert_eq!(
            refused.code(),
            Code::PermissionDenied,
            "strangers do not write: {refused}"
        );

        befriend(&ada, &bob).await;
        say(&ada, uin(&bob), "hello bob").await.unwrap();
        assert_eq!(hears(&bob, uin(&ada), 1).await, ["hello bob"]);
        say(&bob, uin(&ada), "hello ada").await.unwrap();
        let both = hears(&ada, uin(&bob), 2).await;
        assert_eq!(
            both,
            ["hello bob", "hello ada"],
            "one's own words and the answer"
        );
    });
}

#[test]
fn a_chat_keeps_the_order_in_which_it_was_written() {
    run_test("chat order", |_| async {
        let backend = Backend::start().await;
        let ada = backend.register("ada").await;
        let bob = backend.register("bob").await;
        befriend(&ada, &bob).await;
        let lines: Vec<String> = (0..200).map(|n| format!("line {n}")).collect();
        for line in &lines {
            // Not waiting for acknowledgements: the order is the client's and the server's business.
            ada.send_text(uin(&bob), line.as_str()).await.unwrap();
        }
        assert_eq!(hears(&bob, uin(&ada), 200).await, lines);
    });
}

#[test]
fn two_who_ask_each_other_are_friends_at_once() {
    run_test("both ask", |_| async {
        let backend = Backend::start().await;
        let ada = backend.register("ada").await;
        let bob = backend.register("Bob").await;
        let ask = |name: &str| AskRequest {
            name: name.to_owned(),
            ..AskRequest::default()
        };
        let asked = ada.call(ask("bob")).await.unwrap().contact.unwrap();
        assert_eq!((asked.relation(), asked.uin), (Relation::Asked, uin(&bob)));
        let asked = bob.call(ask("ada")).await.unwrap().contact.unwrap();
        assert_eq!(asked.relation(), Relation::Friend);
        relation(&ada, uin(&bob), Relation::Friend).await;
        say(&ada, uin(&bob), "that was quick").await.unwrap();
        let nobody = ada.call(AcceptRequest { uin: 9 }).await.unwrap_err();
        assert_eq!(nobody.code(), Code::NotFound, "{nobody}");
    });
}
