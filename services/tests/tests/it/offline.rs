//! A working week in the mountains, and ten thousand messages behind.

use crate::backend::{Backend, Pocketed, befriend, hears, uin};
use im_client::Config;
use std::time::Duration;
use svrkit_rt::testing::run_test;
use tokio::time::sleep;

const BEHIND: usize = 10_000;
/// As many as a test's clock has in a week.
const DAYS: usize = 5;

#[test]
fn everything_is_there_in_order_and_nothing_twice() {
    run_test("offline", |_| async {
        let backend = Backend::start_with(&[("message.sends_per_s", "100000")], |_, _, c| c).await;
        let ada = backend.register("ada").await;
        let room = Config {
            chat_messages_max: 2 * BEHIND,
            ..Config::default()
        };
        let bob = backend.register("bob").await;
        befriend(&ada, &bob).await;
        let (to_ada, to_bob) = (uin(&ada), uin(&bob));
        let away = Pocketed::of(&backend, bob).await;

        let lines: Vec<String> = (0..BEHIND).map(|n| n.to_string()).collect();
        for of_a_day in lines.chunks(BEHIND / DAYS) {
            for line in of_a_day {
                ada.send_text(to_bob, line.as_str()).await.unwrap();
            }
            sleep(Duration::from_secs(24 * 3600)).await;
        }
        let unsent = ada.state(|state| state.outgoing().len());
        assert_eq!(unsent, 0, "all of it is acknowledged");

        let bob = away.back_with(&backend, room).await;
        assert_eq!(hears(&bob, to_ada, BEHIND).await, lines);
    });
}
