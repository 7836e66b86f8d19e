//! What operators record of a backend, and what never gets on file.

use crate::admin::{TOKEN, ask, start};
use crate::backend::{PASSWORD, befriend, say, uin};
use im_client::State;
use im_idl::account::{AccountClient, LoginRequest};
use im_idl::message::SendRequest;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use svrkit_rt::Channel;
use svrkit_rt::codegen::prost::Message;
use svrkit_rt::record::{Reader, RecordedCall};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

/// The calls of a recording by method.
fn calls(file: &Path) -> BTreeMap<String, Vec<RecordedCall>> {
    let mut reader = Reader::open(file).unwrap();
    let mut calls: BTreeMap<String, Vec<RecordedCall>> = BTreeMap::new();
    while let Some(call) = reader.next_call().unwrap() {
        let mut methods = reader.methods();
        let method = methods.find(|method| method.number == call.method).unwrap();
        let name = method.full_name.clone();
        calls.entry(name).or_default().push(call);
    }
    calls
}

fn has(file: &[u8], text: &str) -> bool {
    file.windows(text.len())
        .any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn one_process_records_what_its_services_are_asked_and_no_secret_of_it() {
    let data = tempfile::tempdir().unwrap();
    let im = start(data.path(), &[], &[]).await;
    // A service is known to the pages once it runs, and it runs once it answers.
    let (ada, bob) = (im.register("ada").await, im.register("bob").await);
    befriend(&ada, &bob).await;
    say(&ada, uin(&bob), "good night").await;
    let form = "action=start&file=all&method=im.account.Account&method=im.account_store.AccountStore\
        &method=im.message.Message";
    let (status, said) = ask(&im.admin, "POST /record", form).await;
    assert_eq!((status, said.as_str()), (200, "all is being written\n"));
    let cyd = im.register("cyd").await;
    let phone = im.login("ada").await;
    say(&ada, uin(&bob), "good morning").await;
    let (status, said) = ask(&im.admin, "POST /record", "action=stop").await;
    assert_eq!(status, 200, "{said}");

    let path = data.path().join("recordings/all");
    let calls = calls(&path);
    // A client may have asked twice.
    let first = |method: &str| calls[method][0].clone();
    let login = LoginRequest::decode(first("im.account.Account/Login").body).unwrap();
    assert_eq!((login.name.as_str(), login.password.as_str()), ("ada", ""));
    let send = first("im.message.Message/Send");
    assert_eq!(send.routing_key, uin(&ada));
    assert!(send.metadata.get("im-caller").is_some());
    SendRequest::decode(send.body).unwrap();
    for method in [
        "im.account.Account/Verify",
        "im.account_store.AccountStore/Create",
    ] {
        assert!(calls.contains_key(method), "{method}");
    }
    let file = std::fs::read(path).unwrap();
    assert!(has(&file, "good morning") && !has(&file, "good night"));
    assert!(!has(&file, PASSWORD));
    // The hash of it, which the account service hands to its store.
    assert!(!has(&file, "$argon2id$"));
    for client in [&ada, &bob, &cyd, &phone] {
        let ticket = client.state(|state: &State| state.identity().map(|it| it.ticket.clone()));
        assert!(!has(&file, &ticket.unwrap()));
    }
}

#[tokio::test]
async fn a_role_records_for_itself_where_its_settings_say() {
    let data = tempfile::tempdir().unwrap();
    let elsewhere = data.path().join("elsewhere");
    let nobody = format!("unix:{}", data.path().join("nobody.sock").display());
    let mut account = Command::new(env!("CARGO_BIN_EXE_im"))
        .args([
            "run",
            "--role",
            "account",
            "--listen",
            "127.0.0.1:0",
            "--with-parent",
        ])
        .arg("--data-dir")
        .arg(data.path())
        .env("IM__COUNTERS__DIRECTORY", data.path().join("counters"))
        .env("IM__ADMIN__TOKEN", TOKEN)
        .env("IM__ADMIN__PORTS__ACCOUNT", "0")
        .env("IM__SERVICES__ACCOUNT_STORE", nobody)
        .env("IM__RECORD__DIRECTORY", &elsewhere)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(account.stdout.take().unwrap()).lines();
    let mut address = async |before: &str| {
        let line = lines.next_line().await.unwrap().unwrap();
        line.strip_prefix(before).unwrap().to_owned()
    };
    let admin = address("account has admin pages at http://").await;
    let at = address("account is ready at ").await;
    let client = AccountClient::new(Channel::connect(&at).unwrap());
    // Nobody has accounts here, but it is asked.
    let login = || LoginRequest {
        name: "ada".to_owned(),
        password: PASSWORD.to_owned(),
        ..LoginRequest::default()
    };
    client.login(login()).await.unwrap_err();
    let form = "action=start&file=logins&method=im.account.Account/Login&share=1&seconds=600";
    assert_eq!(ask(&admin, "POST /record", form).await.0, 200);
    // Its store would be a process of its own.
    let form = "action=start&file=more&method=im.account_store.AccountStore";
    assert_eq!(ask(&admin, "POST /record", form).await.0, 404);
    client.login(login()).await.unwrap_err();
    let (status, said) = ask(&admin, "POST /record", "action=stop").await;
    assert!(
        status == 200 && said.starts_with("logins has 1 calls"),
        "{said}"
    );
    let calls = calls(&elsewhere.join("logins"));
    let login = LoginRequest::decode(calls["im.account.Account/Login"][0].body.clone()).unwrap();
    assert_eq!((login.name.as_str(), login.password.as_str()), ("ada", ""));
}
