//! A segment has one owner at a time.

use crate::support::{Process, config, pause, read, reader};
use std::fs::{DirBuilder, Permissions};
use std::os::unix::fs::PermissionsExt;
use svrkit_rt::monitor::{self, Config, OpenError, Value};

svrkit_rt::monitor! {
    /// Turns of an owner.
    static TURNS: Counter = "owner_turns";
}

/// What the process does; as a test of its own, nothing.
#[test]
fn the_process() {
    let Some(config) = config() else {
        return;
    };
    match monitor::open(&config) {
        Ok(()) => println!("opened"),
        Err(e) => println!("refused {e}"),
    }
    TURNS.add(1);
    println!("counted");
    pause();
    monitor::retire();
    println!("retired");
    pause();
}

#[test]
fn the_second_process_of_a_name_is_told_whose_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let mut first = Process::start("owners::the_process", directory.path());
    first.hears("counted");

    let mut second = Process::start("owners::the_process", directory.path());
    let why = second.hears("refused ");
    assert!(
        why.contains(&format!("belongs to process {}, which lives", first.id())),
        "{why}"
    );
    // It counts on, for itself alone.
    second.hears("counted");
    let snapshot = read(directory.path());
    assert_eq!(snapshot.instance.pid, first.id());
    assert_eq!(snapshot.get("owner_turns", &[]), Some(&Value::Counter(1)));

    first.kill();
    second.kill();
    let mut third = Process::start("owners::the_process", directory.path());
    third.hears("opened");
    third.hears("counted");
    let snapshot = read(directory.path());
    assert_eq!(snapshot.instance.generation, 2);
    assert_eq!(snapshot.get("owner_turns", &[]), Some(&Value::Counter(2)));
    third.kill();
}

#[test]
fn who_ends_in_good_order_says_so_until_somebody_else_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let is_retired = || read(directory.path()).instance.retired;
    let mut first = Process::start("owners::the_process", directory.path());
    first.hears("counted");
    assert!(!is_retired());
    first.go_on();
    first.hears("retired");
    first.kill();
    assert!(is_retired());
    let mut second = Process::start("owners::the_process", directory.path());
    second.hears("counted");
    assert!(!is_retired());
    second.kill();
    assert!(!is_retired(), "it was killed");
}

#[test]
fn asking_whether_the_owner_lives_does_not_keep_the_next_one_out() {
    let directory = tempfile::tempdir().unwrap();
    let mut first = Process::start("owners::the_process", directory.path());
    first.hears("counted");
    first.kill();
    let reader = reader(directory.path());
    let mut second = Process::start("owners::the_process", directory.path());
    // As many askers as there may be, until the owner has come.
    while !reader.owner_is_alive().unwrap() {}
    second.hears("opened");
    second.kill();
}

#[test]
fn opening_comes_before_counting() {
    TURNS.add(1);
    let directory = tempfile::tempdir().unwrap();
    let config = Config {
        directory: directory.path().to_owned(),
        ..Config::default()
    };
    assert!(matches!(monitor::open(&config), Err(OpenError::TooLate)));
}

#[test]
fn what_others_may_write_is_no_place_for_segments() {
    let directory = tempfile::tempdir().unwrap();
    let open_to_all = directory.path().join("open");
    DirBuilder::new().create(&open_to_all).unwrap();
    std::fs::set_permissions(&open_to_all, Permissions::from_mode(0o777)).unwrap();
    let link = directory.path().join("link");
    std::os::unix::fs::symlink(directory.path(), &link).unwrap();
    for bad in [open_to_all, link] {
        let mut process = Process::start("owners::the_process", &bad);
        let why = process.hears("refused ");
        assert!(why.contains("only this user may write"), "{why}");
        process.kill();
    }
}

#[test]
fn names_that_would_be_paths_are_refused() {
    for instance in ["", ".hidden", "../up", "a/b", "a b", &"x".repeat(121)] {
        let config = Config {
            instance: instance.to_owned(),
            ..Config::default()
        };
        let refused = monitor::open(&config);
        assert!(matches!(refused, Err(OpenError::Name(_))), "{instance}");
    }
}
