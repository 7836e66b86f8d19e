//! What operators see of the processes, and change.

use crate::backend::Im;
use serde_json::Value;
use std::net::TcpListener;
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) const TOKEN: &str = "a-token-of-this-test";

/// The status and the body of an answer.
pub(crate) async fn ask(address: &str, head: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let request = format!(
        "{head} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: application/x-www-form-urlencoded\r\n\
        authorization: Bearer {TOKEN}\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), body.to_owned())
}

async fn json(address: &str, target: &str) -> Value {
    let (status, body) = ask(address, &format!("GET {target}"), "").await;
    assert_eq!(status, 200, "{target}: {body}");
    serde_json::from_str(&body).unwrap()
}

pub(crate) async fn start(data: &Path, args: &[&str], settings: &[(&str, &str)]) -> Im {
    let settings: Vec<_> = [("ADMIN__TOKEN", TOKEN)]
        .iter()
        .chain(settings)
        .copied()
        .collect();
    Im::start_with(data, args, &settings).await
}

#[tokio::test]
async fn one_process_shows_its_services_and_takes_over_a_changed_setting() {
    let data = tempfile::tempdir().unwrap();
    let im = start(data.path(), &[], &[("GROUP__MEMBERS_MAX", "40")]).await;
    let ada = im.register("ada").await;
    let admin = im.admin.as_str();
    let status = json(admin, "/status?format=json").await;
    let served = status["served"].as_array().unwrap();
    let register = served
        .iter()
        .find(|m| m["service"] == "im.account.Account" && m["method"] == "Register");
    assert_eq!(register.unwrap()["all_calls"], 1, "{status}");

    let config = json(admin, "/config?format=json").await;
    assert_eq!(config["group.members_max"], "40");
    assert_eq!(config["access.links_max"], "200000", "a default");
    let names = config.as_object().unwrap();
    assert!(names.keys().any(|name| name.starts_with("engine.")));
    assert!(!config.to_string().contains(TOKEN), "{config}");

    let (status, said) = ask(admin, "POST /flags", "name=group.members_max&value=2").await;
    assert_eq!(
        (status, said.as_str()),
        (200, "group.members_max: 40 -> 2\n")
    );
    let config = json(admin, "/config?format=json").await;
    assert_eq!(config["group.members_max"], "2");
    let (status, said) = ask(admin, "POST /flags", "name=group.members_max&value=0").await;
    assert_eq!(status, 400, "{said}");
    let (status, said) = ask(
        admin,
        "POST /flags",
        "name=log.filter&value=warn,im_group=debug",
    )
    .await;
    assert_eq!(status, 200, "{said}");
    let (status, _) = ask(admin, "GET /ready", "").await;
    assert_eq!(status, 200);
    drop(ada);
}

#[tokio::test]
async fn a_trace_is_put_together_from_all_processes() {
    let data = tempfile::tempdir().unwrap();
    let free: Vec<TcpListener> = (0..2)
        .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
        .collect();
    let ports: Vec<String> = free
        .iter()
        .map(|l| l.local_addr().unwrap().port().to_string())
        .collect();
    drop(free);
    let settings = [
        ("ADMIN__PORTS__ACCOUNT", ports[0].as_str()),
        ("ADMIN__PORTS__ACCOUNT_STORE", ports[1].as_str()),
    ];
    let im = start(data.path(), &["--split"], &settings).await;
    // Whether the name is free is asked first, and the answer is that there is no such account.
    let ada = im.register("ada").await;
    let account = format!("127.0.0.1:{}", ports[0]);
    let calls = json(&account, "/rpcz?format=json").await;
    let declined = calls["declined"].as_array().unwrap();
    let trace = declined[0]["trace"].as_str().unwrap();
    let whole = json(&account, &format!("/rpcz?trace={trace}&format=json")).await;
    let spans = whole["spans"].as_array().unwrap();
    let caller = spans
        .iter()
        .find(|s| s["process"] == "account" && s["side"] == "client");
    let callee = spans
        .iter()
        .find(|s| s["process"] == "account_store" && s["side"] == "server");
    let (caller, callee) = (caller.unwrap(), callee.unwrap_or_else(|| panic!("{whole}")));
    assert_eq!(callee["parent"], caller["span"]);
    drop(ada);
}

#[tokio::test]
async fn what_others_reach_is_not_shown_without_a_token() {
    let data = tempfile::tempdir().unwrap();
    let mut im = crate::backend::command(data.path());
    // Refused before anything is bound there.
    let im = im
        .env("IM__ADMIN__LISTEN", "0.0.0.0")
        .output()
        .await
        .unwrap();
    assert!(!im.status.success());
    let said = String::from_utf8_lossy(&im.stderr);
    assert!(said.contains("needs a token"), "{said}");
}
