//! Calls worth a look, and traces across processes.

use super::Desk;
use crate::generated::shop::v1::{Ask, Fault};
use std::time::Duration;
use svrkit_rt::Code;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const HOSTILE: &str = "<script>alert('calls')</script>";

/// Makes a call fail with a message, and says in which trace.
async fn fail(desk: &Desk, message: &str) -> String {
    // Calls are watched once the listener runs.
    desk.get("/health", "*/*").await;
    let fault = Fault {
        code: Code::Internal as u32,
        message: message.to_owned(),
        ..Fault::default()
    };
    desk.shop.fail(fault).await.expect_err("a fault");
    let calls = desk.json("/rpcz").await;
    let failed = calls["failed"].as_array().expect("calls").iter();
    let mut failed = failed.filter(|call| call["message"] == message);
    let call = failed
        .next()
        .unwrap_or_else(|| panic!("no failure in {calls}"));
    assert_eq!(
        (call["code"].as_str(), call["method"].as_str()),
        (Some("internal"), Some("shop.v1.Shop/Fail"))
    );
    call["trace"].as_str().expect("a trace").to_owned()
}

#[tokio::test]
async fn a_failure_is_listed_and_leads_to_its_trace() {
    let desk = Desk::open();
    let trace = fail(&desk, HOSTILE).await;
    let page = desk.html("/rpcz?q=calls").await;
    assert!(
        page.text()
            .contains("internal: &lt;script&gt;alert(&#39;calls&#39;)")
    );
    assert!(page.text().contains(&format!("/rpcz?trace={trace}")));
    let page = desk.html(&format!("/rpcz?trace={trace}")).await;
    assert!(page.text().contains("<svg class=\"bar\"") && !page.text().contains("<script"));
    let text = desk.text(&format!("/rpcz?trace={trace}")).await;
    let lines: Vec<&str> = text.text().lines().collect();
    let at = lines
        .iter()
        .position(|l| l.starts_with("shop.v1.Shop/Fail"))
        .expect("the caller");
    assert!(lines[at].contains("client") && lines[at].contains("internal"));
    assert!(
        lines[at + 1].starts_with("  shop.v1.Shop/Fail  server"),
        "{}",
        text.text()
    );
    let none = desk.json("/rpcz?q=nothing-has-this").await;
    assert_eq!(none["failed"].as_array().map(Vec::len), Some(0));
    desk.close().await;
}

#[tokio::test]
async fn what_was_declined_stands_apart_from_what_failed() {
    let desk = Desk::open();
    desk.get("/health", "*/*").await;
    let fault = Fault {
        code: Code::NotFound as u32,
        message: "no such shelf".to_owned(),
        ..Fault::default()
    };
    desk.shop.fail(fault).await.expect_err("a refusal");
    let calls = desk.json("/rpcz?q=no%20such%20shelf").await;
    let count = |kind: &str| calls[kind].as_array().map(Vec::len);
    assert_eq!(count("failed"), Some(0));
    assert!(count("declined") >= Some(1), "{calls}");
    desk.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_call_is_listed() {
    let desk = Desk::open();
    desk.get("/health", "*/*").await;
    let (shop, ledger) = (desk.shop.clone(), desk.site.ledger.clone());
    let call = tokio::spawn(async move { shop.wait(Ask::default()).await });
    ledger.started.notified().await;
    tokio::time::sleep(Duration::from_millis(150)).await;
    ledger.go_on.notify_one();
    call.await.expect("no panic").expect("an answer");
    let calls = desk.json("/rpcz?q=shop/wait").await;
    let slow = calls["slow"].as_array().expect("calls");
    let took = slow.iter().filter_map(|call| call["took_us"].as_u64());
    assert!(
        took.clone().all(|us| us >= 100_000) && took.count() >= 2,
        "{calls}"
    );
    desk.close().await;
}

#[tokio::test]
async fn other_processes_are_asked_for_their_part() {
    let sibling = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let gone = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let (address, nobody) = (sibling.local_addr().unwrap(), gone.local_addr().unwrap());
    drop(gone);
    let token = svrkit_rt::admin::Token::new("a-token-of-this-test").expect("a token");
    let desk = Desk::with(|admin| {
        let admin = admin.sibling("stock", address.to_string()).token(token);
        admin.sibling("nobody", nobody.to_string())
    });
    let trace = fail(&desk, "out of stock").await;
    let own = desk.json(&format!("/rpcz?trace={trace}&local=1")).await;
    let mut spans = own["spans"].as_array().expect("spans").iter();
    let server = spans
        .find(|s| s["side"] == "server")
        .cloned()
        .expect("a span");

    let answering = tokio::spawn(async move {
        let (mut stream, _) = sibling.accept().await.expect("a question");
        let mut question = vec![0; 1024];
        let n = stream.read(&mut question).await.expect("a question");
        let body = serde_json::json!({ "spans": [{
            "process": "stock", "span": "00000000000000aa", "parent": server["span"], "side": "client",
            "method": "stock.v1.Stock/<b>", "started_us": server["started_us"], "took_us": 5, "code": "ok",
        }]});
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{body}");
        stream
            .write_all(answer.as_bytes())
            .await
            .expect("an answer");
        String::from_utf8_lossy(&question[..n]).into_owned()
    });
    let page = desk.text(&format!("/rpcz?trace={trace}")).await;
    let question = answering.await.expect("no panic");
    assert!(question.contains(&format!("GET /rpcz?trace={trace}&local=1 HTTP/1.1")));
    assert!(question.contains("authorization: Bearer a-token-of-this-test"));
    assert!(
        page.text()
            .contains("    stock.v1.Stock/<b>  client  stock"),
        "{}",
        page.text()
    );
    assert!(
        page.text().contains("nobody at 127.0.0.1:"),
        "{}",
        page.text()
    );
    desk.close().await;
}

#[tokio::test]
async fn what_is_no_trace_is_refused() {
    let desk = Desk::open();
    for bad in [
        "x",
        "0",
        "",
        "123456789012345678901234567890123",
        "%3Cscript%3E",
    ] {
        assert_eq!(
            desk.html(&format!("/rpcz?trace={bad}")).await.status,
            400,
            "{bad}"
        );
    }
    let none = desk.html("/rpcz?trace=1234").await;
    assert!(none.text().contains("Nothing is kept of this trace"));
    desk.close().await;
}

#[tokio::test]
async fn what_is_kept_can_be_changed() {
    let desk = Desk::open();
    let flags = desk.json("/flags").await;
    let names = flags["flags"].as_array().expect("flags").iter();
    let names: Vec<&str> = names.filter_map(|flag| flag["name"].as_str()).collect();
    assert!(names.contains(&"rpcz.slow_ms") && names.contains(&"rpcz.sampled_one_in"));
    desk.close().await;
}
