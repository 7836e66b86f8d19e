//! Sinks, against a real HTTP server.

use crate::collector::Collector;
use crate::world::{World, plan};
use im_monitor::alarms::{Notice, Severity};
use im_monitor::sinks::{
    Current, Dispatcher, Letter, Mailer, QUEUE_MAX, SinkError, SinkFigures, SinkPlan,
};
use serde_json::{Value, json};
use std::path::Path;
use svrkit_rt::{Listener, TlsServer};

const RULE: &str = r#"
    [notify]
    wait = "0s"
    interval = "0s"

    [[rule]]
    name = "deep"
    summary = "{service} is deep"
    metric = "depth"
    value = "max"
    by = "service"
    above = 10
"#;

/// A notice of an alarm that fires, and the one of its end.
fn notices() -> (Notice, Notice) {
    let mut world = World::with(RULE);
    let firing = world.gauge(11.5).notices.remove(0);
    let over = world.gauge(1.0).notices.remove(0);
    (firing, over)
}

fn sinks(text: &str) -> Vec<SinkPlan> {
    plan(text).sinks
}

fn webhook(name: &str, url: &str) -> String {
    format!("[[sink]]\nname = \"{name}\"\nkind = \"webhook\"\nurl = \"{url}\"\n")
}

fn dispatcher(text: &str) -> Dispatcher {
    let mut dispatcher = Dispatcher::default();
    dispatcher.set(&sinks(text), "http://im/");
    dispatcher
}

/// Waits until the sinks' figures are so.
async fn until(dispatcher: &Dispatcher, done: impl Fn(&[SinkFigures]) -> bool) {
    while !done(&dispatcher.figures()) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_webhook_is_what_alertmanager_posts() {
    let mut collector = Collector::answering(&[]).await;
    let dispatcher = dispatcher(&webhook("ops", &collector.url));
    let (firing, over) = notices();
    dispatcher.tell(&firing);
    let alert = |status: &str, ends_at: &str, value: &str| {
        json!({
            "status": status,
            "labels": { "alertname": "deep", "service": "push", "severity": "warning" },
            "annotations": { "summary": "push is deep", "threshold": "10", "value": value },
            "startsAt": "2026-01-05T00:01:00Z",
            "endsAt": ends_at,
            "generatorURL": "http://im/",
            "fingerprint": firing.firing[0].identity.fingerprint(),
        })
    };
    let body = |status: &str, alert: Value| {
        json!({
            "version": "4",
            "groupKey": "{}:{rule=\"deep\"}",
            "truncatedAlerts": 0,
            "status": status,
            "receiver": "ops",
            "groupLabels": { "rule": "deep" },
            "commonLabels": alert["labels"],
            "commonAnnotations": alert["annotations"],
            "externalURL": "http://im/",
            "alerts": [alert],
        })
    };
    let expected = alert("firing", "0001-01-01T00:00:00Z", "11.5");
    assert_eq!(collector.post().await.json, body("firing", expected));
    dispatcher.tell(&over);
    let expected = alert("resolved", "2026-01-05T00:02:00Z", "11.5");
    assert_eq!(collector.post().await.json, body("resolved", expected));
}

#[tokio::test]
async fn an_alertmanager_is_told_all_that_fires_and_what_ended() {
    let mut collector = Collector::answering(&[]).await;
    let sink = webhook("am", &collector.url).replace("\"webhook\"", "\"alertmanager\"");
    let dispatcher = dispatcher(&sink);
    let (firing, over) = notices();
    dispatcher.current(&Current {
        firing: firing.firing.clone(),
        over: Vec::new(),
    });
    let alerts = collector.post().await.json;
    assert_eq!(alerts[0]["labels"]["alertname"], "deep");
    assert_eq!(alerts[0]["startsAt"], "2026-01-05T00:01:00Z");
    // It is over when nothing more is heard of it.
    assert!(alerts[0]["endsAt"].as_str().unwrap() > "2026-01-05T00:02:00Z");
    assert!(alerts[0].get("fingerprint").is_none() && alerts[0].get("status").is_none());
    dispatcher.current(&Current {
        firing: Vec::new(),
        over: over.over,
    });
    let alerts = collector.post().await.json;
    assert_eq!(alerts[0]["endsAt"], "2026-01-05T00:02:00Z");
    assert_eq!(alerts.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_token_is_read_each_time_it_is_sent() {
    let mut collector = Collector::answering(&[]).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("token");
    let sink = webhook("ops", &collector.url);
    let dispatcher = dispatcher(&format!("{sink}bearer_file = {file:?}\n"));
    for token in ["first", "second"] {
        std::fs::write(&file, format!("{token}\n")).unwrap();
        dispatcher.tell(&notices().0);
        assert_eq!(collector.post().await.bearer.as_deref(), Some(token));
    }
}

#[tokio::test]
async fn what_fails_is_tried_again() {
    let mut collector = Collector::answering(&[503, 429]).await;
    let dispatcher = dispatcher(&webhook("ops", &collector.url));
    dispatcher.tell(&notices().0);
    for _ in 0..3 {
        collector.post().await;
    }
    let expected = SinkFigures {
        name: "ops".to_owned(),
        delivered: 1,
        failed: 2,
        given_up: 0,
    };
    until(&dispatcher, |figures| *figures == [expected.clone()]).await;
}

#[tokio::test]
async fn what_is_refused_for_good_is_given_up_and_the_next_one_goes_on() {
    let mut collector = Collector::answering(&[400]).await;
    let dispatcher = dispatcher(&webhook("ops", &collector.url));
    let (firing, over) = notices();
    dispatcher.tell(&firing);
    dispatcher.tell(&over);
    collector.post().await;
    assert_eq!(collector.post().await.json["status"], "resolved");
    until(&dispatcher, |figures| {
        (figures[0].delivered, figures[0].given_up) == (1, 1)
    })
    .await;
}

#[tokio::test]
async fn a_sink_that_never_answers_holds_up_nobody_and_its_queue_has_an_end() {
    // Takes connections and says nothing.
    let mute = Listener::bind("127.0.0.1:0").await.unwrap();
    let mut collector = Collector::answering(&[]).await;
    let mute_url = format!("http://{}/", mute.address());
    let both = webhook("mute", &mute_url) + &webhook("ops", &collector.url);
    let dispatcher = dispatcher(&both);
    let (firing, _) = notices();
    let told = QUEUE_MAX + 10;
    for _ in 0..told {
        dispatcher.tell(&firing);
        collector.post().await;
    }
    let figures = dispatcher.figures();
    assert_eq!(figures[1].given_up, 0);
    // One is under way, and so many wait.
    assert_eq!(figures[0].given_up, (told - QUEUE_MAX - 1) as u64);
}

#[tokio::test]
async fn a_sink_hears_of_what_is_bad_enough_for_it() {
    let mut collector = Collector::answering(&[]).await;
    let critical = webhook("ops", &collector.url) + "severity = \"critical\"\n";
    let dispatcher = dispatcher(&critical);
    let (mut firing, _) = notices();
    dispatcher.tell(&firing);
    firing.firing[0].severity = Severity::Critical;
    dispatcher.tell(&firing);
    let labels = &collector.post().await.json["commonLabels"];
    assert_eq!(labels["severity"], "critical");
}

#[tokio::test]
async fn sinks_that_stay_as_they_were_keep_what_they_have() {
    let mut collector = Collector::answering(&[]).await;
    let ops = webhook("ops", &collector.url);
    let mut dispatcher = dispatcher(&ops);
    dispatcher.tell(&notices().0);
    collector.post().await;
    until(&dispatcher, |figures| figures[0].delivered == 1).await;
    let log = "[[sink]]\nname = \"log\"\nkind = \"log\"\n";
    dispatcher.set(&sinks(&format!("{log}{ops}")), "http://im/");
    let figures = dispatcher.figures();
    assert_eq!((figures[0].delivered, figures[1].delivered), (0, 1));
    dispatcher.set(&sinks(log), "http://im/");
    assert_eq!(dispatcher.figures().len(), 1);
}

#[tokio::test]
async fn https_trusts_whom_the_plan_says() {
    let dir = tempfile::tempdir().unwrap();
    let ca_file = dir.path().join("ca.pem");
    let tls = certified(&ca_file);
    let mut collector = Collector::with_tls(tls).await;
    let sink = webhook("ops", &collector.url);
    let dispatcher = dispatcher(&format!("{sink}ca_file = {ca_file:?}\n"));
    dispatcher.tell(&notices().0);
    assert_eq!(collector.post().await.json["status"], "firing");
}

#[tokio::test]
async fn a_mail_server_that_falls_silent_is_given_up() {
    // Takes connections and says nothing.
    let mute = Listener::bind("127.0.0.1:0").await.unwrap();
    let port = mute.address().rsplit(':').next().unwrap().to_owned();
    let smtp = format!(
        "[smtp]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nfrom = \"im@example.org\"\ntimeout = \"1s\"\n\
         [daily_mail]\nto = \"ada@example.org\"\n"
    );
    let daily = plan(&smtp).daily_mail.unwrap();
    let mailer = Mailer::new(daily.smtp);
    let late = mailer.send(&daily.to, Letter::default()).await.unwrap_err();
    assert!(
        matches!(late, SinkError::TimedOut { timeout_s: 1 }),
        "{late:?}"
    );
}

/// A server called `localhost`, and the certificate to trust it by in this file.
fn certified(ca_file: &Path) -> TlsServer {
    let names = vec!["localhost".to_owned()];
    let certified = rcgen::generate_simple_self_signed(names).unwrap();
    let chain = certified.cert.pem();
    std::fs::write(ca_file, &chain).unwrap();
    let key = certified.signing_key.serialize_pem();
    TlsServer::from_pem(chain.as_bytes(), key.as_bytes()).unwrap()
}
