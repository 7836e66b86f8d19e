//! A week in the mountains, and ten thousand messages behind.

use crate::backend::{Backend, Pocketed, befriend, hears, say, uin};
use im_client::{Config, State};
use std::time::Duration;
use svrkit_rt::testing::run_test;
use tokio::time::sleep;

const BEHIND: usize = 10_000;

#[test]
fn everything_is_there_in_order_and_nothing_twice() {
    run_test("offline", |_| async {
        let backend = Backend::start_with(&[("message.sends_per_second", "100000")], |_, _, c| c).await;
        let ada = backend.register("ada").await;
        let room = Config {
            chat_messages_max: 2 * BEHIND,
            ..Config::default()
        };
        let bob = backend.register_with("bob", room).await;
        befriend(&ada, &bob).await;
        let (to_ada, to_bob) = (uin(&ada), uin(&bob));
        let away = Pocketed::of(&backend, bob).await;

        for day in 0..6 {
            for n in (0..BEHIND).skip(day * BEHIND / 6).take(BEHIND / 6) {
                say(&ada, to_bob, &n.to_string()).await.unwrap();
            }
            sleep(Duration::from_secs(24 * 3600)).await;
        }
        let sent = ada.state(|state: &State| state.chats()[&to_bob].messages().len());
        assert!(sent > 0);

        let bob = away.back(&backend).await;
        let heard = hears(&bob, to_ada, BEHIND / 6 * 6).await;
        let expected: Vec<String> = (0..BEHIND / 6 * 6).map(|n| n.to_string()).collect();
        assert_eq!(heard, expected);
    });
}
