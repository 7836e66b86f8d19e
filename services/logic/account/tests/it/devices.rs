//! Logging out, here and elsewhere.

use crate::service::{PASSWORD, by, login, service, somebody, verify};
use crate::world::{Fate, World};
use im_account::Refused;
use im_idl::account::{ListDevicesRequest, LogoutRequest, RemoveDeviceRequest};
use im_idl::message_store::ForgetDeviceRequest;
use im_idl::push::KickRequest;
use svrkit_rt::Code;
use svrkit_rt::testing::run_test;

const KICK: &str = "im.push.Push/Kick";
const FORGET: &str = "im.message_store.MessageStore/ForgetDevice";

fn is_kick_of(kick: &KickRequest, uin: u64, device: &str) -> bool {
    (kick.uin, kick.device.as_str(), kick.except_device.as_str()) == (uin, device, "")
        && kick.reason == "TICKET_REVOKED"
}

#[test]
fn logging_out_ends_tickets_and_links_and_waits() {
    run_test("logout", |_| async {
        let world = World::new();
        let service = service(&world).await;
        let ada = somebody(&service, "ada", &["phone", "tablet"]).await;
        let uin = ada[0].uin;
        service
            .logout_with(by(uin, "phone", LogoutRequest {}))
            .await
            .unwrap();
        let forgotten = world.done(FORGET);
        let device = "phone".to_owned();
        assert_eq!(
            forgotten[0].request::<ForgetDeviceRequest>(),
            ForgetDeviceRequest { uin, device }
        );
        let out = verify(&service, &ada[0].ticket).await.unwrap_err();
        assert_eq!(Refused::try_from(&out), Ok(Refused::TicketInvalid));
        verify(&service, &ada[1].ticket).await.unwrap();
        let kicks = world.until_done(KICK, 1).await;
        assert!(is_kick_of(&kicks[0].request(), uin, "phone"));
        service
            .login(login("ada", PASSWORD, "phone"))
            .await
            .unwrap();
        verify(&service, &ada[0].ticket)
            .await
            .expect_err("not even when it is back");
    });
}

#[test]
fn a_lost_device_is_removed_from_another() {
    run_test("remove", |_| async {
        let world = World::new();
        let service = service(&world).await;
        let ada = somebody(&service, "ada", &["phone", "tablet"]).await;
        let bob = somebody(&service, "bob", &["tablet"]).await;
        let uin = ada[0].uin;
        let list = || service.list_devices_with(by(uin, "phone", ListDevicesRequest {}));
        let listed = list().await.unwrap().message.devices;
        let names: Vec<_> = listed.iter().map(|it| it.device.as_str()).collect();
        assert_eq!(names, ["phone", "tablet"]);
        let remove = |device: &str| {
            let device = device.to_owned();
            service.remove_device_with(by(uin, "phone", RemoveDeviceRequest { device }))
        };
        remove("tablet").await.unwrap();
        remove("tablet").await.expect("twice is as good");
        verify(&service, &ada[1].ticket).await.unwrap_err();
        verify(&service, &bob[0].ticket)
            .await
            .expect("bob's has the same name only");
        assert_eq!(list().await.unwrap().message.devices.len(), 1);
        let kicks = world.until_done(KICK, 1).await;
        assert!(is_kick_of(&kicks[0].request(), uin, "tablet"));
        let all = remove("").await.unwrap_err();
        assert_eq!(Refused::try_from(&all), Ok(Refused::DeviceInvalid));
    });
}

#[test]
fn a_kick_is_tried_again_and_nobody_waits_for_it() {
    run_test("kick", |_| async {
        let world = World::new();
        let service = service(&world).await;
        let ada = somebody(&service, "ada", &["phone"]).await;
        let mut tries = 0;
        world.decide(move |method| {
            if method == KICK {
                tries += 1;
            }
            match method {
                KICK if tries < 4 => Fate::Lost,
                FORGET => Fate::Lost,
                _ => Fate::Answered,
            }
        });
        let logout = by(ada[0].uin, "phone", LogoutRequest {});
        service
            .logout_with(logout)
            .await
            .expect("the ticket is dead all the same");
        let kicks = world.until_done(KICK, 1).await;
        assert!(is_kick_of(&kicks[0].request(), ada[0].uin, "phone"));
    });
}

#[test]
fn without_a_ticket_there_is_nobody_to_log_out() {
    run_test("nobody", |_| async {
        let world = World::new();
        let service = service(&world).await;
        let refused = service.logout(LogoutRequest {}).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated);
        let refused = service
            .list_devices(ListDevicesRequest {})
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated);
    });
}
