//! The backend is started anew under its clients: nobody is refused, and no message is lost, doubled or late for long.

use crate::backend::{Im, befriend, command, hears, say, uin};
use crate::monitor::centre;
use crate::split::{children, is_alive, pid_of};
use im_idl::base::Empty;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

pub(crate) fn hang_up(pid: u32) {
    send("-HUP", pid);
}

fn send(signal: &str, pid: u32) {
    let sent = Command::new("kill")
        .args([signal, &pid.to_string()])
        .status();
    assert!(sent.unwrap().success());
}

/// Connects all the while, and is never refused.
fn connect_on(address: &str, stop: &Arc<AtomicBool>) -> JoinHandle<usize> {
    let (address, stop) = (address.to_owned(), stop.clone());
    tokio::spawn(async move {
        let mut connections = 0;
        while !stop.load(SeqCst) {
            TcpStream::connect(&address).await.unwrap();
            connections += 1;
            sleep(Duration::from_millis(2)).await;
        }
        connections
    })
}

/// Sends one message after the other.
fn say_on(
    from: im_client::Client,
    to: u64,
    stop: &Arc<AtomicBool>,
) -> (JoinHandle<()>, Arc<AtomicUsize>) {
    let (stop, said) = (stop.clone(), Arc::new(AtomicUsize::new(0)));
    let count = said.clone();
    let saying = tokio::spawn(async move {
        while !stop.load(SeqCst) {
            let n = count.load(SeqCst);
            let sent = timeout(Duration::from_secs(30), say(&from, to, &n.to_string())).await;
            sent.expect("a message takes no half a minute");
            count.fetch_add(1, SeqCst);
        }
    });
    (saying, said)
}

#[tokio::test]
async fn one_process_hands_everything_to_the_next() {
    let data = tempfile::tempdir().unwrap();
    let mut im = Im::start(data.path(), &[]).await;
    let ada = im.register("ada").await;
    let bob = im.register("bob").await;
    befriend(&ada, &bob).await;
    let stop = Arc::new(AtomicBool::new(false));
    let connecting = connect_on(&im.long, &stop);
    let (to_ada, to_bob) = (uin(&ada), uin(&bob));
    let (saying, said) = say_on(ada, to_bob, &stop);
    while said.load(SeqCst) < 20 {
        sleep(Duration::from_millis(10)).await;
    }
    // Kept: waiting for the old process would close it, and the next one lives by it, too.
    let _lifeline = im.process.stdin.take();
    hang_up(im.process.id().unwrap());
    let ended = timeout(Duration::from_secs(60), im.process.wait()).await;
    assert!(
        ended
            .expect("the old one drains and ends")
            .unwrap()
            .success()
    );
    let at_the_end = said.load(SeqCst);
    let (page, admin) = (im.page.clone(), im.admin.clone());
    // The next one has said where it is and that it is ready, too: to whoever reads on.
    im.ready().await;
    assert_eq!((&im.page, &im.admin), (&page, &admin));
    while said.load(SeqCst) < at_the_end + 20 {
        sleep(Duration::from_millis(10)).await;
    }
    stop.store(true, SeqCst);
    saying.await.unwrap();
    let said = said.load(SeqCst);
    assert_eq!(hears(&bob, to_ada, said).await, said);
    let connections = connecting.await.unwrap();
    assert!(connections > 20, "{connections}");
}

#[tokio::test]
async fn each_service_of_a_split_backend_is_started_anew() {
    let data = tempfile::tempdir().unwrap();
    let im = Im::start(data.path(), &["--split"]).await;
    let supervisor = im.process.id().unwrap();
    let ada = im.register("ada").await;
    let bob = im.register("bob").await;
    befriend(&ada, &bob).await;
    let stop = Arc::new(AtomicBool::new(false));
    let connecting = connect_on(&im.long, &stop);
    let (to_ada, to_bob) = (uin(&ada), uin(&bob));
    let (saying, said) = say_on(ada, to_bob, &stop);
    let before = children(supervisor);
    assert_eq!(before.len(), im_serve::ROLES.len());
    hang_up(supervisor);
    for (old, role) in before {
        let is_new = async {
            while pid_of(supervisor, &role).is_none_or(|pid| pid == old) || is_there(old) {
                sleep(Duration::from_millis(20)).await;
            }
        };
        let in_time = timeout(Duration::from_secs(120), is_new).await;
        assert!(in_time.is_ok(), "{role} is the old one");
    }
    // While both live, each counts by itself; of the two the old one is not missed.
    let centre = centre(&im);
    let told = async {
        loop {
            let told = centre.instances(Empty {}).await.unwrap().instances;
            let has = |name, retired| {
                let mut told = told.iter().filter(|i| i.instance == name);
                told.any(|i| i.retired == retired && !i.silent)
            };
            if has("message", true) && has("message.2", false) {
                return told;
            }
            sleep(Duration::from_millis(200)).await;
        }
    };
    let told = timeout(Duration::from_secs(60), told).await;
    let told = told.expect("agent and centre know who handed over");
    let silent = told.iter().filter(|instance| instance.silent);
    assert_eq!(silent.count(), 0, "{told:?}");
    let at_the_end = said.load(SeqCst);
    while said.load(SeqCst) < at_the_end + 20 {
        sleep(Duration::from_millis(10)).await;
    }
    stop.store(true, SeqCst);
    saying.await.unwrap();
    let said = said.load(SeqCst);
    assert_eq!(hears(&bob, to_ada, said).await, said);
    let connections = connecting.await.unwrap();
    assert!(connections > 20, "{connections}");
}

fn is_there(pid: u32) -> bool {
    std::fs::exists(format!("/proc/{pid}")).unwrap()
}

/// A program that cannot start is no reason to end.
#[tokio::test]
async fn a_new_process_that_fails_leaves_the_old_one_alone() {
    let data = tempfile::tempdir().unwrap();
    let config = data.path().join("im.toml");
    std::fs::write(&config, "").unwrap();
    let data_dir = data.path().join("data");
    let im = Im::start(&data_dir, &["--config", config.to_str().unwrap()]).await;
    let ada = im.register("ada").await;
    let bob = im.register("bob").await;
    befriend(&ada, &bob).await;
    std::fs::write(&config, "[acces]\n").unwrap();
    for n in 1..=2 {
        hang_up(im.process.id().unwrap());
        sleep(Duration::from_millis(500)).await;
        say(&ada, uin(&bob), "still here").await;
        assert_eq!(hears(&bob, uin(&ada), n).await, n);
    }
}

/// A new process that says nothing is waited for for a minute, but not by somebody who was told to end.
#[tokio::test]
async fn one_that_waits_for_the_next_ends_when_it_is_told_to() {
    let data = tempfile::tempdir().unwrap();
    let (program, noted) = (data.path().join("im"), data.path().join("pid"));
    let script = format!("#!/bin/sh\necho $$ > {}\nexec sleep 600\n", noted.display());
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o700)).unwrap();
    let mut command = command(&data.path().join("data"));
    command.arg0(&program);
    let mut im = Im::start_command(command).await;
    // Its end would be the end, too.
    let _lifeline = im.process.stdin.take();
    let old = im.process.id().unwrap();
    hang_up(old);
    let next: u32 = loop {
        let said = std::fs::read_to_string(&noted).unwrap_or_default();
        // A whole line.
        match said.strip_suffix('\n') {
            Some(pid) => break pid.parse().unwrap(),
            None => sleep(Duration::from_millis(20)).await,
        }
    };
    send("-TERM", old);
    let ended = timeout(Duration::from_secs(30), im.process.wait()).await;
    assert!(ended.expect("it drains and ends").unwrap().success());
    while is_alive(next) {
        sleep(Duration::from_millis(20)).await;
    }
}
