//! What `im monitor` prints.

use crate::world::{MONDAY_S, past};
use clap::Parser;
use im_monitor::commands::{MonitorArgs, answer};
use im_monitor::history::{History, MemoryHistory, Scope, Selector, Value};
use im_serve::StartError;
use std::path::Path;
use std::sync::Arc;
use svrkit_rt::{Listener, PageRequest, PageResponse, Pages, Server};

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: MonitorArgs,
}

const DEEP: &str = r#"
    [[rule]]
    name = "deep"
    summary = "deep"
    metric = "depth"
    value = "max"
    by = "service"
    above = 10
    for = "2m"

    [[rule]]
    name = "silent"
    summary = "silent"
    metric = "depth"
    value = "last"
    by = "service"
    no_data_for = "1m"
"#;

fn open(folder: &Path) -> Result<Box<dyn History + Send + Sync>, StartError> {
    match folder == Path::new("store") {
        true => Ok(Box::new(past())),
        false => Err("there is no store".into()),
    }
}

async fn monitor(arguments: &[&str]) -> Result<String, StartError> {
    let arguments = ["monitor"].iter().chain(arguments);
    let cli = Cli::try_parse_from(arguments)?;
    answer(cli.args, open).await
}

/// The folder of a file with [`DEEP`], and its path.
fn rules() -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("deep.toml");
    std::fs::write(&file, DEEP).unwrap();
    let path = file.to_str().unwrap().to_owned();
    (dir, path)
}

const REPORT: &str = "\
2026-01-05T00:21:00Z  deep{service=\"push\"}  normal → pending  11.0000 against 10.0000
2026-01-05T00:23:00Z  deep{service=\"push\"}  pending → firing  11.0000 against 10.0000
2026-01-05T00:31:00Z  deep{service=\"push\"}  firing → normal  1.0000 against 10.0000
2026-01-05T00:01:00Z to 2026-01-05T01:00:00Z: fired 1 times, 480 s in all
";

#[tokio::test]
async fn a_rule_is_tried_on_a_store_and_on_a_centre() {
    let (_dir, file) = rules();
    let centre = centre().await;
    let (from, to) = ((MONDAY_S + 60).to_string(), (MONDAY_S + 3_600).to_string());
    for against in ["store", &centre] {
        let time = ["--from", &from, "--to", &to];
        let what = ["test-rule", &file, "--rule", "deep", "--against", against];
        let report = monitor(&[&what[..], &time].concat()).await.unwrap();
        assert_eq!(report, REPORT, "{against}");
        let all = ["test-rule", &file, "--against", against];
        let report = monitor(&[&all[..], &time].concat()).await.unwrap();
        // Nobody is silent as long as the past goes.
        assert_eq!(report, REPORT, "{against}");
    }
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_told() {
    let (_dir, file) = rules();
    let wrong = async |arguments: &[&str]| monitor(arguments).await.unwrap_err().to_string();
    let none = wrong(&["test-rule", &file, "--rule", "wide"]).await;
    assert_eq!(none, "there is no rule \"wide\" in it");
    let nowhere = wrong(&["test-rule", &file, "--against", "elsewhere"]).await;
    assert_eq!(nowhere, "there is no store");
    let nobody = wrong(&["test-rule", &file, "--against", "http://127.0.0.1:1"]).await;
    assert_eq!(nobody, "no connection to 127.0.0.1:1");
    let never = [
        "test-rule",
        &file,
        "--against",
        "store",
        "--from",
        "9",
        "--to",
        "9",
    ];
    assert_eq!(wrong(&never).await, "--from is before --to");
}

#[tokio::test]
async fn the_plan_in_force_is_printed() {
    let (_dir, file) = rules();
    assert_eq!(monitor(&["rules", "--plan", &file]).await.unwrap(), DEEP);
    let built_in = monitor(&["rules"]).await.unwrap();
    assert_eq!(built_in, im_monitor::plan::DEFAULT_PLAN);
    std::fs::write(&file, "[[rule]]\nname = 1").unwrap();
    let mistakes = monitor(&["rules", "--plan", &file]).await.unwrap_err();
    assert!(
        mistakes
            .to_string()
            .contains("deep.toml:2:8: name is a string")
    );
}

#[tokio::test]
async fn the_daily_mail_is_shown_and_written() {
    let (dir, _) = rules();
    let eml = dir.path().join("mail.eml");
    let file = eml.to_str().unwrap();
    let arguments = ["mail", "--preview", "--against", "store", "--eml", file];
    let shown = monitor(&arguments).await.unwrap();
    assert!(shown.starts_with("[im] "), "{shown}");
    let mail = std::fs::read_to_string(eml).unwrap();
    assert!(mail.contains("Content-Type: image/png"));
}

/// A centre that answers `/api/query` from [`past`].
async fn centre() -> String {
    let past = Arc::new(past());
    let pages = Pages::new().get("/api/query", move |request: PageRequest| {
        let answer = query(&past, &request);
        async move { PageResponse::json(answer.to_string()) }
    });
    let listener = Listener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.address());
    tokio::spawn(
        Server::new()
            .pages(pages)
            .run(listener, std::future::pending()),
    );
    address
}

fn query(past: &MemoryHistory, request: &PageRequest) -> serde_json::Value {
    let text = |name| request.query().get(name).unwrap_or_default();
    let number = |name| text(name).parse::<u64>().ok();
    let mut selector = Selector::named(text("name"));
    for pair in text("labels").split(',').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once(':').unwrap();
        selector = selector.label(name, value);
    }
    let value = match text("value") {
        "max" => Value::Max,
        "last" | "" => Value::Last,
        other => panic!("{other}"),
    };
    let by: Vec<String> = match text("by") {
        "all" => Vec::new(),
        label => vec![label.to_owned()],
    };
    assert_eq!(selector.scope, Scope::All);
    let (from_s, to_s) = (number("from").unwrap(), number("to").unwrap());
    let step_s = number("step").unwrap_or(3_600);
    let lines = past.lines(&selector, &by, value, from_s, to_s, step_s);
    let lines: Vec<_> = lines
        .into_iter()
        .map(|(line, v)| serde_json::json!({ "title": line.join(" "), "overlay": null, "v": v }))
        .collect();
    let t: Vec<u64> = (from_s..to_s).step_by(step_s as usize).collect();
    serde_json::json!({ "t": t, "lines": lines, "unit": "", "kind": "gauge", "help": "" })
}
