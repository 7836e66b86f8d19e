//! Services that show each other who they are: those that should call do, and nobody else.

use crate::backend::{Im, befriend, command, hears, say, uin};
use im_idl::base::Empty;
use im_idl::message_store::MessageStoreClient;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use svrkit_rt::auth::Keys;
use svrkit_rt::{Call, Channel, Code, Endpoint, Status};

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
    make_keys(&file);
    let others = Keys::from_file(&file).unwrap();
    let status = ask(of(&others, "sync")).await.unwrap_err();
    assert!(status.message().contains("unauthenticated"), "{status}");
    im.kill().await;
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
