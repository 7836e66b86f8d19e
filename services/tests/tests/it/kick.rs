//! One link a device, and tickets that end.

use crate::backend::{Backend, PASSWORD, befriend, copy_of, hears, say, soon, uin};
use im_client::{Client, Event, Events};
use im_idl::account::{ChangePasswordRequest, ListDevicesRequest, RemoveDeviceRequest};
use svrkit_rt::Code;
use svrkit_rt::testing::run_test;

async fn told(events: &mut Events, wanted: impl Fn(&Event) -> bool) {
    while let Some(event) = soon(events.next()).await {
        if wanted(&event) {
            return;
        }
    }
    panic!("the client ended without it");
}

#[test]
fn a_device_that_opens_a_second_link_loses_the_old_one() {
    run_test("kick", |_| async {
        let backend = Backend::start().await;
        let ada = backend.register("ada").await;
        let old = backend.register("bob").await;
        befriend(&ada, &old).await;
        let mut heard = old.events();
        let new = copy_of(&backend, &old).await;
        told(&mut heard, |event| matches!(event, Event::Kicked)).await;
        say(&ada, uin(&new), "are you there?").await.unwrap();
        assert_eq!(hears(&new, uin(&ada), 1).await, ["are you there?"]);
        assert!(new.is_online() && !old.is_online());
    });
}

#[test]
fn a_changed_password_ends_the_other_devices() {
    run_test("password", |_| async {
        let backend = Backend::start().await;
        let phone = backend.register("bob").await;
        let tablet = backend.login("bob").await;
        let mut heard = tablet.events();
        let change = ChangePasswordRequest {
            old_password: PASSWORD.to_owned(),
            new_password: "another good password".to_owned(),
        };
        phone.call(change).await.unwrap();
        told(&mut heard, |event| matches!(event, Event::LoggedOut { .. })).await;
        let refused = tablet.login("bob", PASSWORD, "").await.unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated, "{refused}");
        tablet
            .login("bob", "another good password", "")
            .await
            .unwrap();
        tablet.online().await.unwrap();
        assert!(phone.is_online());
    });
}

#[test]
fn a_removed_device_is_logged_out() {
    run_test("remove device", |_| async {
        let backend = Backend::start().await;
        let phone = backend.register("bob").await;
        let tablet = backend.login("bob").await;
        let mut heard = tablet.events();
        let name = |client: &Client| client.state(|s| s.identity().unwrap().device.clone());
        let device = name(&tablet);
        phone.call(RemoveDeviceRequest { device }).await.unwrap();
        told(&mut heard, |event| matches!(event, Event::LoggedOut { .. })).await;
        let left = phone.call(ListDevicesRequest {}).await.unwrap().devices;
        let left: Vec<String> = left.into_iter().map(|device| device.device).collect();
        assert_eq!(left, [name(&phone)]);
    });
}
