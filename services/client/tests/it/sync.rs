//! What others sent arrives once, whatever the server repeats.

use crate::fake::{BOB, Fake, ids};
use im_client::{Config, Event};
use std::time::Duration;
use svrkit_rt::testing::run_test;

#[test]
fn a_notify_brings_what_is_new_page_by_page() {
    run_test("pages", |_| async {
        let fake = Fake::new();
        fake.lock().page = 3;
        let client = fake.client(Config::default()).await;
        let expected: Vec<u64> = (1..=10).collect();
        for id in &expected {
            fake.put(BOB, *id, "hi");
        }
        let mut events = client.events();
        fake.notify();
        let mut heard = Vec::new();
        loop {
            match events.next().await.unwrap() {
                Event::Message(item) => heard.push(item.client_message_id),
                Event::Synced if !heard.is_empty() => break,
                _ => {}
            }
        }
        assert_eq!(heard, expected);
        assert_eq!(ids(&client, BOB), expected);
        assert_eq!(client.state(|state| state.chats()[&BOB].unread()), 10);
        let shown = fake.lock().shown.clone();
        assert!(shown.ends_with(&[0, 3, 6, 9]), "{shown:?}");
    });
}

#[test]
fn a_notify_of_what_is_known_costs_nothing() {
    run_test("known", |_| async {
        let fake = Fake::new();
        let client = fake.client(Config::default()).await;
        fake.put(BOB, 1, "hi");
        fake.notify();
        client
            .until(|state| state.chats().get(&BOB).map(drop))
            .await
            .unwrap();
        let syncs = fake.lock().shown.len();
        fake.notify();
        fake.notify();
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(fake.lock().shown.len(), syncs);
    });
}

#[test]
fn what_comes_twice_is_one_message() {
    run_test("twice", |_| async {
        let fake = Fake::new();
        let client = fake.client(Config::default()).await;
        for id in [1, 2, 1, 2, 3] {
            fake.put(BOB, id, "hi");
        }
        fake.notify();
        let three = |chat: &im_client::Chat| chat.messages().len() == 3;
        let arrived = client.until(|state| state.chats().get(&BOB).filter(|c| three(c)).map(drop));
        arrived.await.unwrap();
        assert_eq!(ids(&client, BOB), [1, 2, 3]);
        assert_eq!(client.state(|state| state.chats()[&BOB].unread()), 3);
    });
}

#[test]
fn a_sync_that_fails_is_tried_again() {
    run_test("failing", |_| async {
        let fake = Fake::new();
        let client = fake.client(Config::default()).await;
        fake.put(BOB, 1, "hi");
        fake.lock().failing_syncs = 5;
        fake.notify();
        client
            .until(|state| state.chats().get(&BOB).map(drop))
            .await
            .unwrap();
        assert_eq!(ids(&client, BOB), [1]);
        assert_eq!(fake.lock().connects.len(), 1, "the link is not to blame");
    });
}

#[test]
fn whoever_reads_events_slowly_is_told_how_many_he_missed() {
    run_test("slow", |_| async {
        let fake = Fake::new();
        let config = Config {
            events_max: 4,
            ..Config::default()
        };
        let client = fake.client(config).await;
        let mut events = client.events();
        for id in 1..=20 {
            fake.put(BOB, id, "hi");
        }
        fake.notify();
        let all = |chat: &im_client::Chat| chat.messages().len() == 20;
        let arrived = client.until(|state| state.chats().get(&BOB).filter(|c| all(c)).map(drop));
        arrived.await.unwrap();
        assert!(matches!(events.next().await.unwrap(), Event::Missed(16..)));
    });
}
