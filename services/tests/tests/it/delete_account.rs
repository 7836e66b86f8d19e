//! Somebody leaves for good.

use crate::backend::{Backend, PASSWORD, befriend, group, hears, relation, say, texts, uin};
use im_idl::account::{DeleteAccountRequest, GetProfileRequest};
use im_idl::base::Uins;
use im_idl::contact::Relation;
use im_idl::group::MembersRequest;
use im_idl::message_store::MessageStoreClient;
use std::time::Duration;
use svrkit_rt::Code;
use svrkit_rt::testing::run_test;
use tokio::time::sleep;

#[test]
fn everything_of_the_user_goes_and_nothing_of_others() {
    run_test("delete account", |_| async {
        let backend = Backend::start().await;
        let ada = backend.register("ada").await;
        let bob = backend.register("bob").await;
        befriend(&ada, &bob).await;
        let us = group(&bob, &[&ada]).await;
        say(&bob, uin(&ada), "a letter").await.unwrap();
        say(&bob, us, "a speech").await.unwrap();
        hears(&ada, us, 1).await;
        let gone = uin(&bob);

        let wrong = DeleteAccountRequest {
            password: "not the password".to_owned(),
        };
        let refused = bob.call(wrong).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied, "{refused}");
        let password = PASSWORD.to_owned();
        bob.call(DeleteAccountRequest { password }).await.unwrap();

        relation(&ada, gone, Relation::None).await;
        let refused = bob.login("bob", PASSWORD, "").await.unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated, "{refused}");
        let alone = async || {
            let members = MembersRequest {
                group: us,
                ..MembersRequest::default()
            };
            ada.call(members).await.unwrap().members
        };
        while alone().await.len() > 1 {
            sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(
            alone().await[0].role,
            im_idl::group::Role::Owner as i32,
            "the group has an owner"
        );
        assert_eq!(texts(&ada, gone), ["a letter"], "what she received is hers");
        let refused = say(&ada, gone, "farewell").await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied, "{refused}");
        let profile = GetProfileRequest {
            uin: gone,
            ..GetProfileRequest::default()
        };
        let refused = ada.call(profile).await.unwrap_err();
        assert_eq!(refused.code(), Code::NotFound, "{refused}");

        let again = loop {
            // The name is free once the erasure has come to its end.
            let device = backend.device(Default::default()).await;
            let registration = im_client::Registration {
                name: "bob".to_owned(),
                password: PASSWORD.to_owned(),
                ..Default::default()
            };
            match device.register(registration).await {
                Ok(uin) => break uin,
                Err(status) => assert_eq!(status.code(), Code::AlreadyExists, "{status}"),
            }
            sleep(Duration::from_millis(100)).await;
        };
        assert_ne!(again, gone, "a number is nobody else's");
        let inboxes = MessageStoreClient::new(backend.channel("message_store"));
        let versions = inboxes.versions(Uins { uins: vec![gone] }).await.unwrap();
        assert!(
            versions.versions[0] > 0,
            "versions never go back, not even then"
        );
    });
}
