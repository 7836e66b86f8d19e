//! Devices and their serials.

use crate::store::{account, by_number, device, serial, store, store_on};
use im_account_store::{Config, Refused};
use im_idl::account_store::{
    DeleteDeviceRequest, ListDevicesRequest, PutDeviceRequest, UpdateRequest,
};
use std::collections::HashSet;
use svrkit_rt::Code;
use svrkit_rt::testing::run_test;

fn put(uin: u64, name: &str) -> PutDeviceRequest {
    PutDeviceRequest {
        uin,
        device: Some(device(name)),
        expected_version: 0,
    }
}

#[test]
fn no_serial_comes_twice_even_when_a_device_went_in_between() {
    run_test("serials", |_| async {
        let store = store().await;
        let created = store.create(account("ada", Some("phone"))).await.unwrap();
        let uin = created.uin;
        let mut seen = HashSet::from([created.serial]);
        for _ in 0..10 {
            let given = store.put_device(put(uin, "phone")).await.unwrap().serial;
            assert_eq!(serial(&store, uin, "phone").await.unwrap(), Some(given));
            assert!(seen.insert(given), "{given} was given before");
            let device = "phone".to_owned();
            let delete = DeleteDeviceRequest { uin, device };
            store.delete_device(delete).await.unwrap();
            assert_eq!(serial(&store, uin, "phone").await.unwrap(), None);
        }
    });
}

#[test]
fn devices_are_bounded_and_known_ones_come_back() {
    run_test("devices", |_| async {
        let config = Config {
            devices_max: 2,
            ..Config::default()
        };
        let store = store_on(&im_engine::memory(), config).await;
        let uin = store
            .create(account("ada", Some("phone")))
            .await
            .unwrap()
            .uin;
        store.put_device(put(uin, "tablet")).await.unwrap();
        let refused = store.put_device(put(uin, "watch")).await.unwrap_err();
        assert_eq!(Refused::try_from(&refused), Ok(Refused::DevicesMax));
        store.put_device(put(uin, "phone")).await.unwrap();
        let devices = store.list_devices(ListDevicesRequest { uin }).await;
        let devices = devices.unwrap().devices;
        let names: Vec<_> = devices.iter().map(|it| it.device.as_str()).collect();
        assert_eq!(names, ["phone", "tablet"]);
        for listed in &devices {
            let alone = serial(&store, uin, &listed.device).await.unwrap();
            assert_eq!(alone, Some(listed.serial), "{}", listed.device);
        }
        let refused = store.put_device(put(uin + 1, "phone")).await.unwrap_err();
        assert_eq!(Refused::try_from(&refused), Ok(Refused::NoSuchAccount));
    });
}

#[test]
fn more_devices_at_once_than_may_be_leave_as_many_as_may_be() {
    run_test("devices at once", |_| async {
        let config = Config {
            devices_max: 3,
            ..Config::default()
        };
        let store = store_on(&im_engine::memory(), config).await;
        let uin = store.create(account("ada", None)).await.unwrap().uin;
        let mut tries = tokio::task::JoinSet::new();
        for n in 0..10 {
            let store = store.clone();
            tries.spawn(async move { store.put_device(put(uin, &n.to_string())).await });
        }
        tries.join_all().await;
        let devices = store.list_devices(ListDevicesRequest { uin }).await;
        assert_eq!(devices.unwrap().devices.len(), 3);
    });
}

#[test]
fn a_login_that_read_the_account_before_it_changed_is_refused() {
    run_test("expected version", |_| async {
        let store = store().await;
        let uin = store
            .create(account("ada", Some("phone")))
            .await
            .unwrap()
            .uin;
        let read = store.get(by_number(uin)).await.unwrap();
        let expecting = |name| PutDeviceRequest {
            expected_version: read.version,
            ..put(uin, name)
        };
        store.put_device(expecting("tablet")).await.unwrap();
        let late = store.put_device(expecting("watch")).await.unwrap_err();
        assert_eq!(late.code(), Code::Aborted);
        assert_eq!(serial(&store, uin, "watch").await.unwrap(), None);
    });
}

#[test]
fn revoking_gives_the_others_new_serials_in_the_same_write() {
    run_test("revoke", |_| async {
        let store = store().await;
        let uin = store
            .create(account("ada", Some("phone")))
            .await
            .unwrap()
            .uin;
        for name in ["tablet", "watch"] {
            store.put_device(put(uin, name)).await.unwrap();
        }
        let mut before = Vec::new();
        for name in ["phone", "tablet", "watch"] {
            before.push(serial(&store, uin, name).await.unwrap());
        }
        let read = store.get(by_number(uin)).await.unwrap();
        let update = UpdateRequest {
            account: read.account,
            expected_version: read.version,
            revoke_except: Some("tablet".into()),
        };
        let version = store.update(update).await.unwrap().version;
        let now = |name: &'static str| serial(&store, uin, name);
        assert_eq!(now("phone").await.unwrap(), Some(version));
        assert_eq!(now("watch").await.unwrap(), Some(version));
        assert_eq!(now("tablet").await.unwrap(), before[1]);
    });
}
