//! Each service in a process of its own.

use crate::backend::{Im, befriend, hears, say, uin};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use svrkit_rt::monitor::{Reader, Value, segment_path};

/// The processes that the supervisor has started, with the service each was told to be.
pub(crate) fn children(supervisor: u32) -> Vec<(u32, String)> {
    let list = format!("/proc/{supervisor}/task");
    let threads = std::fs::read_dir(list).unwrap();
    let of_thread = |thread: std::io::Result<std::fs::DirEntry>| {
        let list = thread.unwrap().path().join("children");
        std::fs::read_to_string(list).unwrap_or_default()
    };
    let pids: String = threads.map(of_thread).collect();
    let role = |pid: &str| {
        let arguments = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).ok()?;
        let mut arguments = arguments.split('\0').skip_while(|a| *a != "--role");
        Some((pid.parse().ok()?, arguments.nth(1)?.to_owned()))
    };
    pids.split_whitespace().filter_map(role).collect()
}

pub(crate) fn pid_of(supervisor: u32, role: &str) -> Option<u32> {
    let children = children(supervisor);
    children
        .into_iter()
        .find(|child| child.1 == role)
        .map(|child| child.0)
}

#[tokio::test]
async fn killed_services_come_back_and_nothing_is_lost() {
    let data = tempfile::tempdir().unwrap();
    let im = Im::start(data.path(), &["--split"]).await;
    let supervisor = im.process.id().unwrap();
    let ada = im.register("ada").await;
    let bob = im.register("bob").await;
    befriend(&ada, &bob).await;
    assert_eq!(children(supervisor).len(), im_serve::ROLES.len());
    for (n, role) in ["message_store", "message", "access", "sync", "session"]
        .iter()
        .enumerate()
    {
        let pid = pid_of(supervisor, role).unwrap();
        let killed = Command::new("kill").args(["-9", &pid.to_string()]).status();
        assert!(killed.unwrap().success());
        // Sent while it is away: the client sends it again until somebody has it.
        say(&ada, uin(&bob), role).await;
        assert_eq!(hears(&bob, uin(&ada), n + 1).await, n + 1, "{role}");
        while pid_of(supervisor, role).is_none_or(|new| new == pid) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    let orphans = children(supervisor);
    im.kill().await;
    for (pid, role) in orphans {
        // It ends because the pipe to its supervisor did, and is nobody's child any more.
        while is_alive(pid) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        println!("{role} has ended");
    }
}

pub(crate) fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

/// What the process of a service has counted under a name, of all its methods.
fn counted(data_dir: &Path, role: &str, name: &str) -> u64 {
    let path = segment_path(&data_dir.join("counters"), role);
    let snapshot = Reader::open(path).unwrap().snapshot().unwrap();
    let series = snapshot.series.iter().filter(|s| s.metric.name == name);
    let counts = series.map(|series| match &series.value {
        Value::Counter(count) => *count,
        other => panic!("{other:?}"),
    });
    counts.sum()
}

#[tokio::test]
async fn what_services_tell_each_other_may_be_compressed() {
    let data = tempfile::tempdir().unwrap();
    let settings = [
        ("CALLS__COMPRESSION", "zstd"),
        ("CALLS__COMPRESS_ABOVE_BYTES", "1000"),
    ];
    let im = Im::start_with(data.path(), &["--split"], &settings).await;
    let ada = im.register("ada").await;
    let bob = im.register("bob").await;
    befriend(&ada, &bob).await;
    // What a device has read may go before another one is known, so nobody reads.
    let bobs = uin(&bob);
    drop(bob);
    let line = "I have read all of it, and it is as long as you said. ".repeat(40);
    let lines = 30;
    for _ in 0..lines {
        say(&ada, bobs, &line).await;
    }
    // A new device of his gets all of it at once.
    let tablet = im.login("bob").await;
    assert_eq!(hears(&tablet, uin(&ada), lines).await, lines);
    // Requests on their way down, answers on their way up.
    for (role, side) in [
        ("message", "client"),
        ("message_store", "server"),
        ("sync", "server"),
    ] {
        let from = counted(
            data.path(),
            role,
            &format!("rpc_{side}_compressed_from_bytes"),
        );
        let to = counted(
            data.path(),
            role,
            &format!("rpc_{side}_compressed_to_bytes"),
        );
        assert!(from > 0 && to < from / 2, "{role}: {to} of {from}");
    }
    im.kill().await;
}
