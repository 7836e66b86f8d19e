//! Coming back: later each time, never in step, and as late as the server asks.

use crate::fake::{Fake, error_of};
use im_client::{Config, Event};
use im_idl::base::Error;
use std::time::Duration;
use svrkit_rt::Code;
use svrkit_rt::testing::run_test;
use tokio::time::Instant;

/// Pauses between the attempts that were made from `since` on.
fn pauses(fake: &Fake, since: usize) -> Vec<Duration> {
    let connects = fake.lock().connects.clone();
    connects[since..]
        .windows(2)
        .map(|two| two[1] - two[0])
        .collect()
}

#[test]
fn pauses_grow_and_differ_between_clients() {
    run_test("growing", |_| async {
        let mut all = Vec::new();
        for _ in 0..5 {
            let fake = Fake::new();
            let client = fake.client(Config::default()).await;
            fake.lock().is_down = true;
            fake.cut();
            tokio::time::sleep(Duration::from_secs(1_000)).await;
            let pauses = pauses(&fake, 1);
            for (i, pause) in pauses.iter().enumerate() {
                let bound_ms = (500 << (i + 1).min(10)).min(60_000);
                assert!(*pause <= Duration::from_millis(bound_ms), "{i}: {pause:?}");
            }
            let longest = pauses.iter().max().unwrap();
            assert!(*longest > Duration::from_secs(20), "{longest:?}");
            all.push(pauses);
            drop(client);
        }
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 5, "in step");
    });
}

#[test]
fn a_server_that_accepts_and_drops_is_no_success() {
    run_test("drops", |_| async {
        let fake = Fake::new();
        let client = fake.client(Config::default()).await;
        for _ in 0..8 {
            client.online().await.unwrap();
            fake.cut();
            client_is_offline(&client).await;
        }
        tokio::time::sleep(Duration::from_secs(100)).await;
        let total: Duration = pauses(&fake, 0).iter().sum();
        assert!(total > Duration::from_secs(10), "{total:?}");
        // A link that lives makes up for it.
        let before = fake.lock().connects.len();
        fake.cut();
        client_is_offline(&client).await;
        let offline = Instant::now();
        client.online().await.unwrap();
        assert!(offline.elapsed() <= Duration::from_millis(500));
        assert_eq!(fake.lock().connects.len(), before + 1);
    });
}

async fn client_is_offline(client: &im_client::Client) {
    while client.is_online() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[test]
fn a_server_that_asks_for_time_gets_it() {
    run_test("retry after", |_| async {
        let fake = Fake::new();
        let client = fake.client(Config::default()).await;
        let busy = Error {
            retry_after_ms: 30_000,
            ..error_of(Code::Overloaded)
        };
        fake.lock().auth_error = Some(busy);
        let mut events = client.events();
        fake.cut();
        let retry_in = loop {
            match events.next().await.unwrap() {
                Event::Offline { retry_in, reason } if reason.contains("overloaded") => {
                    break retry_in;
                }
                _ => {}
            }
        };
        assert!(retry_in >= Duration::from_secs(30));
        tokio::time::sleep(Duration::from_secs(120)).await;
        let asked = pauses(&fake, 2);
        assert!(
            asked.iter().all(|pause| *pause >= Duration::from_secs(30)),
            "{asked:?}"
        );
        fake.lock().auth_error = None;
        client.online().await.unwrap();
    });
}

#[test]
fn somebody_in_a_hurry_does_not_wait() {
    run_test("hurry", |_| async {
        let fake = Fake::new();
        let client = fake.client(Config::default()).await;
        fake.lock().is_down = true;
        fake.cut();
        tokio::time::sleep(Duration::from_secs(600)).await;
        fake.lock().is_down = false;
        let begun = Instant::now();
        client.reconnect().await;
        client.online().await.unwrap();
        assert_eq!(begun.elapsed(), Duration::ZERO);
    });
}

#[test]
fn a_call_without_a_link_is_given_up_in_its_time() {
    run_test("no link", |_| async {
        let fake = Fake::new();
        fake.lock().is_down = true;
        let client = fake.builder().start().await.unwrap();
        let begun = Instant::now();
        let failed = client.login("ada", "correct horse", "").await.unwrap_err();
        assert_eq!(failed.code(), Code::Unavailable);
        assert_eq!(begun.elapsed(), Duration::from_secs(10));
    });
}
