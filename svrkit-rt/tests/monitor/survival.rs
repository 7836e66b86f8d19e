//! A process that is killed and comes back goes on counting where it was.

use crate::support::{Process, config, pause, read, reader};
use svrkit_rt::monitor::{self, Value};

svrkit_rt::monitor! {
    /// Orders taken.
    static ORDERS: Counter = "shop_orders";
    /// Baskets open now.
    static BASKETS: Gauge = "shop_open_baskets";
    /// The longest queue.
    static QUEUE: Max = "shop_longest_queue";
    /// Time to take an order.
    static ORDER_TIME: Histogram = "shop_order_microseconds" in "microseconds";
}

/// What the process does; as a test of its own, nothing.
#[test]
fn the_process() {
    let Some(config) = config() else {
        return;
    };
    monitor::open(&config).unwrap();
    ORDERS.add(3);
    monitor::add(ORDERS.labelled(&[("country", "de")]), 2);
    BASKETS.add(5);
    QUEUE.max(40);
    ORDER_TIME.observe(250);
    println!("counted");
    pause();
}

#[test]
fn counters_outlive_kill_and_levels_do_not() {
    let directory = tempfile::tempdir().unwrap();
    for generation in 1..=3 {
        let mut process = Process::start("survival::the_process", directory.path());
        process.hears("counted");
        assert!(reader(directory.path()).owner_is_alive().unwrap());
        process.kill();
        assert!(!reader(directory.path()).owner_is_alive().unwrap());

        let snapshot = read(directory.path());
        assert_eq!(snapshot.instance.name, "shop-1");
        assert_eq!(snapshot.instance.service, "shop");
        assert_eq!(snapshot.instance.gray, "canary");
        assert_eq!(snapshot.instance.version, "1.2.3");
        assert_eq!(snapshot.instance.generation, generation);
        let counted = |name, labels| snapshot.get(name, labels).cloned();
        assert_eq!(
            counted("shop_orders", &[]),
            Some(Value::Counter(3 * generation))
        );
        let germany = counted("shop_orders", &[("country", "de")]);
        assert_eq!(germany, Some(Value::Counter(2 * generation)));
        assert_eq!(counted("shop_open_baskets", &[]), Some(Value::Gauge(5)));
        assert_eq!(counted("shop_longest_queue", &[]), Some(Value::Max(40)));
        let Some(Value::Histogram(times)) = counted("shop_order_microseconds", &[]) else {
            panic!("no histogram");
        };
        assert_eq!((times.count(), times.sum), (generation, 250 * generation));
    }
}
