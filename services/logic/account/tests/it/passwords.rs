//! A new password.

use crate::service::{PASSWORD, by, login, service, somebody, verify};
use crate::world::World;
use im_account::Refused;
use im_idl::account::ChangePasswordRequest;
use im_idl::push::KickRequest;
use svrkit_rt::Code;
use svrkit_rt::testing::run_test;

fn change(old: &str, new: &str) -> ChangePasswordRequest {
    ChangePasswordRequest {
        old_password: old.into(),
        new_password: new.into(),
    }
}

#[test]
fn a_new_password_throws_the_other_devices_out() {
    run_test("change", |_| async {
        let world = World::new();
        let service = service(&world).await;
        let ada = somebody(&service, "ada", &["phone", "tablet", "thief"]).await;
        let uin = ada[0].uin;
        let call = by(uin, "tablet", change(PASSWORD, "battery staple"));
        service.change_password_with(call).await.unwrap();
        verify(&service, &ada[1].ticket)
            .await
            .expect("this one stays in");
        for out in [&ada[0], &ada[2]] {
            let status = verify(&service, &out.ticket).await.unwrap_err();
            assert_eq!(Refused::try_from(&status), Ok(Refused::TicketInvalid));
        }
        let kicks = world.until_done("im.push.Push/Kick", 1).await;
        let expected = KickRequest {
            uin,
            except_device: "tablet".into(),
            reason: "TICKET_REVOKED".into(),
            ..KickRequest::default()
        };
        assert_eq!(kicks[0].request::<KickRequest>(), expected);
        let old = service
            .login(login("ada", PASSWORD, "phone"))
            .await
            .unwrap_err();
        assert_eq!(Refused::try_from(&old), Ok(Refused::LoginFailed));
        service
            .login(login("ada", "battery staple", "phone"))
            .await
            .unwrap();
    });
}

#[test]
fn whoever_does_not_know_the_old_one_changes_nothing() {
    run_test("wrong", |_| async {
        let world = World::new();
        let service = service(&world).await;
        let ada = somebody(&service, "ada", &["phone", "tablet"]).await;
        let call = by(ada[0].uin, "phone", change("wrong horse", "battery staple"));
        let refused = service.change_password_with(call).await.unwrap_err();
        assert_eq!(
            refused.code(),
            Code::PermissionDenied,
            "his ticket is as good as before"
        );
        assert_eq!(Refused::try_from(&refused), Ok(Refused::WrongPassword));
        let call = by(ada[0].uin, "phone", change(PASSWORD, "short"));
        let refused = service.change_password_with(call).await.unwrap_err();
        assert_eq!(Refused::try_from(&refused), Ok(Refused::PasswordInvalid));
        verify(&service, &ada[1].ticket).await.unwrap();
        service
            .login(login("ada", PASSWORD, "phone"))
            .await
            .unwrap();
    });
}

#[test]
fn of_two_changes_at_once_the_second_must_know_the_new_one() {
    run_test("two changes", |_| async {
        let world = World::new();
        let service = service(&world).await;
        let ada = somebody(&service, "ada", &["phone"]).await;
        world.state().store.meanwhile = Some(|kept| kept.account.signature.push('x'));
        let call = by(ada[0].uin, "phone", change(PASSWORD, "battery staple"));
        service
            .change_password_with(call)
            .await
            .expect("another change is no matter");
        world.state().store.meanwhile = Some(|kept| kept.account.password_hash.push('x'));
        let call = by(ada[0].uin, "phone", change("battery staple", "another one"));
        let refused = service.change_password_with(call).await.unwrap_err();
        assert_eq!(Refused::try_from(&refused), Ok(Refused::Conflict));
    });
}
