//! Increments are counted once, whatever happens to reports.

use super::machine::Machine;
use super::{BOUNDS, NOON_MS, ask, open, total};
use crate::history::{History, Selector, Value};
use crate::store::taking::Bounds;
use crate::store::writing::Store;

const HOUR_MS: u64 = 3_600_000;

fn take(store: &mut Store, now_ms: u64, machine: &mut Machine) -> crate::store::taking::Taken {
    let report = machine.at(now_ms);
    store.take(&[(now_ms, report)]).unwrap().remove(0)
}

#[test]
fn a_repeated_report_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path(), NOON_MS);
    let mut machine = Machine::new("a", NOON_MS).counter("orders", 5);
    let report = machine.at(NOON_MS + 3_000);
    for repetition in 0..3 {
        let taken = store.take(&[(NOON_MS + 3_000, report.clone())]).unwrap();
        assert_eq!(taken[0].repeated, repetition > 0);
    }
    assert_eq!(total(&store, "orders", NOON_MS), 5.0);
    assert_eq!(
        ask(&store, "orders", Value::Rate, NOON_MS, NOON_MS + 10_000, 10),
        [Some(0.5)]
    );
}

/// An agent that was killed has lost what it had read and not sent. Its next life reads the counters again; and whatever the dead one
/// had under way arrives late.
#[test]
fn a_report_that_was_lost_or_comes_late_neither_loses_nor_doubles() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path(), NOON_MS);
    let mut machine = Machine::new("a", NOON_MS).counter("orders", 5);
    take(&mut store, NOON_MS + 3_000, &mut machine);
    machine = machine.counter("orders", 8);
    let lost = machine.at(NOON_MS + 13_000);
    machine = machine.counter("orders", 12);
    take(&mut store, NOON_MS + 23_000, &mut machine);
    assert_eq!(total(&store, "orders", NOON_MS), 12.0);
    let mut late = lost;
    late.seq += 1_000;
    store.take(&[(NOON_MS + 24_000, late)]).unwrap();
    machine = machine.counter("orders", 13);
    let mut next = machine.at(NOON_MS + 33_000);
    next.seq += 2_000;
    store.take(&[(NOON_MS + 33_000, next)]).unwrap();
    assert_eq!(total(&store, "orders", NOON_MS), 13.0);
}

#[test]
fn what_is_not_named_stands_where_it_stood() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path(), NOON_MS);
    let mut machine = Machine::new("a", NOON_MS)
        .counter("orders", 5)
        .gauge("baskets", 7)
        .histogram("waits", 10, &[(3, 2)]);
    take(&mut store, NOON_MS + 3_000, &mut machine);
    take(&mut store, NOON_MS + 13_000, &mut machine);
    let end = NOON_MS + 30_000;
    assert_eq!(
        ask(&store, "orders", Value::Sum, NOON_MS, end, 10),
        [Some(5.0), Some(0.0), None]
    );
    assert_eq!(
        ask(&store, "baskets", Value::Last, NOON_MS, end, 10),
        [Some(7.0), Some(7.0), None]
    );
    assert_eq!(
        ask(&store, "waits", Value::Rate, NOON_MS, end, 10),
        [Some(0.2), Some(0.0), None]
    );
    assert_eq!(
        ask(&store, "waits", Value::Quantile(0.5), NOON_MS, end, 10)[1],
        None
    );
    machine = machine.silent();
    take(&mut store, NOON_MS + 23_000, &mut machine);
    assert_eq!(ask(&store, "orders", Value::Sum, NOON_MS, end, 10)[2], None);
}

#[test]
fn who_ended_in_good_order_is_not_missed_and_stays_in_the_past() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path(), NOON_MS);
    let mut machine = Machine::new("a", NOON_MS).counter("orders", 5);
    take(&mut store, NOON_MS + 3_000, &mut machine);
    let state = |store: &Store| {
        let mut state = None;
        store.past().each_instance(|_, instance| {
            state = Some((instance.retired, instance.is_silent(NOON_MS + HOUR_MS)));
        });
        state
    };
    machine = machine.retired().counter("orders", 7);
    take(&mut store, NOON_MS + 13_000, &mut machine);
    assert_eq!(state(&store), Some((true, false)));
    assert_eq!(total(&store, "orders", NOON_MS), 7.0);
    let missed = Selector {
        without_retired: true,
        ..Selector::named("orders")
    };
    let (from_s, to_s) = (NOON_MS / 1_000, NOON_MS / 1_000 + 60);
    let by = ["instance".to_owned()];
    let lines = store
        .past()
        .lines(&missed, &by, Value::Sum, from_s, to_s, 10);
    assert!(lines.is_empty(), "{lines:?}");
    store.checkpoint(NOON_MS + 14_000).unwrap();
    drop(store);
    let mut store = open(dir.path(), NOON_MS + 20_000);
    assert_eq!(state(&store), Some((true, false)));
    machine = machine.counter("orders", 8);
    take(&mut store, NOON_MS + 23_000, &mut machine);
    assert_eq!(state(&store), Some((false, true)));
}

#[test]
fn counters_that_begin_anew_are_counted_from_their_beginning() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path(), NOON_MS);
    let mut machine = Machine::new("a", NOON_MS).counter("orders", 100);
    take(&mut store, NOON_MS + 3_000, &mut machine);
    machine.run = 2;
    machine = machine.counter("orders", 30);
    take(&mut store, NOON_MS + 13_000, &mut machine);
    assert_eq!(total(&store, "orders", NOON_MS), 130.0);
}

#[test]
fn what_was_counted_before_the_store_was_made_is_not_of_its_time() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path(), NOON_MS);
    let mut old = Machine::new("old", NOON_MS - HOUR_MS).counter("orders", 1_000_000);
    take(&mut store, NOON_MS + 3_000, &mut old);
    old = old.counter("orders", 1_000_002).counter("returns", 1);
    take(&mut store, NOON_MS + 13_000, &mut old);
    assert_eq!(total(&store, "orders", NOON_MS), 2.0);
    // A series that began meanwhile began at nothing.
    assert_eq!(total(&store, "returns", NOON_MS), 1.0);
    let mut young = Machine::new("young", NOON_MS + HOUR_MS).counter("orders", 7);
    take(&mut store, NOON_MS + HOUR_MS + 5_000, &mut young);
    assert_eq!(total(&store, "orders", NOON_MS + HOUR_MS), 7.0);
}

#[test]
fn increments_of_a_long_time_are_spread_over_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path(), NOON_MS);
    let mut machine = Machine::new("a", NOON_MS)
        .counter("orders", 0)
        .gauge("baskets", 1);
    take(&mut store, NOON_MS + 3_000, &mut machine);
    machine = machine
        .counter("orders", 12)
        .histogram("waits", 60, &[(0, 6)])
        .gauge("baskets", 2);
    take(&mut store, NOON_MS + 63_000, &mut machine);
    let end = NOON_MS + 70_000;
    let mut even = vec![Some(0.0)];
    even.extend([Some(2.0); 6]);
    assert_eq!(ask(&store, "orders", Value::Sum, NOON_MS, end, 10), even);
    assert_eq!(
        ask(&store, "waits", Value::Rate, NOON_MS, end, 10)[1..],
        [Some(0.1); 6]
    );
    assert_eq!(
        ask(&store, "baskets", Value::Last, NOON_MS, end, 10)[1],
        None
    );
    // In each tier there is all of it.
    assert_eq!(
        ask(
            &store,
            "orders",
            Value::Sum,
            NOON_MS,
            NOON_MS + HOUR_MS,
            3_600
        ),
        [Some(12.0)]
    );
    let minutes = ask(&store, "orders", Value::Sum, NOON_MS, NOON_MS + 120_000, 60);
    assert_eq!(minutes.into_iter().flatten().sum::<f64>(), 12.0);
}

/// Agent's clock an hour ahead, an hour behind: its reports are placed by the centre's.
#[test]
fn an_agents_clock_may_be_wrong() {
    for ahead_ms in [HOUR_MS.cast_signed(), -HOUR_MS.cast_signed()] {
        let dir = tempfile::tempdir().unwrap();
        let mut store = open(dir.path(), NOON_MS);
        let mut machine = Machine::new("a", NOON_MS).counter("orders", 5);
        machine.ahead_ms = ahead_ms;
        let taken = take(&mut store, NOON_MS + 3_000, &mut machine);
        assert_eq!(taken.skew_ms, Some(ahead_ms));
        // Set right, which is a step back or forward.
        machine.ahead_ms = 0;
        machine = machine.counter("orders", 7);
        let taken = take(&mut store, NOON_MS + 13_000, &mut machine);
        assert_eq!(taken.skew_ms, None);
        let line = ask(&store, "orders", Value::Sum, NOON_MS, NOON_MS + 20_000, 10);
        assert_eq!(line, [Some(5.0), Some(2.0)]);
    }
}

/// The centre's own clock was an hour ahead, and is right after a restart.
#[test]
fn after_the_centres_clock_was_set_back_counts_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path(), NOON_MS);
    let mut machine = Machine::new("a", NOON_MS);
    for n in 1..=360 {
        machine = machine.counter("orders", n);
        take(&mut store, NOON_MS + n * 10_000 + 3_000, &mut machine);
    }
    drop(store);
    let mut store = open(dir.path(), NOON_MS);
    for n in 361..=540 {
        machine = machine.counter("orders", n);
        take(
            &mut store,
            NOON_MS + (n - 360) * 10_000 + 3_000,
            &mut machine,
        );
    }
    let all = ask(
        &store,
        "orders",
        Value::Sum,
        NOON_MS,
        NOON_MS + 2 * HOUR_MS,
        7_200,
    );
    assert_eq!(all, [Some(540.0)]);
    let twice = ask(
        &store,
        "orders",
        Value::Sum,
        NOON_MS,
        NOON_MS + HOUR_MS,
        1_800,
    );
    assert_eq!(twice, [Some(358.0), Some(181.0)]);
}

#[test]
fn one_agent_reports_an_instance_until_it_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path(), NOON_MS);
    let mut first = Machine::new("twin", NOON_MS).counter("orders", 5);
    take(&mut store, NOON_MS + 3_000, &mut first);
    let mut second = Machine::new("twin", NOON_MS).counter("orders", 9);
    second.agent = "another".to_owned();
    let taken = take(&mut store, NOON_MS + 4_000, &mut second);
    assert_eq!(taken.contested, ["shop"]);
    assert_eq!(total(&store, "orders", NOON_MS), 5.0);
    second = second.counter("orders", 10);
    let taken = take(&mut store, NOON_MS + 60_000, &mut second);
    assert!(taken.contested.is_empty());
    assert_eq!(total(&store, "orders", NOON_MS), 10.0);
}

#[test]
fn there_is_room_for_so_many_series_and_the_others_are_said() {
    let dir = tempfile::tempdir().unwrap();
    let bounds = Bounds {
        series_max: 3,
        agent_series_max: 2,
        ..BOUNDS
    };
    let mut store = Store::open(dir.path(), bounds, NOON_MS).unwrap();
    let mut machine = Machine::new("a", NOON_MS)
        .counter("b", 1)
        .counter("c", 1)
        .counter("d", 1);
    assert_eq!(take(&mut store, NOON_MS, &mut machine).refused, 1);
    let mut other = Machine::new("b", NOON_MS).counter("b", 1).counter("c", 1);
    assert_eq!(take(&mut store, NOON_MS, &mut other).refused, 1);
    assert_eq!(total(&store, "b", NOON_MS), 2.0);
}

#[test]
fn what_nobody_defined_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path(), NOON_MS);
    let mut machine = Machine::new("a", NOON_MS).counter("orders", 4);
    let mut report = machine.at(NOON_MS);
    let definitions = std::mem::take(&mut report.definitions);
    let taken = store.take(&[(NOON_MS, report.clone())]).unwrap();
    assert_eq!(taken[0].unknown, report.instances[0].counters);
    report.seq += 1;
    report.definitions = definitions;
    let taken = store.take(&[(NOON_MS, report)]).unwrap();
    assert!(taken[0].unknown.is_empty());
    assert_eq!(total(&store, "orders", NOON_MS), 4.0);
}
