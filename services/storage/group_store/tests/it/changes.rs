//! A change is all or nothing, on the version that its author saw.

use crate::story::{ADA, BOB, EVE, called, change, code, create, get, member, members, see, store};
use im_idl::base::Empty;
use im_idl::group::{JoinQuestion, Member, Role};
use im_idl::group_store::{ChangeRequest, GetRequest, MemberRequest, QuestionsRequest};
use im_idl::ids::UIN_MIN;
use svrkit_rt::Code;
use svrkit_rt::testing::run_test;

#[test]
fn a_group_is_what_its_changes_made_of_it() {
    run_test("changes", |_| async {
        let store = store().await;
        let group = create(&store, "chess", &[BOB, EVE]).await;
        let muted = Member {
            muted_until_ms: 99,
            nickname: "not kept".into(),
            ..member(BOB, Role::Admin)
        };
        let request = ChangeRequest {
            put_members: vec![muted],
            remove_members: vec![EVE],
            ..ChangeRequest::default()
        };
        change(&store, group, request).await;

        let got = get(&store, group).await;
        let info = got.info.unwrap();
        assert_eq!((info.name.as_str(), info.members), ("chess", 2));
        assert_eq!(info.group, group);
        assert_eq!(members(&store, group, 0).await, [ADA, BOB]);
        let bob = see(&store, group, BOB).await;
        assert_eq!(bob.version, got.version);
        let bob = bob.member.unwrap();
        assert_eq!((bob.role(), bob.muted_until_ms), (Role::Admin, 99));
        assert_eq!(bob.nickname, "");
        assert_eq!(see(&store, group, EVE).await.member, None);
    });
}

#[test]
fn only_the_first_of_two_on_the_same_version_happens() {
    run_test("changes", |_| async {
        let store = store().await;
        let group = create(&store, "chess", &[BOB]).await;
        let expected_version = get(&store, group).await.version;
        let rename = |name: &str| ChangeRequest {
            group,
            expected_version,
            info: called(name),
            ..ChangeRequest::default()
        };
        let (one, other) = tokio::join!(store.change(rename("one")), store.change(rename("other")));
        assert_eq!(u8::from(one.is_ok()) + u8::from(other.is_ok()), 1);
        let (lost, name) = if one.is_ok() {
            (other, "one")
        } else {
            (one, "other")
        };
        assert_eq!(code(lost), Code::Aborted);
        assert_eq!(get(&store, group).await.info.unwrap().name, name);
    });
}

#[test]
fn members_come_in_pages_by_number() {
    run_test("changes", |_| async {
        let store = store().await;
        let others: Vec<u64> = (100..350).rev().map(|n| UIN_MIN + n).collect();
        let group = create(&store, "crowd", &others).await;
        let all = members(&store, group, 7).await;
        assert_eq!(all.len(), 251);
        assert!(all.is_sorted());
        assert_eq!(get(&store, group).await.info.unwrap().members, 251);
    });
}

#[test]
fn questions_wait_until_they_are_removed() {
    run_test("changes", |_| async {
        let store = store().await;
        let group = create(&store, "chess", &[]).await;
        let question = JoinQuestion {
            uin: BOB,
            greeting: "let me in".into(),
            ..JoinQuestion::default()
        };
        let request = ChangeRequest {
            put_questions: vec![question.clone()],
            ..ChangeRequest::default()
        };
        let asked = change(&store, group, request).await;
        assert_eq!(asked.uins, [0; 0], "a question is on nobody's list");
        let questions = store.questions(QuestionsRequest { group }).await.unwrap();
        assert_eq!(questions.questions, [question]);
        let request = ChangeRequest {
            remove_questions: vec![BOB],
            ..ChangeRequest::default()
        };
        change(&store, group, request).await;
        let questions = store.questions(QuestionsRequest { group }).await.unwrap();
        assert!(questions.questions.is_empty());
    });
}

#[test]
fn what_is_not_there_is_not_found_and_what_makes_no_sense_is_refused() {
    run_test("changes", |_| async {
        let store = store().await;
        let group = store.new_number(Empty {}).await.unwrap().group;
        assert_eq!(code(store.get(GetRequest { group }).await), Code::NotFound);
        let request = MemberRequest { group, uin: ADA };
        assert_eq!(code(store.member(request).await), Code::NotFound);
        let nameless = ChangeRequest {
            group,
            put_members: vec![member(ADA, Role::Owner)],
            ..ChangeRequest::default()
        };
        assert_eq!(code(store.change(nameless).await), Code::NotFound);
        let of_a_user = ChangeRequest {
            group: ADA,
            info: called("chess"),
            ..ChangeRequest::default()
        };
        assert_eq!(code(store.change(of_a_user).await), Code::InvalidArgument);
    });
}
