//! Blocks.

use crate::world::{ADA, BOB, World, reason};
use im_contact::Config;
use im_idl::contact::Relation;
use svrkit_rt::testing::run_test;

#[test]
fn who_is_blocked_is_refused_until_the_block_is_lifted() {
    run_test("refused", |_| async {
        let world = World::new(Config::default()).await;
        world.block(BOB, ADA, true).await.unwrap();
        let refused = world.ask(ADA, BOB).await;
        assert_eq!(reason(refused), "im.contact/REFUSED");
        let mine = world.ask(BOB, ADA).await;
        assert_eq!(reason(mine), "im.contact/BLOCKED");
        assert_eq!(world.lists.version(ADA), 0, "he does not see it");
        world.block(BOB, ADA, false).await.unwrap();
        world.ask(ADA, BOB).await.unwrap();
        assert!(world.knows_newest(BOB).await);
    });
}

#[test]
fn a_friend_who_is_blocked_stays_in_both_lists_and_notices_nothing() {
    run_test("friend", |_| async {
        let world = World::new(Config::default()).await;
        world.befriend(ADA, BOB).await;
        let of_bob = world.lists.version(BOB);
        world.block(ADA, BOB, true).await.unwrap();
        assert_eq!(world.lists.standing(ADA, BOB), (Relation::Friend, true));
        assert_eq!(world.lists.standing(BOB, ADA), (Relation::Friend, false));
        assert_eq!(world.lists.version(BOB), of_bob);
        assert!(world.knows_newest(ADA).await);
        world.delete(BOB, ADA).await.unwrap();
        assert_eq!(world.lists.standing(ADA, BOB), (Relation::None, true));
    });
}

#[test]
fn a_question_of_somebody_blocked_cannot_be_accepted() {
    run_test("question", |_| async {
        let world = World::new(Config::default()).await;
        world.ask(ADA, BOB).await.unwrap();
        world.block(BOB, ADA, true).await.unwrap();
        let blocked = world.accept(BOB, ADA).await;
        assert_eq!(reason(blocked), "im.contact/BLOCKED");
        world.block(BOB, ADA, false).await.unwrap();
        world.accept(BOB, ADA).await.unwrap();
    });
}

#[test]
fn only_those_who_exist_are_blocked() {
    run_test("exist", |_| async {
        let world = World::new(Config::default()).await;
        let nobody = world.block(ADA, 99_999, true).await;
        assert_eq!(reason(nobody), "im.contact/NO_SUCH_USER");
        let oneself = world.block(ADA, ADA, true).await;
        assert_eq!(reason(oneself), "im.contact/ONESELF");
        world
            .block(ADA, 99_999, false)
            .await
            .expect("who is gone can be unblocked");
        assert_eq!(world.lists.version(ADA), 0);
    });
}
