//! Several at once, and writes that end in the middle.

use crate::world::{ADA, BOB, World, reason};
use im_contact::Config;
use im_idl::contact::{Entry, Relation};
use std::sync::atomic::Ordering::SeqCst;
use svrkit_rt::Code;
use svrkit_rt::testing::{Seed, run_test};

const SENSIBLE: [(Relation, Relation); 4] = [
    (Relation::None, Relation::None),
    (Relation::Asked, Relation::AskedMe),
    (Relation::AskedMe, Relation::Asked),
    (Relation::Friend, Relation::Friend),
];

#[test]
fn two_who_ask_each_other_at_once_are_friends() {
    run_test("at once", |_| async {
        for _ in 0..20 {
            let world = World::new(Config::default()).await;
            let (ada, bob) = tokio::join!(world.ask(ADA, BOB), world.ask(BOB, ADA));
            ada.unwrap();
            bob.unwrap();
            let friends = (Relation::Friend, Relation::Friend);
            assert_eq!(world.relations(ADA, BOB), friends);
        }
    });
}

#[test]
fn what_was_answered_is_in_both_lists_whatever_happens_at_once() {
    run_test("whatever", |seed| async move {
        let actions = [Does::Ask, Does::Accept, Does::Delete];
        whatever_happens(seed, &actions).await;
    });
}

#[test]
fn who_accepts_what_is_taken_back_in_that_moment_has_no_friend() {
    run_test("taken back", |_| async {
        let world = World::new(Config::default()).await;
        world.ask(BOB, ADA).await.unwrap();
        let nothing = Entry {
            uin: ADA,
            ..Entry::default()
        };
        *world.lists.between.lock().unwrap() = Some((BOB, nothing));
        let refused = world.accept(ADA, BOB).await;
        assert_eq!(reason(refused), "im.contact/NO_SUCH_QUESTION");
        let found = (Relation::AskedMe, Relation::None);
        assert_eq!(
            world.relations(ADA, BOB),
            found,
            "his call goes on from there"
        );
        assert!(world.knows_newest(ADA).await);
    });
}

#[test]
fn a_block_between_leaves_nothing_half_done() {
    run_test("blocks", |seed| async move {
        let actions = [
            Does::Ask,
            Does::Accept,
            Does::Delete,
            Does::Block,
            Does::Unblock,
            Does::Unblock,
        ];
        whatever_happens(seed, &actions).await;
    });
}

#[derive(Clone, Copy)]
enum Does {
    Ask,
    Accept,
    Delete,
    Block,
    Unblock,
}

/// Two devices of Ada and one of Bob do something at once, again and again. What is refused must have done nothing.
async fn whatever_happens(seed: Seed, actions: &[Does]) {
    let mut rng = seed.rng();
    let world = World::new(Config {
        questions_per_day: 100_000,
        ..Config::default()
    })
    .await;
    for _ in 0..500 {
        let mut act = |one: u64, other: u64| {
            let (world, action) = (world.clone(), actions[rng.usize(..actions.len())]);
            async move {
                match action {
                    Does::Ask => world.ask(one, other).await.map(drop),
                    Does::Accept => world.accept(one, other).await.map(drop),
                    Does::Delete => world.delete(one, other).await,
                    Does::Block => world.block(one, other, true).await,
                    Does::Unblock => world.block(one, other, false).await,
                }
            }
        };
        let (ada, ada_too) = (act(ADA, BOB), act(ADA, BOB));
        let bob = act(BOB, ADA);
        let answers: [_; 3] = tokio::join!(ada, ada_too, bob).into();
        for refused in answers.into_iter().filter_map(Result::err) {
            let expected = ["NO_SUCH_QUESTION", "BLOCKED", "REFUSED"];
            assert!(expected.contains(&refused.reason()), "{refused}");
        }
        let relations = world.relations(ADA, BOB);
        assert!(SENSIBLE.contains(&relations), "{relations:?}");
    }
}

#[test]
fn a_crash_between_both_sides_is_made_good_by_repeating() {
    run_test("crash", |_| async {
        let world = World::new(Config::default()).await;
        let crash = || world.lists.crashes.store(1, SeqCst);
        crash();
        let crashed = world.ask(ADA, BOB).await.unwrap_err();
        assert_eq!(crashed.code(), Code::Unavailable);
        assert_eq!(world.relations(ADA, BOB), (Relation::Asked, Relation::None));
        world.ask(ADA, BOB).await.unwrap();
        assert_eq!(world.relations(ADA, BOB), SENSIBLE[1]);
        crash();
        world.accept(BOB, ADA).await.unwrap_err();
        world.accept(BOB, ADA).await.unwrap();
        assert_eq!(world.relations(ADA, BOB), SENSIBLE[3]);
        crash();
        world.delete(ADA, BOB).await.unwrap_err();
        world.delete(ADA, BOB).await.unwrap();
        assert_eq!(world.relations(ADA, BOB), SENSIBLE[0]);
        assert!(world.knows_newest(ADA).await && world.knows_newest(BOB).await);
    });
}

#[test]
fn a_change_that_others_come_before_is_tried_again_but_not_for_ever() {
    run_test("again", |_| async {
        let world = World::new(Config::default()).await;
        world.lists.conflicts.store(3, SeqCst);
        world.ask(ADA, BOB).await.unwrap();
        world.lists.conflicts.store(usize::MAX, SeqCst);
        let before = world.lists.writes.load(SeqCst);
        let gave_up = world.accept(BOB, ADA).await.unwrap_err();
        assert_eq!(gave_up.code(), Code::Aborted);
        assert_eq!(world.lists.writes.load(SeqCst) - before, 7);
    });
}
