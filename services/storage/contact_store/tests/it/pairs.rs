//! Writing both sides.

use crate::support::{ADA, BOB, CLEO, Store, side};
use im_contact_store::{Config, Refused};
use im_idl::contact::{Entry, Relation};
use im_idl::contact_store::{PutPairRequest, Side};
use std::sync::atomic::Ordering::SeqCst;
use svrkit_rt::Code;
use svrkit_rt::testing::run_test;
use tokio::task::JoinSet;

#[test]
fn what_was_written_is_read_by_both() {
    run_test("both", |_| async {
        let store = Store::new(Config::default()).await;
        assert_eq!(
            store.pair(ADA, BOB).await,
            [Side::default(), Side::default()]
        );
        assert_eq!(store.standing(ADA, BOB).await, (Relation::None, false));
        let (mine, theirs) = ((ADA, Relation::Asked), (BOB, Relation::AskedMe));
        let versions = store.relate(mine, theirs).await.unwrap();
        assert_eq!(versions.my_version, store.version(ADA).await);
        assert_eq!(versions.their_version, store.version(BOB).await);
        let [mine, theirs] = store.pair(BOB, ADA).await;
        let entry = mine.entry.unwrap();
        assert_eq!((entry.uin, entry.relation()), (ADA, Relation::AskedMe));
        assert_eq!(entry.version, mine.expected_version);
        assert_eq!(theirs.entry.unwrap().relation(), Relation::Asked);
        assert_eq!(store.standing(BOB, ADA).await, (Relation::AskedMe, false));
    });
}

#[test]
fn a_side_that_is_not_given_stays() {
    run_test("one side", |_| async {
        let store = Store::new(Config::default()).await;
        store.befriend(ADA, BOB).await;
        let [mine, _] = store.pair(ADA, BOB).await;
        let blocked = Entry {
            blocked: true,
            ..mine.entry.unwrap()
        };
        let before = store.version(BOB).await;
        let request = PutPairRequest {
            uin: ADA,
            peer: BOB,
            mine: Some(Side {
                entry: Some(blocked),
                expected_version: mine.expected_version,
            }),
            theirs: None,
        };
        store.client.put_pair(request).await.unwrap();
        assert_eq!(store.standing(ADA, BOB).await, (Relation::Friend, true));
        assert_eq!(store.standing(BOB, ADA).await, (Relation::Friend, false));
        assert_eq!(store.version(BOB).await, before);
    });
}

#[test]
fn who_read_too_early_must_read_again() {
    run_test("conflict", |_| async {
        let store = Store::new(Config::default()).await;
        let both = |version| PutPairRequest {
            uin: ADA,
            peer: BOB,
            mine: Some(side(BOB, Relation::Asked, version)),
            theirs: Some(side(ADA, Relation::AskedMe, version)),
        };
        store.client.put_pair(both(0)).await.unwrap();
        for stale in [0, 99] {
            let refused = store.client.put_pair(both(stale)).await.unwrap_err();
            assert_eq!(refused.code(), Code::Aborted);
        }
    });
}

#[test]
fn a_pair_written_half_is_read_as_half_and_can_be_made_whole() {
    run_test("half", |_| async {
        let store = Store::new(Config::default()).await;
        store.engine.batches_left.store(1, SeqCst);
        let (mine, theirs) = ((ADA, Relation::Asked), (BOB, Relation::AskedMe));
        let stopped = store.relate(mine, theirs).await.unwrap_err();
        assert_eq!(stopped.code(), Code::Unavailable);
        assert_eq!(store.standing(ADA, BOB).await.0, Relation::Asked);
        assert_eq!(store.standing(BOB, ADA).await.0, Relation::None);
        store.engine.batches_left.store(usize::MAX, SeqCst);
        store.relate(mine, theirs).await.unwrap();
        assert_eq!(store.standing(BOB, ADA).await.0, Relation::AskedMe);
    });
}

#[test]
fn many_who_ask_at_once_find_exactly_the_room_there_is() {
    run_test("room", |_| async {
        let config = Config {
            questions_max: 10,
            ..Config::default()
        };
        let store = Store::new(config).await;
        let mut asking = JoinSet::new();
        for uin in CLEO..CLEO + 20 {
            let store = store.clone();
            asking.spawn(async move {
                loop {
                    let (mine, theirs) = ((uin, Relation::Asked), (ADA, Relation::AskedMe));
                    match store.relate(mine, theirs).await {
                        Err(status) if status.code() == Code::Aborted => {}
                        answer => return answer,
                    }
                }
            });
        }
        let answers = asking.join_all().await;
        let (asked, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        assert_eq!((asked.len(), refused.len()), (10, 10));
        for status in refused.into_iter().filter_map(Result::err) {
            assert_eq!(Refused::try_from(&status), Ok(Refused::QuestionsMax));
        }
        let questions = store.list(ADA, 0).await.0;
        assert_eq!(questions.len(), 10);
        for (uin, relation) in questions {
            assert_eq!(relation, Relation::AskedMe);
            assert_eq!(store.standing(uin, ADA).await.0, Relation::Asked);
        }
    });
}

#[test]
fn friends_have_room_however_many_strangers_ask() {
    run_test("strangers", |_| async {
        let config = Config {
            contacts_max: 2,
            questions_max: 1,
            ..Config::default()
        };
        let store = Store::new(config).await;
        let asks = |uin| store.relate((uin, Relation::Asked), (ADA, Relation::AskedMe));
        asks(BOB).await.unwrap();
        let refused = asks(CLEO).await.unwrap_err();
        assert_eq!(Refused::try_from(&refused), Ok(Refused::QuestionsMax));
        store.befriend(ADA, BOB).await;
        store.befriend(ADA, CLEO).await;
        let third = store.relate((ADA, Relation::Asked), (CLEO + 1, Relation::AskedMe));
        let third = third.await.unwrap_err();
        assert_eq!(Refused::try_from(&third), Ok(Refused::ContactsMax));
        assert_eq!(store.version(CLEO + 1).await, 0, "nothing was written");
        let (none_a, none_b) = ((ADA, Relation::None), (BOB, Relation::None));
        store.relate(none_a, none_b).await.unwrap();
        store.befriend(ADA, CLEO + 1).await;
    });
}

#[test]
fn what_is_no_pair_is_refused() {
    run_test("no pair", |_| async {
        let store = Store::new(Config::default()).await;
        let other = PutPairRequest {
            uin: ADA,
            peer: BOB,
            mine: Some(side(CLEO, Relation::Friend, 0)),
            theirs: None,
        };
        let oneself = PutPairRequest {
            uin: ADA,
            peer: ADA,
            ..PutPairRequest::default()
        };
        for request in [other, oneself] {
            let refused = store.client.put_pair(request).await.unwrap_err();
            assert_eq!(refused.code(), Code::InvalidArgument);
        }
    });
}

#[test]
fn of_two_who_change_the_same_entry_at_once_one_reads_again() {
    run_test("two at once", |_| async {
        let store = Store::new(Config::default()).await;
        store.befriend(ADA, BOB).await;
        let [mine, _] = store.pair(ADA, BOB).await;
        let put = || {
            store.client.put_pair(PutPairRequest {
                uin: ADA,
                peer: BOB,
                mine: Some(mine.clone()),
                theirs: None,
            })
        };
        let (one, other) = tokio::join!(put(), put());
        let lost = match (one, other) {
            (Ok(_), Err(lost)) | (Err(lost), Ok(_)) => lost,
            both => panic!("{both:?}"),
        };
        assert_eq!(lost.code(), Code::Aborted);
    });
}
