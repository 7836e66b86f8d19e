//! Every system of this build answers, and is reported in the line that `--json` promises.

use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::process::Command;

const KEYS: [&str; 11] = [
    "system",
    "cell",
    "pin",
    "calls_per_s",
    "p50_us",
    "p99_us",
    "p999_us",
    "server_cpu_us",
    "client_cpu_us",
    "server_writes_per_call",
    "rss_mib",
];

fn lines(args: &[&str]) -> Vec<Map<String, Value>> {
    let bench = env!("CARGO_BIN_EXE_rpc_bench");
    let window = ["--reps", "1", "--secs", "0.2", "--warmup", "0.1", "--json"];
    let output = Command::new(bench)
        .args(window)
        .args(args)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert!(!told.contains("failed"), "{told}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn each_has_a_line_with_all_figures() {
    let lines = lines(&["--cells", "2x4x32@none"]);
    let systems: BTreeSet<_> = lines
        .iter()
        .map(|line| line["system"].to_string())
        .collect();
    assert!(!lines.is_empty() && systems.len() == lines.len());
    for line in lines {
        let keys: BTreeSet<_> = line.keys().map(String::as_str).collect();
        assert_eq!(keys, BTreeSet::from(KEYS));
        assert_eq!(
            (&line["cell"], &line["pin"]),
            (&"2x4x32".into(), &"none".into())
        );
        for figure in [
            "calls_per_s",
            "p50_us",
            "p99_us",
            "p999_us",
            "server_cpu_us",
            "client_cpu_us",
            "rss_mib",
        ] {
            assert!(line[figure].as_f64().unwrap() > 0.0, "{figure} of {line:?}");
        }
    }
}

#[cfg(feature = "raw")]
#[test]
fn an_open_loop_keeps_to_half_of_what_the_closed_one_reached() {
    let lines = lines(&["--systems", "raw", "--cells", "1x4x32+open50%@none"]);
    let calls = |cell: &str| {
        let line = lines.iter().find(|line| line["cell"] == cell).unwrap();
        line["calls_per_s"].as_f64().unwrap()
    };
    let share = calls("1x4x32+open50%") / calls("1x4x32");
    assert!((0.4..0.6).contains(&share), "{share}");
}
