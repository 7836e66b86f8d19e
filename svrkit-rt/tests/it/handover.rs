//! One process after the other on the same sockets: nobody is refused, and no call fails.

use crate::support::{ACT, Text, call, service, until};
use std::io::{Read, stdin};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use svrkit_rt::handover::{Reports, Sockets, Stage};
use svrkit_rt::{Channel, Listener, Server};
use tokio::net::{TcpStream, UnixStream};
use tokio::process::{Child, Command};
use tokio::time::sleep;

const NUMBER: &str = "SVRKIT_TEST_NUMBER";

/// What the process does; as a test of its own, nothing. It drains when its standard input ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_process() {
    let Ok(number) = std::env::var(NUMBER) else {
        return;
    };
    let number: u64 = number.parse().unwrap();
    let mut sockets = Sockets::inherit().unwrap();
    assert!(sockets.are_given());
    let handlers = || {
        service().answer(&ACT, move |_| async move {
            sleep(Duration::from_millis(2)).await;
            Ok(Text::number(number))
        })
    };
    let mut servers = tokio::task::JoinSet::new();
    let (over, is_over) = tokio::sync::watch::channel(false);
    for name in ["tcp", "unix"] {
        let listener = sockets.listener(name).unwrap().unwrap();
        let mut is_over = is_over.clone();
        let ended = async move { drop(is_over.changed().await) };
        servers.spawn(Server::new().service(handlers()).run(listener, ended));
    }
    assert!(sockets.listener("none").unwrap().is_none());
    sockets.tell(Stage::Ready);
    drop(sockets);
    std::thread::spawn(move || {
        let _ = stdin().lock().read_to_end(&mut Vec::new());
        drop(over);
    });
    servers.join_all().await;
}

async fn start(sockets: &Sockets, number: u64) -> (Child, Reports) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "handover::the_process"])
        .env(NUMBER, number.to_string())
        .stdout(Stdio::null())
        .kill_on_drop(true);
    let (child, mut reports) = sockets.start(&mut command).unwrap();
    assert_eq!(reports.next().await, Some(Stage::Ready));
    (child, reports)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_notice_nothing_of_five_new_processes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sock");
    let tcp = Listener::bind("127.0.0.1:0").await.unwrap();
    let unix = Listener::bind_unix(&path).unwrap();
    let mut sockets = Sockets::new();
    sockets.keep("tcp", &tcp).unwrap();
    sockets.keep("unix", &unix).unwrap();
    let addresses = [tcp.address(), unix.address()];
    drop(tcp);
    // Its file stays: the copy listens.
    drop(unix);
    assert!(path.exists());

    let mut running = start(&sockets, 0).await;
    let stop = Arc::new(AtomicBool::new(false));
    let newest = Arc::new(AtomicUsize::new(0));
    let mut load = Vec::new();
    for n in 0..16 {
        let (stop, newest) = (stop.clone(), newest.clone());
        let channel = Channel::connect(&addresses[n % 2]).unwrap();
        load.push(tokio::spawn(async move {
            let mut calls = 0;
            while !stop.load(SeqCst) {
                let answer = call(&channel, &ACT, "").await.unwrap();
                newest.fetch_max(answer.number as usize, SeqCst);
                calls += 1;
            }
            calls
        }));
    }
    let (there, unix_path, stop_connecting) = (addresses[0].clone(), path.clone(), stop.clone());
    let connecting = tokio::spawn(async move {
        while !stop_connecting.load(SeqCst) {
            TcpStream::connect(&there).await.unwrap();
            UnixStream::connect(&unix_path).await.unwrap();
            sleep(Duration::from_millis(1)).await;
        }
    });
    for number in 1..=5 {
        let next = start(&sockets, number).await;
        let (mut before, lifeline) = std::mem::replace(&mut running, next);
        drop(lifeline);
        assert!(before.wait().await.unwrap().success());
        until("the new one answers", async || {
            newest.load(SeqCst) == number as usize
        })
        .await;
    }
    stop.store(true, SeqCst);
    let mut calls = 0;
    for task in load {
        calls += task.await.unwrap();
    }
    connecting.await.unwrap();
    assert!(calls > 100, "{calls}");
    drop(sockets);
    drop(running);
}

#[tokio::test]
async fn one_that_ends_without_a_word_is_heard_of_at_once() {
    // It lives on, as it does where it says how the process was called.
    let mut command = Command::new("false");
    let (mut child, mut reports) = Sockets::new().start(&mut command).unwrap();
    assert_eq!(reports.next().await, None);
    assert!(!child.wait().await.unwrap().success());
    drop(command);
}
