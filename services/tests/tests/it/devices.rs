//! A user with two devices.

use crate::backend::{Backend, Pocketed, befriend, caught_up, hears, say, uin};
use std::time::Duration;
use svrkit_rt::testing::run_test;
use tokio::time::sleep;

#[test]
fn both_devices_have_the_whole_conversation() {
    run_test("two devices", |_| async {
        let backend = Backend::start().await;
        let ada = backend.register("ada").await;
        let phone = backend.register("bob").await;
        let tablet = backend.login("bob").await;
        befriend(&ada, &phone).await;
        say(&ada, uin(&phone), "one").await.unwrap();
        hears(&phone, uin(&ada), 1).await;
        hears(&tablet, uin(&ada), 1).await;
        say(&phone, uin(&ada), "two").await.unwrap();
        hears(&tablet, uin(&ada), 2).await;
        say(&tablet, uin(&ada), "three").await.unwrap();
        let whole = ["one", "two", "three"];
        assert_eq!(hears(&ada, uin(&phone), 3).await, whole);
        assert_eq!(
            hears(&tablet, uin(&ada), 3).await,
            whole,
            "what the phone said, too"
        );
        assert_eq!(
            hears(&phone, uin(&ada), 3).await,
            whole,
            "what the tablet said, too"
        );
    });
}

#[test]
fn a_device_that_was_away_gets_what_the_other_had_long_read() {
    run_test("device away", |_| async {
        let backend = Backend::start().await;
        let ada = backend.register("ada").await;
        let phone = backend.register("bob").await;
        befriend(&ada, &phone).await;
        let tablet = backend.login("bob").await;
        caught_up(&tablet).await;
        let kept = Pocketed::of(&backend, tablet).await;
        for n in 0..50 {
            say(&ada, uin(&phone), &format!("line {n}")).await.unwrap();
        }
        hears(&phone, uin(&ada), 50).await;
        // Long enough for the phone's position to be written and rows to be cleaned away, were it alone.
        sleep(Duration::from_secs(3_600)).await;
        let tablet = kept.back(&backend).await;
        assert_eq!(hears(&tablet, uin(&ada), 50).await.len(), 50);
    });
}
