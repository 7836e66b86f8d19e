//! What users say of themselves.

use crate::service::{by, service, somebody};
use crate::world::World;
use im_account::Refused;
use im_idl::account::{GetProfileRequest, UpdateProfileRequest};
use im_idl::push::NotifyRequest;
use svrkit_rt::testing::run_test;

const UPDATE: &str = "im.account_store.AccountStore/Update";

#[test]
fn a_change_is_told_to_the_users_devices() {
    run_test("update", |_| async {
        let world = World::new();
        let service = service(&world).await;
        let uin = somebody(&service, "ada", &["phone"]).await[0].uin;
        let update = UpdateProfileRequest {
            nickname: Some("Countess".into()),
            signature: None,
            read_receipts: Some(false),
        };
        let call = || by(uin, "phone", update.clone());
        let answer = service.update_profile_with(call()).await.unwrap().message;
        let profile = answer.profile.unwrap();
        assert_eq!(
            (profile.nickname.as_str(), profile.read_receipts),
            ("Countess", false)
        );
        let told = world.until_done("im.push.Push/Notify", 1).await;
        let news = told[0].request::<NotifyRequest>().news;
        let version = world.state().store.accounts[&uin].version;
        assert_eq!(
            (news[0].uin, news[0].versions.unwrap().account),
            (uin, version)
        );
        service.update_profile_with(call()).await.unwrap();
        assert_eq!(
            world.done(UPDATE).len(),
            1,
            "nothing changed, nothing is written"
        );
    });
}

#[test]
fn two_changes_at_once_both_hold() {
    run_test("conflict", |_| async {
        let world = World::new();
        let service = service(&world).await;
        let uin = somebody(&service, "ada", &["phone"]).await[0].uin;
        world.state().store.meanwhile = Some(|kept| kept.account.signature = "busy".into());
        let update = UpdateProfileRequest {
            nickname: Some("Countess".into()),
            ..UpdateProfileRequest::default()
        };
        let answer = service.update_profile_with(by(uin, "phone", update)).await;
        let profile = answer.unwrap().message.profile.unwrap();
        assert_eq!(
            (profile.nickname.as_str(), profile.signature.as_str()),
            ("Countess", "busy")
        );
    });
}

#[test]
fn others_see_what_is_for_them() {
    run_test("others", |_| async {
        let world = World::new();
        let service = service(&world).await;
        let ada = somebody(&service, "Ada", &["phone"]).await[0].uin;
        let bob = somebody(&service, "bob", &["phone"]).await[0].uin;
        let get = |uin, name: &str| {
            let name = name.to_owned();
            service.get_profile_with(by(bob, "phone", GetProfileRequest { uin, name }))
        };
        let own = get(0, "").await.unwrap().message.profile.unwrap();
        assert_eq!((own.uin, own.read_receipts), (bob, true));
        let other = get(0, "ADA").await.unwrap().message.profile.unwrap();
        assert_eq!(
            (other.uin, other.name.as_str(), other.read_receipts),
            (ada, "Ada", false)
        );
        assert_eq!(get(ada, "").await.unwrap().message.profile.unwrap(), other);
        for nobody in [get(77, "").await, get(0, "eve").await] {
            let refused = nobody.unwrap_err();
            assert_eq!(Refused::try_from(&refused), Ok(Refused::NoSuchUser));
        }
    });
}

#[test]
fn texts_that_others_are_shown_have_bounds() {
    run_test("texts", |_| async {
        let world = World::new();
        let service = service(&world).await;
        let uin = somebody(&service, "ada", &["phone"]).await[0].uin;
        let update = |nickname: &str, signature: &str| {
            let update = UpdateProfileRequest {
                nickname: Some(nickname.into()),
                signature: Some(signature.into()),
                read_receipts: None,
            };
            service.update_profile_with(by(uin, "phone", update))
        };
        let refused = update(&"n".repeat(65), "").await.unwrap_err();
        assert_eq!(Refused::try_from(&refused), Ok(Refused::NicknameInvalid));
        let refused = update("", "\u{1b}[2J").await.unwrap_err();
        assert_eq!(Refused::try_from(&refused), Ok(Refused::SignatureInvalid));
        let profile = update("", "").await.unwrap().message.profile.unwrap();
        assert_eq!(
            profile.nickname, "ada",
            "nobody is without a name to be shown"
        );
    });
}
