//! What pages show: figures that came about, a page at a time, and nothing of it as markup.

use super::Desk;
use crate::generated::shop::v1::{Ask, Fault};
use serde_json::json;
use std::time::Duration;
use svrkit_rt::admin::{Flag, FlagKind, Flags};
use svrkit_rt::monitor::{self, Kind};
use svrkit_rt::{Channel, Endpoint, Tag};

const HOSTILE: &str = "<script>alert('1')</script>\"";

#[tokio::test]
async fn nothing_from_outside_becomes_markup() {
    let labels = [("name", HOSTILE)];
    let series = monitor::series(Kind::Counter, "admin_hostile_names", "", HOSTILE, &labels);
    series.expect("a series");
    let flags = Flags::new();
    let refuse = |_: &str| Err(HOSTILE.to_owned());
    flags.add(Flag::new(
        HOSTILE,
        HOSTILE,
        FlagKind::Text,
        || HOSTILE.to_owned(),
        refuse,
    ));
    let token = svrkit_rt::admin::Token::new("0123456789abcdef").expect("a token");
    let desk = Desk::with(|admin| {
        let config = || vec![(HOSTILE.to_owned(), HOSTILE.to_owned())];
        admin
            .flags(flags)
            .config(config)
            .version(HOSTILE)
            .token(token)
    });
    let encoded = "%3Cscript%3Ealert('1')%3C/script%3E%22";
    for page in [
        "/".to_owned(),
        "/status?sort=%3Cscript%3E".to_owned(),
        "/flags".to_owned(),
        "/config".to_owned(),
        "/connections?server=%3Cscript%3E".to_owned(),
        "/vars?q=hostile".to_owned(),
        format!("/vars?q={encoded}"),
        format!("/vars?series={encoded}"),
    ] {
        let answer = desk.html(&page).await;
        assert!(
            !answer.text().contains("<script"),
            "{page}: {}",
            answer.text()
        );
        assert!(
            answer.text().contains("&lt;script&gt;alert(&#39;1&#39;)"),
            "{page}"
        );
    }
    desk.close().await;
}

#[tokio::test]
async fn secrets_are_blank() {
    let desk = Desk::with(|admin| {
        admin.config(|| {
            vec![
                ("admin.token".to_owned(), "do-not-show-this".to_owned()),
                ("shop.open_max".to_owned(), "5".to_owned()),
            ]
        })
    });
    for form in ["html", "text", "json"] {
        let answer = desk.get(&format!("/config?format={form}"), "*/*").await;
        assert!(!answer.text().contains("do-not-show"), "{form}");
        assert!(answer.text().contains("•••") && answer.text().contains("shop.open_max"));
    }
    desk.close().await;
}

#[tokio::test]
async fn connections_come_a_page_at_a_time() {
    let desk = Desk::open();
    let mut peers = Vec::new();
    for _ in 0..7 {
        let mut peer = desk.site.peer();
        peer.send("GET /health HTTP/1.1\r\n\r\n").await;
        peer.answer().await;
        peers.push(peer);
    }
    let first = desk.json("/connections?max=3").await;
    let server = &first["servers"][0];
    assert_eq!(
        (server["server"].as_str(), server["open"].as_u64()),
        (Some("shop"), Some(7))
    );
    let ids = |server: &serde_json::Value| -> Vec<u64> {
        let connections = server["connections"].as_array().expect("connections");
        connections
            .iter()
            .filter_map(|c| c["id"].as_u64())
            .collect()
    };
    assert_eq!(
        (ids(server), server["more"].as_bool()),
        (vec![1, 2, 3], Some(true))
    );
    let last = desk.json("/connections?server=shop&after=6&max=3").await;
    assert_eq!(ids(&last["servers"][0]), [7]);
    assert_eq!(last["servers"][0]["more"], false);
    let html = desk.html("/connections?max=3").await;
    assert!(
        html.text()
            .contains("/connections?server=shop&amp;after=3&amp;max=3")
    );
    let none = desk.json("/connections?server=none").await;
    assert_eq!(none["servers"].as_array().map(Vec::len), Some(0));
    // Nobody gets them all by asking for many.
    assert!(desk.json("/connections?max=99999999999").await["servers"].is_array());
    desk.close().await;
}

#[tokio::test]
async fn instances_that_are_called_show_where_they_are_and_how_they_do() {
    let tag = Tag::new("gray").expect("a tag");
    let nobody = |address: &str| Endpoint::parse(address).expect("an address");
    let endpoints = [
        nobody("unix:/nowhere/1").in_zone(HOSTILE),
        nobody("unix:/nowhere/2").with_tag(tag).with_weight(3),
    ];
    let builder = endpoints
        .into_iter()
        .fold(Channel::builder(), |b, e| b.endpoint(e));
    let channel = builder.build().expect("a channel");
    let gone = Channel::connect("unix:/nowhere/3")
        .expect("a channel")
        .watch();
    let desk = Desk::with(|admin| {
        let admin = admin.watch_channel("stock", channel.watch());
        admin.watch_channel("gone", gone)
    });
    let page = desk.json("/fleet").await;
    let channels = page["channels"].as_array().expect("channels");
    assert_eq!(channels.len(), 1, "whoever is gone is called by nobody");
    let instances = &channels[0]["instances"];
    assert_eq!(instances[0]["standing"], "not connected");
    assert_eq!(
        (&instances[1]["tag"], &instances[1]["weight"]),
        (&json!("gray"), &json!(3))
    );
    assert_eq!(instances[1]["in_flight"], 0);
    let html = desk.html("/fleet?channel=stock").await;
    assert!(html.text().contains("&lt;script&gt;") && !html.text().contains("<script"));
    desk.close().await;
}

/// Rates and curves come from looks at all series every five seconds.
#[tokio::test(start_paused = true)]
async fn methods_and_series_have_figures_and_curves() {
    let desk = Desk::open();
    for _ in 0..20 {
        for _ in 0..10 {
            desk.shop.show(Ask::default()).await.expect("an answer");
        }
        let fault = Fault {
            code: 5,
            ..Fault::default()
        };
        desk.shop.fail(fault).await.expect_err("a fault");
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    let status = desk.json("/status").await;
    let window = status["window_s"].as_f64().expect("a window");
    assert!((30.0..=65.0).contains(&window), "{window}");
    let method = |name: &str, side: &str| {
        let rows = status[side].as_array().expect("methods").clone();
        let row = rows
            .into_iter()
            .find(|m| m["method"] == name && m["service"] == "shop.v1.Shop");
        row.unwrap_or_else(|| panic!("no {name} in {status}"))
    };
    for side in ["served", "called"] {
        assert!(
            method("Show", side)["calls"].as_u64() >= Some(60),
            "{status}"
        );
        assert!(method("Fail", side)["declined"]["not_found"].as_u64() >= Some(6));
    }
    let html = desk.html("/status?refresh=1").await;
    assert!(html.text().contains("http-equiv=\"refresh\" content=\"5\""));
    assert!(html.text().contains("% not_found"), "{}", html.text());
    assert!(html.text().contains("<svg class=\"small\""));
    let text = desk.text("/status").await;
    assert!(text.text().contains("shop.v1.Shop/Show"), "{}", text.text());

    let found = desk.json("/vars?q=rpc_server_latency").await;
    assert!(found["found"].as_u64() >= Some(1), "{found}");
    let series =
        "rpc_server_latency_microseconds%7Bmethod=%22Show%22,service=%22shop.v1.Shop%22%7D";
    let one = desk.html(&format!("/vars?series={series}")).await;
    assert!(
        one.text().contains("<svg class=\"large\""),
        "{}",
        one.text()
    );
    assert!(one.text().contains("p99"));
    let none = desk.html("/vars?series=none").await;
    assert_eq!(none.status, 404);
    let skipped = desk.json("/vars?skip=1000000").await;
    assert_eq!(skipped["series"].as_array().map(Vec::len), Some(0));
    desk.close().await;
}

#[tokio::test]
async fn the_status_says_who_is_let_in() {
    let desk = Desk::open();
    desk.shop.show(Ask::default()).await.expect("an answer");
    let status = desk.json("/status").await;
    let admission = &status["admission"][0];
    assert_eq!(admission["servers"], serde_json::json!(["shop"]));
    assert_eq!(
        (&admission["admitted_business"], &admission["waiting"]),
        (&255.into(), &0.into())
    );
    assert!(status["refused"]["requests"].is_object(), "{status}");
    let status = desk.text("/status").await;
    let text = status.text();
    assert!(
        text.contains("Admission") && text.contains("refused"),
        "{text}"
    );
    desk.close().await;
}

#[tokio::test]
async fn the_status_says_what_compressing_saves() {
    let desk = Desk::open();
    let large = Ask {
        name: "Ann ".repeat(5_000),
        ..Ask::default()
    };
    // What came before the history's last look is not among the figures, and it looks when it likes.
    let mut shown = (0, 0, false);
    for _ in 0..50 {
        desk.shop.show(large.clone()).await.expect("an answer");
        let answers = &desk.json("/status").await["compressed"]["answers"];
        let bytes = |what: &str| answers[what].as_u64().expect("a number");
        let (from, to) = (bytes("from_bytes"), bytes("to_bytes"));
        let status = desk.text("/status").await;
        shown = (from, to, status.text().contains("Compression"));
        if from > 0 && shown.2 {
            break;
        }
    }
    let (from, to, has_table) = shown;
    assert!(from >= 20_000 && to < from / 10, "{to} of {from}");
    assert!(has_table);
    desk.close().await;
}
