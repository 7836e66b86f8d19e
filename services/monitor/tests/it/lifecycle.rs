//! An alarm from its beginning to its end, and what people hear of it.

use crate::world::{World, plan, silence, ways};
use im_monitor::alarms::{End, Tick};
use im_monitor::history::Source;

const DEEP: &str = r#"
    [notify]
    wait = "1m"
    interval = "5m"
    repeat = "1h"

    [[rule]]
    name = "deep"
    summary = "{service} is deep"
    metric = "depth"
    value = "max"
    by = "service"
    above = 10
    for = "1m"
    keep_firing_for = "2m"
"#;

/// What is told, as `firing | over`.
fn told(tick: &Tick) -> Vec<String> {
    let notices = tick.notices.iter();
    notices.map(|notice| notice.title()).collect()
}

/// Ticks of some minutes of the same value.
fn minutes(world: &mut World, value: f64, minutes: usize) -> Vec<String> {
    (0..minutes)
        .flat_map(|_| told(&world.gauge(value)))
        .collect()
}

#[test]
fn it_fires_after_its_time_and_is_over_after_its_time() {
    let mut world = World::with(DEEP);
    let mut all = Vec::new();
    for value in [11.0, 11.0, 9.0, 11.0, 9.0, 9.0, 9.0] {
        all.extend(ways(&world.gauge(value).transitions));
    }
    let ways = [
        "normal → pending",
        "pending → firing",
        "firing → recovering",
        "recovering → firing",
        "firing → recovering",
        "recovering → normal",
    ];
    assert_eq!(all, ways);
    assert_eq!(world.book.view().ended.len(), 1);
}

#[test]
fn people_are_told_once_again_after_a_while_and_of_the_end() {
    let mut world = World::with(DEEP);
    let firing = r#"1 firing: deep{service="push"}"#;
    assert!(minutes(&mut world, 11.0, 2).is_empty());
    assert_eq!(minutes(&mut world, 11.0, 1), [firing]);
    assert!(minutes(&mut world, 11.0, 59).is_empty());
    assert_eq!(minutes(&mut world, 11.0, 1), [firing]);
    let over = minutes(&mut world, 1.0, 30);
    assert_eq!(over, [r#"1 over: deep{service="push"}"#]);
}

#[test]
fn what_came_and_went_before_anybody_was_told_is_not_told() {
    let mut world = World::with(&DEEP.replace(r#"wait = "1m""#, r#"wait = "10m""#));
    minutes(&mut world, 11.0, 3);
    assert!(minutes(&mut world, 1.0, 60).is_empty());
    assert_eq!(world.book.view().ended.len(), 1);
}

#[test]
fn alarms_of_a_group_are_told_together() {
    let mut world = World::with(DEEP);
    let mut both = |push: f64, sync: f64| {
        told(&world.minute(|store, at_s| {
            store.gauge(&Source::of("push"), "depth", &[], at_s, push);
            store.gauge(&Source::of("sync"), "depth", &[], at_s, sync);
        }))
    };
    both(11.0, 1.0);
    both(11.0, 11.0);
    let first = both(11.0, 11.0);
    let expected = r#"2 firing: deep{service="push"}, deep{service="sync"}"#;
    assert_eq!(first, [expected]);
    // The second one's end waits for the interval, and comes with what fires still.
    let later: Vec<_> = (0..10).flat_map(|_| both(11.0, 1.0)).collect();
    let expected = r#"1 firing: deep{service="push"}; 1 over: deep{service="sync"}"#;
    assert_eq!(later, [expected]);
}

#[test]
fn a_silence_holds_until_it_is_over() {
    let mut world = World::with(DEEP);
    let request = silence("service", "push", 30);
    world.book.silence(request, world.now_s).unwrap();
    assert!(minutes(&mut world, 11.0, 29).is_empty());
    assert!(world.book.view().active[0].silenced);
    let told = minutes(&mut world, 11.0, 3);
    assert_eq!(told, [r#"1 firing: deep{service="push"}"#]);
}

#[test]
fn a_silence_of_another_hides_nothing_and_may_be_ended() {
    let mut world = World::with(DEEP);
    let other = silence("service", "sync", 30);
    world.book.silence(other, world.now_s).unwrap();
    let mine = silence("rule", "deep", 30);
    let mine = world.book.silence(mine, world.now_s).unwrap();
    assert!(minutes(&mut world, 11.0, 10).is_empty());
    assert!(world.book.unsilence(&mine.id));
    assert!(!world.book.unsilence(&mine.id));
    assert_eq!(minutes(&mut world, 11.0, 2).len(), 1);
}

#[test]
fn whoever_was_told_hears_of_the_end_even_of_what_is_silent_by_then() {
    let mut world = World::with(DEEP);
    assert_eq!(minutes(&mut world, 11.0, 3).len(), 1);
    let request = silence("service", "push", 60);
    world.book.silence(request, world.now_s).unwrap();
    let told = minutes(&mut world, 1.0, 20);
    assert_eq!(told, [r#"1 over: deep{service="push"}"#]);
}

#[test]
fn a_host_that_is_down_mutes_its_instances() {
    let mut world = World::with(
        r#"
        [notify]
        wait = "0s"

        [[rule]]
        name = "host_silent"
        summary = "host"
        metric = "depth"
        by = "host"
        value = "last"
        no_data_for = "2m"

        [[rule]]
        name = "instance_silent"
        summary = "instance"
        metric = "depth"
        by = ["host", "instance"]
        value = "last"
        no_data_for = "2m"

        [[inhibit]]
        source = { rule = "host_silent" }
        target = { rule = "instance_silent" }
        equal = ["host"]
        "#,
    );
    let on = |host: &str, instance: &str| Source {
        host: host.to_owned(),
        instance: instance.to_owned(),
        service: "push".to_owned(),
    };
    world.minute(|store, at_s| {
        store.gauge(&on("a", "push-1"), "depth", &[], at_s, 1.0);
        store.gauge(&on("b", "push-2"), "depth", &[], at_s, 1.0);
        store.gauge(&on("b", "push-3"), "depth", &[], at_s, 1.0);
    });
    let mut heard = Vec::new();
    for _ in 0..2 {
        heard.extend(told(&world.minute(|store, at_s| {
            store.gauge(&on("b", "push-3"), "depth", &[], at_s, 1.0);
        })));
    }
    let expected = [
        r#"1 firing: host_silent{host="a"}"#,
        r#"1 firing: instance_silent{host="b",instance="push-2"}"#,
    ];
    assert_eq!(heard, expected);
    assert_eq!(world.states().len(), 3);
}

#[test]
fn who_ended_in_good_order_is_not_missed() {
    let mut world = World::with(
        r#"
        [notify]
        wait = "0s"

        [[rule]]
        name = "instance_silent"
        summary = "instance"
        metric = "depth"
        by = ["host", "instance"]
        value = "last"
        no_data_for = "2m"
        "#,
    );
    let (handed_over, killed) = (Source::of("handed_over"), Source::of("killed"));
    world.minute(|store, at_s| {
        store.gauge(&handed_over, "depth", &[], at_s, 1.0);
        store.gauge(&killed, "depth", &[], at_s, 1.0);
        store.retire(&handed_over);
    });
    let mut heard = Vec::new();
    for _ in 0..5 {
        heard.extend(told(&world.nothing()));
    }
    let expected = [r#"1 firing: instance_silent{host="here",instance="killed"}"#];
    assert_eq!(heard, expected);
}

#[test]
fn a_rule_that_is_taken_out_ends_its_alarms_and_one_that_stays_goes_on() {
    let mut world = World::with(DEEP);
    assert_eq!(minutes(&mut world, 11.0, 3).len(), 1);
    let since_s = world.book.view().active[0].alarm.state.since_s();
    world
        .book
        .watch(plan(&DEEP.replace("above = 10", "above = 5")).watch);
    world.gauge(6.0);
    assert_eq!(world.book.view().active[0].alarm.state.since_s(), since_s);
    world.book.watch(plan("").watch);
    assert_eq!(ways(&world.look().transitions), ["firing → normal"]);
    assert_eq!(world.book.view().ended[0].end, End::RuleRemoved);
}

#[test]
fn a_broken_figure_is_an_error_that_ends_when_it_does() {
    let mut world = World::with(DEEP);
    let broken = ways(&world.gauge(f64::NAN).transitions);
    assert_eq!(broken, ["normal → error"]);
    assert_eq!(ways(&world.gauge(1.0).transitions), ["error → normal"]);
}
