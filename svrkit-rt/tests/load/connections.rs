//! Five thousand connections at once.

use crate::support::{ECHO, Handlers, Over, Site, Text, call, service};
use std::process::Command;
use std::time::Duration;
use svrkit_rt::{Call, Channel, Reply, Server, Status};
use tokio::task::JoinSet;

const CONNECTIONS: usize = 5_000;
/// Both ends are in this process.
const FILES: usize = 2 * CONNECTIONS + 200;
/// Memory of an idle connection: tasks, tables and socket registrations of both ends, as a debug build has them.
const IDLE_BYTES_MAX: usize = 16 * 1024;

fn handlers() -> Handlers {
    service().echo()
}

/// Whether this process may open the files. If not, the test is run again in a process that may; then there is nothing left to do.
fn may_open_files(test: &str) -> bool {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let files = limits.lines().find(|l| l.starts_with("Max open files"));
    let soft = files.and_then(|l| l.split_whitespace().nth(3)).unwrap();
    if soft == "unlimited" || soft.parse::<usize>().unwrap() >= FILES {
        return true;
    }
    let script = format!("ulimit -n {FILES} && exec \"$0\" --exact \"$1\"");
    let status = Command::new("sh")
        .args(["-c", &script])
        .arg(std::env::current_exe().unwrap())
        .arg(test)
        .status();
    assert!(
        status.unwrap().success(),
        "the system allows fewer than {FILES} files"
    );
    false
}

async fn call_all(channels: &[Channel]) {
    let mut calls = JoinSet::new();
    for (n, channel) in channels.iter().cloned().enumerate() {
        calls.spawn(async move {
            let request = Call::new(Text::number(n as u64)).timeout(Duration::from_secs(60));
            let reply: Result<Reply<Text>, Status> = channel.unary(&ECHO, request).await;
            assert_eq!(reply.unwrap().message.number, n as u64);
        });
    }
    while let Some(done) = calls.join_next().await {
        done.unwrap();
    }
}

#[test]
fn five_thousand_at_once_are_served_and_cost_little_when_idle() {
    if !may_open_files("connections::five_thousand_at_once_are_served_and_cost_little_when_idle") {
        return;
    }
    crate::alone(|| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(five_thousand());
    });
}

async fn five_thousand() {
    let site = Site::start(Over::Tcp, Server::new().service(handlers())).await;
    // What a busy server keeps anyway is there before the count begins.
    let first: Vec<_> = (0..100).map(|_| site.channel()).collect();
    call_all(&first).await;
    let before = crate::resident_bytes();
    let channels: Vec<_> = (first.len()..CONNECTIONS).map(|_| site.channel()).collect();
    for some in channels.chunks(500) {
        call_all(some).await;
    }
    let each = crate::resident_bytes().saturating_sub(before) / channels.len();
    println!("{each} bytes for both ends of an idle connection");
    assert!(each < IDLE_BYTES_MAX, "{each} bytes");
    let all: Vec<_> = first.into_iter().chain(channels).collect();
    call_all(&all).await;
    call_all(&all).await;
    drop(all);
    call(&site.channel(), &ECHO, "after").await.unwrap();
    site.stop().await;
}
