//! The centre is killed, anywhere: what it had answered is there, once.

use super::machine::Machine;
use super::{NOON_MS, open, total};
use std::fs;
use std::path::Path;

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

fn only_file(dir: &Path) -> std::path::PathBuf {
    let mut files: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|f| f.unwrap().path())
        .collect();
    files.sort();
    files.pop().unwrap()
}

#[test]
fn cut_at_any_byte_the_log_has_what_was_answered() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path(), NOON_MS);
    let mut machine = Machine::new("a", NOON_MS);
    // Bytes of the log after each answer.
    let log = only_file(&dir.path().join("log"));
    let mut answered = vec![(fs::metadata(&log).unwrap().len(), 0)];
    for n in 1..=5 {
        machine = machine.counter("orders", n);
        let now_ms = NOON_MS + n * 10_000;
        let report = machine.at(now_ms);
        store.take(&[(now_ms, report)]).unwrap();
        answered.push((fs::metadata(&log).unwrap().len(), n));
    }
    drop(store);
    let whole = fs::read(&log).unwrap();
    for end in (512..=whole.len()).step_by(101).chain([whole.len()]) {
        let cut = tempfile::tempdir().unwrap();
        copy(dir.path(), cut.path());
        fs::write(only_file(&cut.path().join("log")), &whole[..end]).unwrap();
        let mut store = open(cut.path(), NOON_MS + 60_000);
        let expected = answered
            .iter()
            .rfind(|(bytes, _)| *bytes <= end as u64)
            .unwrap()
            .1;
        assert_eq!(
            total(&store, "orders", NOON_MS),
            expected as f64,
            "{end} bytes"
        );
        // Not answered, so the agent reports on: everything is there then.
        let mut machine = machine.clone().counter("orders", 6);
        let report = machine.at(NOON_MS + 60_000);
        store.take(&[(NOON_MS + 60_000, report)]).unwrap();
        drop(store);
        let store = open(cut.path(), NOON_MS + 60_000);
        assert_eq!(total(&store, "orders", NOON_MS), 6.0, "{end} bytes");
    }
}

/// A checkpoint takes three steps: blocks, the state, the log. Between any two of them nothing is missing and nothing is there twice.
#[test]
fn between_the_steps_of_a_checkpoint_everything_is_there_once() {
    let dir = tempfile::tempdir().unwrap();
    let begin_ms = NOON_MS;
    let mut store = open(dir.path(), begin_ms);
    let mut machine = Machine::new("a", begin_ms);
    let mut now_ms = begin_ms;
    for n in 1..=1_000 {
        now_ms = begin_ms + n * 10_000 + 3_000;
        machine = machine.counter("orders", n);
        let report = machine.at(now_ms);
        store.take(&[(now_ms, report)]).unwrap();
    }
    let before = tempfile::tempdir().unwrap();
    copy(dir.path(), before.path());
    store.checkpoint(now_ms).unwrap();
    drop(store);
    let after = dir.path();
    assert_eq!(fs::read_dir(after.join("blocks")).unwrap().count(), 1);
    let all = |dir: &Path| {
        let store = open(dir, now_ms);
        let line = super::ask(
            &store,
            "orders",
            crate::history::Value::Sum,
            begin_ms,
            now_ms,
            10,
        );
        line.into_iter().flatten().sum::<f64>()
    };
    assert_eq!(all(before.path()), 1_000.0);
    assert_eq!(all(after), 1_000.0);

    // Blocks are written, the state is being written.
    let crashed = tempfile::tempdir().unwrap();
    copy(before.path(), crashed.path());
    copy(&after.join("blocks"), &crashed.path().join("blocks"));
    let half = fs::read(after.join("checkpoint")).unwrap();
    fs::write(
        crashed.path().join("checkpoint.new"),
        &half[..half.len() / 2],
    )
    .unwrap();
    assert_eq!(all(crashed.path()), 1_000.0);
    assert_eq!(
        fs::read_dir(crashed.path().join("blocks")).unwrap().count(),
        0
    );

    // The state is in its place, the log is not released.
    let crashed = tempfile::tempdir().unwrap();
    copy(before.path(), crashed.path());
    copy(after, crashed.path());
    assert_eq!(all(crashed.path()), 1_000.0);
}

#[test]
fn damage_is_named_and_a_block_is_no_more_than_its_time() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path(), NOON_MS);
    let mut machine = Machine::new("a", NOON_MS);
    let mut now_ms = NOON_MS;
    for n in 1..=1_000 {
        now_ms = NOON_MS + n * 10_000 + 3_000;
        machine = machine.counter("orders", n);
        let report = machine.at(now_ms);
        store.take(&[(now_ms, report)]).unwrap();
    }
    store.checkpoint(now_ms).unwrap();
    drop(store);
    let block = only_file(&dir.path().join("blocks"));
    let bytes = fs::read(&block).unwrap();
    fs::write(&block, &bytes[..bytes.len() - 1]).unwrap();
    let store = open(dir.path(), now_ms);
    let line = super::ask(
        &store,
        "orders",
        crate::history::Value::Sum,
        NOON_MS,
        now_ms,
        10,
    );
    assert_eq!(line.iter().flatten().sum::<f64>(), 1_000.0 - 719.0);
    assert!(block.with_extension("damaged").exists());
    drop(store);

    let checkpoint = dir.path().join("checkpoint");
    let mut bytes = fs::read(&checkpoint).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&checkpoint, bytes).unwrap();
    let error = super::Store::open(dir.path(), super::BOUNDS, now_ms).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("damaged"), "{source}");
}

#[test]
fn a_directory_has_one_store_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), NOON_MS);
    let second = super::Store::open(dir.path(), super::BOUNDS, NOON_MS).unwrap_err();
    assert!(second.to_string().contains("in use"), "{second}");
    drop(store);
    fs::write(dir.path().join("FORMAT"), "im-monitor 2\n").unwrap();
    let newer = super::Store::open(dir.path(), super::BOUNDS, NOON_MS).unwrap_err();
    assert!(newer.to_string().contains("im-monitor 2"), "{newer}");
    fs::write(dir.path().join("FORMAT"), "im-monitor 1\n").unwrap();
    fs::remove_file(dir.path().join("checkpoint")).unwrap();
    super::Store::open(dir.path(), super::BOUNDS, NOON_MS).unwrap_err();
}
