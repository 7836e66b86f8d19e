//! `svrkit press`.

use crate::program::svrkit;
use crate::server::start;

fn figures(words: &str) -> serde_json::Value {
    let line = svrkit(words).ok();
    assert_eq!(line.lines().count(), 1, "{line}");
    serde_json::from_str(&line).expect("JSON")
}

#[test]
fn a_closed_loop_keeps_all_calls_in_flight_busy() {
    let server = start();
    let it = figures(&format!(
        "press {} SayHello --user.name Ada --connections 2 --in-flight 4 --seconds 0.3 --warmup 0.1 --json",
        server.address
    ));
    assert_eq!(it["method"], "hello.v1.Greeter/SayHello");
    assert_eq!(
        (&it["mode"], &it["connections"]),
        (&"closed".into(), &2.into())
    );
    assert_eq!(it["errors"], serde_json::json!({}));
    assert_eq!(it["unanswered"], 0);
    assert!(it["calls"].as_u64() > Some(100), "{it}");
    assert!(it["calls_per_s"].as_f64() > Some(300.0), "{it}");
    let quantiles = ["p50_us", "p90_us", "p99_us", "p999_us", "max_us"];
    let quantiles = quantiles.map(|name| it[name].as_f64().expect("a number"));
    assert!(quantiles.is_sorted() && quantiles[0] > 0.0, "{it}");
    // The server is this very process.
    assert_eq!(it["server_pid"], std::process::id());
    assert!(
        it["client_cpu_us"].is_number() && it["server_cpu_us"].is_number(),
        "{it}"
    );
}

#[test]
fn an_open_loop_starts_every_call_that_is_due_and_tells_how_late_it_was() {
    let server = start();
    let it = figures(&format!(
        "press {} SayHello --user.name Ada --rate 1000 --seconds 0.5 --warmup 0 --json",
        server.address
    ));
    assert_eq!(it["mode"], "open");
    let started = it["calls"].as_u64().expect("a number");
    let left = it["not_started"].as_u64().expect("a number");
    // The last are due at the very end, when nobody looks any more.
    assert!((400..=500).contains(&(started + left)), "{it}");
    assert!(
        it["lateness_p99_us"].as_f64() >= it["lateness_p50_us"].as_f64(),
        "{it}"
    );
}

#[test]
fn the_summary_has_errors_by_code_and_a_chart() {
    let server = start();
    let words = format!(
        "press {} SayHello --user.name Ada --seconds 0.2 --warmup 0",
        server.address
    );
    let told = svrkit(&words).ok();
    for part in [
        "closed loop",
        "calls/s",
        "p99.9",
        "errors    none",
        "█",
        "µs a call",
    ] {
        assert!(told.contains(part), "{part:?} is not in\n{told}");
    }
    assert!(
        !told.contains('\x1b'),
        "no colour where nobody looks: {told:?}"
    );

    let ran = svrkit(&format!(
        "press {} SayHello --seconds 0.2 --warmup 0",
        server.address
    ));
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.out
            .contains(" not_found (the first: user 0 has no name)"),
        "{}",
        ran.out
    );
    assert!(
        ran.err.contains("error: no call succeeded: not_found"),
        "{}",
        ran.err
    );
}

#[test]
fn numbers_that_make_no_sense_are_refused() {
    let server = start();
    for words in [
        "--connections 0",
        "--in-flight 0",
        "--seconds 0",
        "--seconds=-1",
        "--rate 0",
        "--connections 100000 --in-flight 100000",
        "--pid 0",
    ] {
        svrkit(&format!("press {} SayHello {words}", server.address)).failed(2);
    }
}

#[test]
fn what_streams_is_not_pressed() {
    let server = start();
    let error = svrkit(&format!("press {} Follow --name Ada", server.address)).failed(2);
    assert!(
        error.contains("streams.v1.Journal/Follow streams"),
        "{error}"
    );
}
