//! Somebody does not want to hear from somebody.

use crate::backend::{Backend, befriend, hears, say, uin};
use im_idl::contact::{AskRequest, DeleteRequest, SetBlockedRequest};
use svrkit_rt::Code;
use svrkit_rt::testing::run_test;

#[test]
fn a_blocked_friend_is_refused_at_once_and_heard_again_later() {
    run_test("block", |_| async {
        let backend = Backend::start().await;
        let ada = backend.register("ada").await;
        let bob = backend.register("bob").await;
        befriend(&ada, &bob).await;
        let (to_ada, to_bob) = (uin(&ada), uin(&bob));
        let block = |blocked| SetBlockedRequest {
            uin: to_bob,
            blocked,
        };
        ada.call(block(true)).await.unwrap();
        let refused = say(&bob, to_ada, "listen").await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied, "{refused}");
        say(&ada, to_bob, "I can still write to you").await.unwrap();
        ada.call(block(false)).await.unwrap();
        say(&bob, to_ada, "at last").await.unwrap();
        let heard = hears(&ada, to_bob, 2).await;
        assert_eq!(heard, ["I can still write to you", "at last"]);
    });
}

#[test]
fn a_deleted_friend_is_a_stranger() {
    run_test("delete", |_| async {
        let backend = Backend::start().await;
        let ada = backend.register("ada").await;
        let bob = backend.register("bob").await;
        befriend(&ada, &bob).await;
        ada.call(DeleteRequest { uin: uin(&bob) }).await.unwrap();
        for (one, other) in [(&ada, &bob), (&bob, &ada)] {
            let refused = say(one, uin(other), "hello?").await.unwrap_err();
            assert_eq!(refused.code(), Code::PermissionDenied, "{refused}");
        }
        befriend(&bob, &ada).await;
        say(&bob, uin(&ada), "friends again").await.unwrap();
        hears(&ada, uin(&bob), 1).await;
        let itself = AskRequest {
            uin: uin(&ada),
            ..AskRequest::default()
        };
        let refused = ada.call(itself).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
    });
}
