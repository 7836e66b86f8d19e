//! One name is one metric, and what a program changes of it from one release to the next is taken up.

use crate::support::{Process, config, pause, read};
use svrkit_rt::monitor::{self, Kind, NameError, Value};

/// What the first release of the program does; as a test of its own, nothing.
#[test]
fn the_first_release() {
    release(Kind::Counter, "Orders takn.", Kind::Counter);
}

/// The second: a better text for one metric, another kind for the other.
#[test]
fn the_second_release() {
    release(Kind::Counter, "Orders taken.", Kind::Gauge);
}

fn release(kind: Kind, help: &str, other_kind: Kind) {
    let Some(config) = config() else {
        return;
    };
    monitor::open(&config).unwrap();
    let orders = monitor::series(kind, "shop_orders", "", help, &[]).unwrap();
    monitor::add(orders, 4);
    let baskets = monitor::series(other_kind, "shop_baskets", "", "Baskets.", &[]).unwrap();
    monitor::add(baskets, 7);
    println!("counted");
    pause();
}

#[test]
fn a_new_release_goes_on_under_another_text_and_begins_anew_with_another_kind() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["names::the_first_release", "names::the_second_release"] {
        let mut process = Process::start(name, directory.path());
        process.hears("counted");
        process.kill();
    }
    let snapshot = read(directory.path());
    assert_eq!(snapshot.get("shop_orders", &[]), Some(&Value::Counter(8)));
    assert_eq!(snapshot.get("shop_baskets", &[]), Some(&Value::Gauge(7)));
    let named = |wanted: &str| {
        let all = snapshot.series.iter();
        let named: Vec<_> = all.filter(|s| s.metric.name == wanted).collect();
        named
    };
    assert_eq!(named("shop_orders")[0].metric.help, "Orders taken.");
    assert_eq!(named("shop_baskets").len(), 1);
}

#[test]
fn a_name_has_one_kind_in_a_process() {
    let counter = |kind| monitor::series(kind, "names_of_one_kind", "", "", &[]);
    assert!(counter(Kind::Counter).is_ok());
    assert_eq!(
        counter(Kind::Gauge),
        Err(NameError::KindTaken {
            name: "names_of_one_kind".to_owned(),
            kind: Kind::Counter,
        })
    );
}

#[test]
fn the_order_of_labels_makes_no_difference() {
    let with = |labels: &[(&str, &str)]| {
        monitor::series(Kind::Counter, "names_in_any_order", "", "", labels).unwrap()
    };
    let one = with(&[("code", "ok"), ("method", "Send")]);
    let other = with(&[("method", "Send"), ("code", "ok")]);
    assert_eq!(one, other);
    assert_ne!(one, with(&[("code", "ok"), ("method", "Sync")]));
}

#[test]
fn names_and_labels_that_openmetrics_would_not_take_are_refused() {
    let with = |name: &str, unit: &str, labels: &[(&str, &str)]| {
        monitor::series(Kind::Counter, name, unit, "", labels).is_ok()
    };
    assert!(with("names_ok", "", &[("a", "<script>\"\\\n")]));
    assert!(!with("Names", "", &[]));
    assert!(!with("names_total", "", &[]));
    assert!(!with("names_wait", "seconds", &[]));
    assert!(!with("names_ok", "", &[("le", "1")]));
    assert!(!with("names_ok", "", &[("overflow", "true")]));
    assert!(!with("names_ok", "", &[("a", "1"), ("a", "2")]));
}
