//! Loads against a backend made for the purpose, in memory, under a paused clock: a sound one gets a clean report, and each broken promise
//! is found.

mod fake;

use clap::Parser;
use fake::{Fake, Sin};
use im_press::{PressArgs, Report, prove};
use std::sync::Arc;
use svrkit_rt::testing::run_test;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: PressArgs,
}

fn args(flags: &str) -> PressArgs {
    let words = ["press", "--quiet"]
        .into_iter()
        .chain(flags.split_whitespace());
    Cli::parse_from(words).args
}

fn press(flags: &'static str, sin: Sin) -> Report {
    run_test(flags, |_| async move {
        let fake = Arc::new(Fake::new(sin));
        prove(&args(flags), fake).await.unwrap()
    })
}

const RING: &str = "--users 8 --outstanding 2 --seconds 5 --warmup 0";
const GROUP: &str = "--scenario group --group-size 9 --senders 3 --seconds 5 --warmup 0";

fn assert_clean(report: &Report) {
    assert!(report.is_clean(), "{report}");
    assert!(report.acknowledged > 100, "{report}");
}

#[test]
fn a_sound_backend_gets_a_clean_report() {
    let report = press(RING, Sin::None);
    assert_clean(&report);
    assert_eq!(report.delivered, report.acknowledged);
    assert!(
        report.sends_per_s > 20.0 && report.deliveries_per_s > 20.0,
        "{report}"
    );
    assert!(report.ack_p50_ms > 0.0 && report.durable_p99_ms >= report.durable_p50_ms);
    assert!(report.wire_bytes_per_message > 200.0, "{report}");
}

#[test]
fn every_member_of_a_group_gets_every_message() {
    let report = press(GROUP, Sin::None);
    assert_clean(&report);
    assert_eq!(report.delivered, report.acknowledged * 9);
}

#[test]
fn links_that_drop_and_lost_answers_do_no_harm() {
    let flags = "--users 8 --outstanding 2 --seconds 20 --warmup 0 --drop-every 2";
    let report = press(flags, Sin::LosesAnswers);
    assert_clean(&report);
    assert!(report.links_dropped > 20 && report.resent > 20, "{report}");
    assert_eq!(report.delivered, report.acknowledged);
}

#[test]
fn mixed_loads_are_proved_too() {
    let flags = "--scenario mixed --users 12 --outstanding 2 --group-size 6 --groups 2 --senders 2 --seconds 5 --drop-every 2";
    assert_clean(&press(flags, Sin::None));
}

#[test]
fn what_was_stored_for_users_who_were_offline_is_drained() {
    let flags = "--scenario offline --users 10 --senders 4 --outstanding 3 --messages 50";
    let report = press(flags, Sin::None);
    assert_clean(&report);
    assert_eq!((report.acknowledged, report.delivered), (500, 500));
    assert!(report.drained_per_s > 0.0, "{report}");
}

#[test]
fn syncs_that_find_nothing_are_counted() {
    let report = press(
        "--scenario idle-sync --users 5 --seconds 5 --warmup 0",
        Sin::None,
    );
    assert!(report.is_clean() && report.acknowledged == 0, "{report}");
    assert!(report.syncs_per_s > 50.0, "{report}");
    assert!(
        (50.0..200.0).contains(&report.wire_bytes_per_message),
        "{report}"
    );
}

#[test]
fn a_lost_message_is_found() {
    let report = press(RING, Sin::Loses);
    assert!(report.lost > 0 && !report.is_clean(), "{report}");
    assert_eq!((report.duplicated, report.out_of_order), (0, 0), "{report}");
}

#[test]
fn a_message_that_one_member_does_not_get_is_found() {
    let report = press(GROUP, Sin::Loses);
    assert!(report.lost > 0 && !report.is_clean(), "{report}");
}

#[test]
fn a_doubled_message_is_found() {
    let report = press(RING, Sin::Doubles);
    assert!(report.duplicated > 0 && !report.is_clean(), "{report}");
    assert_eq!((report.lost, report.out_of_order), (0, 0), "{report}");
}

#[test]
fn a_group_whose_order_differs_between_members_is_found() {
    let report = press(GROUP, Sin::Reorders);
    // The last one that the backend held back for a later one may never come.
    assert!(report.out_of_order > 0 && !report.is_clean(), "{report}");
    assert_eq!(report.duplicated, 0, "{report}");
}

#[test]
fn messages_under_a_wrong_name_are_found() {
    let report = press(RING, Sin::Forges);
    assert!(report.foreign > 0 && !report.is_clean(), "{report}");
}
