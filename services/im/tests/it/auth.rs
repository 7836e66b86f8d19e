//! Services that show each other who they are: those that should call do, and nobody else.

use crate::backend::{Im, befriend, command, hears, say, uin};
use crate::log::Log;
use crate::split::pid_of;
use im_idl::base::Empty;
use im_idl::message_store::MessageStoreClient;
use im_serve::ROLES;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use svrkit_rt::auth::Keys;
use svrkit_rt::{Call, Channel, Code, Endpoint, Status};
use tokio::sync::watch;

/// Keys of all services, as an operator makes them.
fn make_keys(path: &Path) {
    let keys = Command::new(env!("CARGO_BIN_EXE_im")).arg("keys").output();
    fs::write(path, keys.unwrap().stdout).unwrap();
    fs::set_permissions(path, PermissionsExt::from_mode(0o600)).unwrap();
}

/// Asks the message store how it does.
pub(crate) async fn ask(endpoint: Endpoint) -> Result<(), Status> {
    let channel = Channel::builder().endpoint(endpoint).build()?;
    let store = MessageStoreClient::new(channel);
    let request = Call::new(Empty {}).timeout(Duration::from_secs(5));
    store.stats_with(request).await.map(drop)
}

#[tokio::test]
async fn only_those_that_should_reach_a_store() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("keys");
    make_keys(&file);
    let path = file.to_str().unwrap();
    let im = Im::start_with(data.path(), &["--split"], &[("AUTH__KEY_FILE", path)]).await;
    let ada = im.register("ada").await;
    let bob = im.register("bob").await;
    befriend(&ada, &bob).await;
    say(&ada, uin(&bob), "who goes there?").await;
    hears(&bob, uin(&ada), 1).await;

    let socket: PathBuf = data.path().join("run/message_store.sock");
    let store = Endpoint::parse(&format!("unix:{}", socket.display())).unwrap();
    let keys = Keys::from_file(&file).unwrap();
    let of = |keys: &Keys, name: &str| store.clone().identify(keys.of(name).unwrap());
    assert_eq!(ask(of(&keys, "sync")).await, Ok(()));
    let code = |result: Result<(), Status>| result.unwrap_err().code();
    assert_eq!(code(ask(store.clone()).await), Code::Unauthenticated);
    assert_eq!(
        code(ask(of(&keys, "session")).await),
        Code::PermissionDenied
    );
    let file = data.path().join("others");
    make_keys(&file);
    let others = Keys::from_file(&file).unwrap();
    let status = ask(of(&others, "sync")).await.unwrap_err();
    assert!(status.message().contains("unauthenticated"), "{status}");
    im.kill().await;
}

/// As `services/README.md` tells operators to: a new key for each service, below the old one, then above it, then alone.
#[tokio::test]
async fn keys_are_changed_without_a_refused_call() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("keys");
    make_keys(&file);
    let mut command = command(data.path());
    command
        .arg("--split")
        .env("IM__AUTH__KEY_FILE", &file)
        .env("IM_LOG", "warn,im_serve=info")
        .stderr(Stdio::piped());
    let mut im = Im::start_command(command).await;
    let mut log = Log::of(&mut im.process);
    let ada = im.register("ada").await;
    let bob = im.register("bob").await;
    befriend(&ada, &bob).await;

    // A caller that reads the file each time, and knows of no step.
    let socket = data.path().join("run/message_store.sock");
    let store = Endpoint::parse(&format!("unix:{}", socket.display())).unwrap();
    let path = file.clone();
    let (stop, stopped) = watch::channel(false);
    let asking = tokio::spawn(async move {
        let mut asked = 0;
        while !*stopped.borrow() {
            let key = Keys::from_file(&path).unwrap().of("sync").unwrap();
            ask(store.clone().identify(key)).await.unwrap();
            asked += 1;
        }
        asked
    });
    let old = fs::read_to_string(&file).unwrap();
    make_keys(&data.path().join("new"));
    let new = fs::read_to_string(data.path().join("new")).unwrap();
    for step in [format!("{old}{new}"), format!("{new}{old}"), new.clone()] {
        put(&file, &step);
        for _ in &ROLES {
            log.has("keys taken anew").await;
        }
        say(&ada, uin(&bob), "still here").await;
    }
    stop.send_replace(true);
    assert!(asking.await.unwrap() > 0);

    // One that knows the new keys alone: those that call it know them, too.
    let supervisor = im.process.id().unwrap();
    let pid = pid_of(supervisor, "message_store").unwrap().to_string();
    let killed = Command::new("kill").args(["-9", &pid]).status();
    assert!(killed.unwrap().success());
    say(&ada, uin(&bob), "back again").await;
    hears(&bob, uin(&ada), 4).await;

    put(&file, "message_store 12\n");
    let said = log.has("new keys are of no use").await;
    assert!(said.contains("line 1 of the keys"), "{said}");
    im.kill().await;
}

/// In one step, as editors do: nobody reads half of it.
fn put(file: &Path, text: &str) {
    let next = file.with_extension("next");
    fs::write(&next, text).unwrap();
    fs::set_permissions(&next, PermissionsExt::from_mode(0o600)).unwrap();
    fs::rename(next, file).unwrap();
}

/// It says what is missing, and does not run as a stranger.
#[tokio::test]
async fn a_service_without_a_key_of_its_own_does_not_start() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("keys");
    make_keys(&file);
    let others: String = fs::read_to_string(&file).unwrap();
    let others = others.lines().filter(|line| !line.starts_with("session "));
    fs::write(&file, others.collect::<Vec<_>>().join("\n")).unwrap();
    let output = command(data.path())
        .args(["--role", "session", "--listen", "127.0.0.1:0"])
        .env("IM__AUTH__KEY_FILE", &file)
        .stdin(Stdio::piped())
        .output();
    let output = output.await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && said.contains("no key of session"),
        "{said}"
    );
}
