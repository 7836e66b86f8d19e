//! Services that show each other who they are by certificates instead of keys.

use crate::auth::ask;
use crate::backend::{Im, befriend, command, hears, say, uin};
use crate::certified::{Certified, names};
use crate::log::Log;
use crate::restarts::hang_up;
use im_idl::base::Empty;
use im_idl::session::SessionClient;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use svrkit_rt::{Call, Channel, Code, Endpoint, Status, TlsClient};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::timeout;

#[tokio::test]
async fn only_those_that_should_reach_a_store() {
    let data = tempfile::tempdir().unwrap();
    let certified = Certified::new();
    for role in &im_serve::ROLES {
        certified.issue(role.name);
    }
    let settings = certified.settings();
    let settings = settings.each_ref().map(|(key, path)| (*key, path.as_str()));
    let im = Im::start_with(data.path(), &["--split"], &settings).await;
    let ada = im.register("ada").await;
    let bob = im.register("bob").await;
    befriend(&ada, &bob).await;
    say(&ada, uin(&bob), "who goes there?").await;
    hears(&bob, uin(&ada), 1).await;

    let socket = data.path().join("run/message_store.sock");
    let store = Endpoint::parse(&format!("unix:{}", socket.display())).unwrap();
    let of = |certified: &Certified, name: &str| {
        let tls = certified.of(name).client("message_store").unwrap();
        store.clone().tls(tls)
    };
    assert_eq!(ask(of(&certified, "sync")).await, Ok(()));
    let refused = ask(of(&certified, "session")).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let others = Certified::new();
    others.issue("sync");
    let unheard = ask(of(&others, "sync")).await.unwrap_err();
    assert_eq!(unheard.code(), Code::Unavailable, "{unheard}");
    im.kill().await;
}

/// `im run --role NAME` with its own certificate, and where it is once it is ready.
async fn ready(certified: &Certified, data: &Path, name: &str) -> (Child, String) {
    let mut process = role(certified, data, name).spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    loop {
        let line = lines.next_line().await.unwrap();
        let line = line.expect("it ended before it was ready");
        if let Some(address) = line.strip_prefix(&format!("{name} is ready at ")) {
            return (process, address.to_owned());
        }
    }
}

fn role(certified: &Certified, data: &Path, name: &str) -> Command {
    let mut command = command(data);
    command
        .args(["--role", name, "--listen", "127.0.0.1:0"])
        .env(format!("IM__ADMIN__PORTS__{}", name.to_uppercase()), "0")
        .envs(certified.settings().map(|(k, v)| (format!("IM__{k}"), v)))
        .env("IM_LOG", "warn,im_serve=info")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Asks the session service at an address how many are online, as another service.
async fn count(certified: &Certified, address: &str, caller: &str) -> Result<(), Status> {
    count_over(&connect(certified, address, caller)?).await
}

fn connect(certified: &Certified, address: &str, caller: &str) -> Result<SessionClient, Status> {
    let tls = certified.of(caller).client("session").unwrap();
    let endpoint = Endpoint::parse(address)?.tls(tls);
    Ok(SessionClient::new(
        Channel::builder().endpoint(endpoint).build()?,
    ))
}

async fn count_over(session: &SessionClient) -> Result<(), Status> {
    let request = Call::new(Empty {}).timeout(Duration::from_secs(5));
    session.count_with(request).await.map(drop)
}

#[tokio::test]
async fn a_hot_restart_takes_new_certificates() {
    let data = tempfile::tempdir().unwrap();
    let before = Certified::new();
    before.issue("session");
    before.issue("push");
    let (mut process, address) = ready(&before, data.path(), "session").await;
    assert_eq!(count(&before, &address, "push").await, Ok(()));

    let after = before.renewed();
    after.issue("session");
    after.issue("push");
    // Kept: waiting for the old process would close it, and the next one lives by it, too.
    let _lifeline = process.stdin.take();
    hang_up(process.id().unwrap());
    let ended = timeout(Duration::from_secs(60), process.wait()).await;
    assert!(ended.expect("the old one ends").unwrap().success());
    assert_eq!(count(&after, &address, "push").await, Ok(()));
}

#[tokio::test]
async fn a_certificate_that_does_not_fit_leaves_the_old_process_alone() {
    let data = tempfile::tempdir().unwrap();
    let certified = Certified::new();
    certified.issue("session");
    certified.issue("push");
    let (mut process, address) = ready(&certified, data.path(), "session").await;
    certified.issue_at("session", names("push"));
    hang_up(process.id().unwrap());
    let _log = goes_on(&mut process).await;
    assert_eq!(count(&certified, &address, "push").await, Ok(()));
}

/// Of a service that owns data, the old process lets go of them for a new one: not for one that then ends.
#[tokio::test]
async fn nor_does_the_old_process_let_go_of_its_data() {
    let data = tempfile::tempdir().unwrap();
    let certified = Certified::new();
    certified.issue("message_store");
    certified.issue("sync");
    let (mut process, address) = ready(&certified, data.path(), "message_store").await;
    certified.issue_at("message_store", names("sync"));
    hang_up(process.id().unwrap());
    let _log = goes_on(&mut process).await;
    let tls = certified.of("sync").client("message_store").unwrap();
    assert_eq!(
        ask(Endpoint::parse(&address).unwrap().tls(tls)).await,
        Ok(())
    );
}

/// Waits until a process has said that it does, since no other takes over.
async fn goes_on(process: &mut Child) -> Log {
    let mut log = Log::of(process);
    log.has("goes on as it is").await;
    log
}

#[tokio::test]
async fn new_certificates_are_taken_while_a_service_runs() {
    let data = tempfile::tempdir().unwrap();
    let before = Certified::new();
    before.issue("session");
    before.issue("push");
    let (mut process, address) = ready(&before, data.path(), "session").await;
    let mut log = Log::of(&mut process);
    let open = connect(&before, &address, "push").unwrap();
    assert_eq!(count_over(&open).await, Ok(()));

    let after = before.renewed();
    after.issue("push");
    after.issue("session");
    log.has("certificates taken anew").await;
    assert_eq!(count(&after, &address, "push").await, Ok(()));
    assert_eq!(count_over(&open).await, Ok(()), "it stays open");

    after.issue_at("session", names("push"));
    let said = log.has("new certificates are of no use").await;
    assert!(said.contains("not of \\\"session\\\""), "{said}");
    assert_eq!(count(&after, &address, "push").await, Ok(()));
    after.issue("session");
    log.has("certificates taken anew").await;
    assert_eq!(count(&after, &address, "push").await, Ok(()));
}

/// A link's handshake with a certificate named `link`, as clients make it.
async fn shakes_hands(certified: &Certified, address: &str) -> io::Result<()> {
    let tls = TlsClient::from_file(certified.path("roots.pem"))?.server_name("link")?;
    let stream = TcpStream::connect(address).await?;
    tls.connect(stream.into(), address).await.map(drop)
}

#[tokio::test]
async fn links_have_new_certificates_too() {
    let data = tempfile::tempdir().unwrap();
    let before = Certified::new();
    before.issue("link");
    let mut command = command(data.path());
    command
        .env("IM__LISTEN__TLS_CHAIN", before.path("link.pem"))
        .env("IM__LISTEN__TLS_KEY", before.path("link.key"))
        .env("IM_LOG", "warn,im_serve=info")
        .stderr(Stdio::piped());
    let mut im = Im::start_command(command).await;
    let mut log = Log::of(&mut im.process);
    shakes_hands(&before, &im.long).await.unwrap();
    let after = before.renewed();
    shakes_hands(&after, &im.long).await.unwrap_err();
    after.issue("link");
    log.has("certificates of links taken anew").await;
    shakes_hands(&after, &im.long).await.unwrap();
    im.kill().await;
}

/// It says what is wrong, and does not run as somebody else or as a stranger.
#[tokio::test]
async fn a_service_without_a_certificate_of_its_own_does_not_start() {
    let data = tempfile::tempdir().unwrap();
    let certified = Certified::new();
    let missing = certified.path("session.pem");
    let missing = missing.to_str().unwrap();
    fails(&certified, data.path(), &[missing, "cannot read"]).await;
    let [uri, dns] = names("session");
    certified.issue_at("session", [dns]);
    fails(&certified, data.path(), &["no URI svrkit://NAME"]).await;
    certified.issue_at("session", names("push"));
    fails(&certified, data.path(), &["\"push\"", "not of \"session\""]).await;
    let [_, elsewhere] = names("session.internal");
    certified.issue_at("session", [uri, elsewhere]);
    fails(
        &certified,
        data.path(),
        &["\"session\"", "not valid for name"],
    )
    .await;
    certified.issue("session");
    let key = certified.path("session.key");
    fs::set_permissions(key, PermissionsExt::from_mode(0o644)).unwrap();
    fails(
        &certified,
        data.path(),
        &["session.key", "open to everybody"],
    )
    .await;
    certified.issue("session");
    ready(&certified, data.path(), "session").await;
}

async fn fails(certified: &Certified, data: &Path, why: &[&str]) {
    let output = role(certified, data, "session").output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{said}");
    for why in why {
        assert!(said.contains(why), "{why}: {said}");
    }
}

/// Of a whole backend, all are looked at before any is started.
#[tokio::test]
async fn what_is_missing_is_told_before_the_first_process_is_started() {
    let data = tempfile::tempdir().unwrap();
    let certified = Certified::new();
    certified.issue("account_store");
    let settings = certified.settings().map(|(k, v)| (format!("IM__{k}"), v));
    let output = command(data.path())
        .arg("--split")
        .envs(settings)
        .stdin(Stdio::piped())
        .output();
    let output = output.await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("contact_store.pem"), "{said}");
    assert!(!data.path().join("run").exists(), "nothing was begun");
}
