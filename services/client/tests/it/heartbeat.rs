//! Silent links are kept alive, found dead, and tell of news that were lost.

use crate::fake::{BOB, Fake, TICKET_MS, id, ids};
use im_client::Config;
use im_idl::account::RenewTicketRequest;
use std::time::Duration;
use svrkit_rt::testing::run_test;

#[test]
fn the_interval_grows_while_the_network_bears_it() {
    run_test("interval", |_| async {
        let fake = Fake::new();
        let _client = fake.client(Config::default()).await;
        tokio::time::sleep(Duration::from_secs(6 * 3600)).await;
        let beats = fake.lock().heartbeats.clone();
        let seconds: Vec<u64> = beats
            .windows(2)
            .map(|two| (two[1] - two[0]).as_secs())
            .collect();
        assert_eq!(seconds[..3], [210, 210, 270]);
        assert_eq!(*seconds.last().unwrap(), 580);
        assert_eq!(fake.lock().connects.len(), 1);
    });
}

#[test]
fn a_link_that_does_not_answer_is_replaced() {
    run_test("deaf", |_| async {
        let fake = Fake::new();
        let client = fake.client(Config::default()).await;
        fake.lock().is_deaf = true;
        // The heartbeat after 210 s, and 8 s for its answer.
        tokio::time::sleep(Duration::from_secs(217)).await;
        assert_eq!(fake.lock().heartbeats.len(), 1);
        assert_eq!(fake.lock().connects.len(), 1);
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(fake.lock().connects.len(), 2);
        assert!(client.is_online());
    });
}

#[test]
fn a_lost_notify_costs_one_heartbeat() {
    run_test("lost notify", |_| async {
        let fake = Fake::new();
        let client = fake.client(Config::default()).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        fake.put(BOB, 1, "hi");
        let arrived = client.until(|state| state.chats().get(&BOB).map(drop));
        tokio::time::timeout(Duration::from_secs(211), arrived)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(ids(&client, BOB), [1]);
    });
}

#[test]
fn whoever_does_not_answer_a_message_is_asked_whether_he_is_there() {
    run_test("silent", |_| async {
        let fake = Fake::new();
        let client = fake.client(Config::default()).await;
        fake.lock().mute.insert(BOB);
        fake.lock().is_deaf = true;
        let sent = client.send_text(BOB, "hello").await.unwrap();
        tokio::time::sleep(Duration::from_secs(16)).await;
        assert_eq!(fake.lock().connects.len(), 2, "not after 210 s");
        fake.lock().mute.clear();
        sent.acknowledged().await.unwrap();
    });
}

#[test]
fn a_ticket_is_renewed_when_two_thirds_of_its_time_are_over() {
    run_test("renewal", |_| async {
        let fake = Fake::new();
        let client = fake.client(Config::default()).await;
        let renewals = || {
            let calls = fake.lock().calls.clone();
            calls
                .iter()
                .filter(|c| **c == id::<RenewTicketRequest>())
                .count()
        };
        tokio::time::sleep(Duration::from_millis(TICKET_MS / 3 * 2 - 60_000)).await;
        assert_eq!(renewals(), 0);
        tokio::time::sleep(Duration::from_secs(700)).await;
        assert_eq!(renewals(), 1);
        let ticket = client.state(|state| state.identity().unwrap().ticket.clone());
        assert_eq!(ticket, "ticket 2");
        tokio::time::sleep(Duration::from_secs(3_600)).await;
        assert_eq!(renewals(), 1);
    });
}
