//! Each form of a rule finds what it is for, and nothing else.

use crate::world::{MONDAY_S, World, ways};
use im_monitor::history::{MemoryHistory, Source};

const DAY_S: u64 = 86_400;

#[test]
fn a_level_needs_n_of_m_points() {
    let mut world = World::with(
        r#"
        [[rule]]
        name = "deep"
        summary = "deep"
        metric = "depth"
        value = "max"
        above = 10
        points = 2
        among = 3
        "#,
    );
    for (value, expected) in [
        (11.0, &[][..]),
        (9.0, &[]),
        (12.0, &["normal → firing"]),
        (9.0, &["firing → normal"]),
    ] {
        assert_eq!(ways(&world.gauge(value).transitions), expected, "{value}");
    }
    let ended = &world.book.view().ended[0];
    let peak = ended.peak.unwrap();
    assert_eq!((peak.value, peak.threshold), (12.0, 10.0));
    assert_eq!(ended.to_s - ended.from_s, 60);
}

#[test]
fn a_rule_has_an_alarm_for_each_value_of_what_it_tells_apart() {
    let mut world = World::with(
        r#"
        [[rule]]
        name = "slow"
        summary = "{method} of {service} is slow"
        metric = "latency"
        value = "p99"
        by = ["service", "method"]
        above = 1000
        "#,
    );
    world.minute(|store, at_s| {
        let mut took = |service: &str, method: &str, us| {
            store.observe(
                &Source::of(service),
                "latency",
                &[("method", method)],
                at_s,
                us,
            );
        };
        took("push", "Poll", 10.0);
        took("push", "Kick", 2_000.0);
        took("sync", "Sync", 3_000.0);
    });
    let view = world.book.view();
    let mut told: Vec<&str> = view.active.iter().map(|a| &*a.alarm.summary).collect();
    told.sort_unstable();
    assert_eq!(told, ["Kick of push is slow", "Sync of sync is slow"]);
}

#[test]
fn a_change_is_held_against_the_window_before() {
    let mut world = World::with(
        r#"
        [[rule]]
        name = "jumped"
        summary = "jumped"
        metric = "depth"
        value = "avg"
        against = "previous"
        up = 50
        floor = 5
        "#,
    );
    assert_eq!(ways(&world.gauge(2.0).transitions), ["normal → no_data"]);
    // Three times as much, and still next to nothing.
    assert_eq!(ways(&world.gauge(6.0).transitions), ["no_data → normal"]);
    assert_eq!(ways(&world.gauge(12.0).transitions), ["normal → firing"]);
    assert_eq!(ways(&world.gauge(12.0).transitions), ["firing → normal"]);
}

/// Reports of a minute each, for some minutes around a time.
fn count(store: &mut MemoryHistory, around_s: u64, per_minute: f64) {
    for minute in 0..7 {
        let at_s = around_s - 240 + minute * 60;
        store.count(&Source::of("message"), "sent", &[], at_s, per_minute);
    }
}

fn against(word: &str, ago_s: u64, then: f64, now: f64) -> Vec<String> {
    let rule = format!(
        r#"
        [[rule]]
        name = "changed"
        summary = "changed"
        metric = "sent"
        value = "sum"
        against = "{word}"
        up = 100
        down = 50
        floor = 20
        "#
    );
    let mut world = World::with(&rule);
    count(&mut world.store, MONDAY_S - ago_s, then);
    let tick = world.minute(|store, at_s| {
        store.count(&Source::of("message"), "sent", &[], at_s, now);
    });
    ways(&tick.transitions)
}

#[test]
fn a_change_is_held_against_the_same_time_of_yesterday_and_last_week() {
    for (word, ago_s) in [("yesterday", DAY_S), ("last_week", 7 * DAY_S)] {
        assert_eq!(
            against(word, ago_s, 100.0, 49.0),
            ["normal → firing"],
            "{word}"
        );
        assert_eq!(
            against(word, ago_s, 100.0, 201.0),
            ["normal → firing"],
            "{word}"
        );
        assert!(against(word, ago_s, 100.0, 51.0).is_empty(), "{word}");
        // Less than half of little.
        assert!(against(word, ago_s, 30.0, 11.0).is_empty(), "{word}");
        // Another day's figures are none of its business.
        let other_s = ago_s + DAY_S;
        assert_eq!(
            against(word, other_s, 100.0, 1.0),
            ["normal → no_data"],
            "{word}"
        );
    }
}

#[test]
fn yesterday_may_have_been_a_window_early_or_late() {
    let mut world = World::with(
        r#"
        [[rule]]
        name = "changed"
        summary = "changed"
        metric = "sent"
        value = "sum"
        against = "yesterday"
        up = 100
        "#,
    );
    // The rush of yesterday came a minute later than today's.
    for (minute, sent) in [(0, 10.0), (1, 500.0), (2, 500.0), (3, 10.0)] {
        let at_s = MONDAY_S - DAY_S + minute * 60;
        world
            .store
            .count(&Source::of("message"), "sent", &[], at_s, sent);
    }
    let tick = world.minute(|store, at_s| {
        store.count(&Source::of("message"), "sent", &[], at_s, 500.0);
    });
    assert!(tick.transitions.is_empty());
}

#[test]
fn a_ratio_needs_its_volume() {
    let mut world = World::with(
        r#"
        [[rule]]
        name = "fail"
        summary = "fail"
        metric = "calls"
        labels = { code = "ok" }
        over = { metric = "calls" }
        below = 0.9
        volume = 10
        "#,
    );
    let mut minute = |ok: f64, failed: f64| {
        let tick = world.minute(|store, at_s| {
            let source = Source::of("push");
            if ok > 0.0 {
                store.count(&source, "calls", &[("code", "ok")], at_s, ok);
            }
            store.count(&source, "calls", &[("code", "internal")], at_s, failed);
        });
        ways(&tick.transitions)
    };
    assert!(minute(4.0, 5.0).is_empty());
    assert_eq!(minute(85.0, 15.0), ["normal → firing"]);
    assert_eq!(minute(95.0, 5.0), ["firing → normal"]);
    // None went well, so that nothing was counted of those that did.
    assert_eq!(minute(0.0, 15.0), ["normal → firing"]);
}

const SILENT: &str = r#"
    [[rule]]
    name = "silent"
    summary = "nothing is heard of {instance}"
    metric = "depth"
    value = "last"
    by = "instance"
    no_data_for = "2m"
"#;

#[test]
fn silence_is_of_those_who_spoke() {
    let mut world = World::with(SILENT);
    world.gauge(0.0);
    assert!(world.nothing().transitions.is_empty());
    assert_eq!(ways(&world.nothing().transitions), ["normal → firing"]);
    let states = world.states();
    assert_eq!(
        states,
        [(r#"silent{instance="push"}"#.to_owned(), "firing")]
    );
    assert_eq!(ways(&world.gauge(0.0).transitions), ["firing → normal"]);
}

#[test]
fn what_is_silent_for_a_day_was_taken_away() {
    let mut world = World::with(SILENT);
    world.gauge(0.0);
    world.now_s += 600;
    world.look();
    assert_eq!(world.states().len(), 1);
    world.now_s += DAY_S;
    assert_eq!(ways(&world.look().transitions), ["firing → normal"]);
    let ended = &world.book.view().ended[0];
    assert_eq!(ended.end, im_monitor::alarms::End::Gone);
}

#[test]
fn a_watcher_that_was_away_heard_nothing_of_anybody() {
    let plan = crate::world::plan(SILENT);
    let mut world = World::watching(plan.watch.clone(), MONDAY_S);
    world.gauge(0.0);
    world.now_s += 3_600;
    // A centre that starts again after an hour.
    world.book = im_monitor::alarms::Book::new(plan.watch, world.now_s);
    assert_eq!(ways(&world.look().transitions), ["normal → no_data"]);
    world.nothing();
    world.nothing();
    assert_eq!(world.states()[0].1, "firing");
}

#[test]
fn too_many_things_to_tell_apart_are_an_error_not_an_avalanche() {
    let mut world = World::with(&SILENT.replace("instance", "host"));
    world.minute(|store, at_s| {
        for host in 0..=im_monitor::alarms::ALARMS_OF_RULE_MAX {
            let source = Source {
                host: format!("host-{host}"),
                ..Source::of("push")
            };
            store.gauge(&source, "depth", &[], at_s, 1.0);
        }
    });
    assert_eq!(world.states(), [("silent".to_owned(), "error")]);
}
