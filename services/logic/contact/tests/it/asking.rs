//! Questions and answers.

use crate::world::{ADA, BOB, CLEO, World, on_behalf_of, reason};
use im_contact::Config;
use im_idl::contact::{AskRequest, Relation};
use im_idl::refusal;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use svrkit_rt::Code;
use svrkit_rt::testing::run_test;

const FRIENDS: (Relation, Relation) = (Relation::Friend, Relation::Friend);

fn by_name(name: &str) -> AskRequest {
    AskRequest {
        uin: 0,
        name: name.to_owned(),
        greeting: "hello".to_owned(),
    }
}

#[test]
fn a_question_that_is_accepted_makes_friends_of_both() {
    run_test("accepted", |_| async {
        let world = World::new(Config::default()).await;
        let asked = world.ask_with(ADA, by_name("Bob")).await.unwrap();
        assert_eq!((asked.uin, asked.relation()), (BOB, Relation::Asked));
        assert_eq!(
            (asked.name.as_str(), asked.nickname.as_str()),
            ("bob", "BOB")
        );
        assert_eq!(asked.version, world.lists.version(ADA));
        assert!(world.knows_newest(ADA).await && world.knows_newest(BOB).await);

        let (questions, _) = world.list(BOB, 0).await;
        assert_eq!(questions.len(), 1);
        assert_eq!(questions[0].relation(), Relation::AskedMe);
        assert_eq!(questions[0].greeting, "hello");

        let accepted = world.accept(BOB, ADA).await.unwrap();
        assert_eq!((accepted.uin, accepted.relation()), (ADA, Relation::Friend));
        assert_eq!(accepted.nickname, "ADA");
        assert_eq!(world.relations(ADA, BOB), FRIENDS);
        assert!(world.knows_newest(ADA).await && world.knows_newest(BOB).await);
    });
}

#[test]
fn who_asks_somebody_who_has_asked_him_is_his_friend() {
    run_test("both asked", |_| async {
        let world = World::new(Config::default()).await;
        world.ask(ADA, BOB).await.unwrap();
        let asked = world.ask(BOB, ADA).await.unwrap();
        assert_eq!(asked.relation(), Relation::Friend);
        assert_eq!(world.relations(ADA, BOB), FRIENDS);
    });
}

#[test]
fn a_call_repeated_changes_nothing() {
    run_test("repeated", |_| async {
        let world = World::new(Config::default()).await;
        world.ask(ADA, BOB).await.unwrap();
        world.ask(ADA, BOB).await.unwrap();
        assert_eq!(world.lists.writes.load(SeqCst), 1);
        world.accept(BOB, ADA).await.unwrap();
        let again = world.accept(BOB, ADA).await.unwrap();
        assert_eq!(again.relation(), Relation::Friend);
        world.ask(ADA, BOB).await.unwrap();
        assert_eq!(world.lists.writes.load(SeqCst), 2);
        world.delete(ADA, BOB).await.unwrap();
        world.delete(ADA, BOB).await.unwrap();
        assert_eq!(world.lists.writes.load(SeqCst), 3);
    });
}

#[test]
fn a_question_taken_back_or_refused_cannot_be_accepted() {
    run_test("taken back", |_| async {
        let world = World::new(Config::default()).await;
        let nothing = world.accept(BOB, ADA).await;
        assert_eq!(reason(nothing), "im.contact/NO_SUCH_QUESTION");
        for deletes in [(ADA, BOB), (BOB, ADA)] {
            world.ask(ADA, BOB).await.unwrap();
            world.delete(deletes.0, deletes.1).await.unwrap();
            let gone = world.accept(BOB, ADA).await;
            assert_eq!(reason(gone), "im.contact/NO_SUCH_QUESTION");
            assert!(world.knows_newest(ADA).await && world.knows_newest(BOB).await);
        }
        world.ask(ADA, BOB).await.unwrap();
        let own = world.accept(ADA, BOB).await;
        assert_eq!(reason(own), "im.contact/NO_SUCH_QUESTION");
    });
}

#[test]
fn whom_one_can_ask() {
    run_test("whom", |_| async {
        let world = World::new(Config::default()).await;
        for (request, expected) in [
            (by_name("nobody"), "im.contact/NO_SUCH_USER"),
            (by_name(""), "im.contact/NOBODY"),
            (by_name("ada"), "im.contact/ONESELF"),
        ] {
            assert_eq!(reason(world.ask_with(ADA, request).await), expected);
        }
        let group = im_idl::ids::GROUP_BIT + BOB;
        for uin in [1, 99_999, group, u64::MAX] {
            let answer = world.ask(ADA, uin).await;
            assert_eq!(reason(answer), "im.contact/NO_SUCH_USER");
        }
        let both = AskRequest {
            uin: BOB,
            ..by_name("bob")
        };
        assert_eq!(reason(world.ask_with(ADA, both).await), "im.contact/NOBODY");

        world.begin_erase(CLEO);
        let leaving = world.ask(ADA, CLEO).await;
        assert_eq!(reason(leaving), "im.contact/NO_SUCH_USER");
    });
}

#[test]
fn who_has_no_ticket_asks_nobody() {
    run_test("no ticket", |_| async {
        let world = World::new(Config::default()).await;
        let nameless = world.client.ask(by_name("bob")).await.unwrap_err();
        assert_eq!(nameless.code(), Code::Unauthenticated);
        let zero = world.client.ask_with(on_behalf_of(0, by_name("bob"))).await;
        assert_eq!(zero.unwrap_err().code(), Code::Unauthenticated);
    });
}

#[test]
fn greetings_and_remarks_have_bounds() {
    run_test("texts", |_| async {
        let world = World::new(Config::default()).await;
        let greeting = "x".repeat(201);
        let request = AskRequest {
            greeting,
            ..by_name("bob")
        };
        let answer = world.ask_with(ADA, request).await;
        assert_eq!(reason(answer), "im.contact/BAD_GREETING");
        world.ask(ADA, BOB).await.unwrap();
        let answer = world.remark(ADA, BOB, &"x".repeat(65)).await;
        assert_eq!(reason(answer), "im.contact/BAD_REMARK");
    });
}

#[test]
fn questions_are_counted_by_the_day() {
    run_test("counted", |_| async {
        let config = Config {
            questions_per_day: 2,
            ..Config::default()
        };
        let world = World::new(config).await;
        world.ask(ADA, BOB).await.unwrap();
        world.ask(ADA, CLEO).await.unwrap();
        let refused = world.ask(ADA, BOB).await.unwrap_err();
        let told = refusal::error(&refused);
        assert_eq!(told.reason, "im.contact/TOO_MANY_QUESTIONS");
        let half_a_day = 12 * 3_600 * 1_000;
        assert!((1..=half_a_day).contains(&told.retry_after_ms));
        world
            .ask(BOB, CLEO)
            .await
            .expect("others are counted for themselves");
        tokio::time::sleep(Duration::from_millis(told.retry_after_ms.into())).await;
        world.ask(ADA, BOB).await.unwrap();
    });
}

#[test]
fn a_full_list_is_said_to_be_full() {
    run_test("full", |_| async {
        let world = World::new(Config::default()).await;
        world.lists.full.store(true, SeqCst);
        let answer = world.ask(ADA, BOB).await;
        assert_eq!(reason(answer), "im.contact/TOO_MANY_CONTACTS");
    });
}
