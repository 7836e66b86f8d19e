//! Whatever the built-in plan, the daily mail and the dashboard name is counted by somebody.

use im_monitor::commands::GRAFANA_DASHBOARD;
use im_monitor::mail::{ERRORS_METRIC, SUBJECTS};
use im_monitor::plan::DEFAULT_PLAN;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Name and kind of each metric that is declared in the sources, as `static NAME: Kind = "name"` of `monitor!`; and the machine's, which
/// the agent reads.
fn declared() -> BTreeMap<String, String> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut declared = BTreeMap::new();
    for sources in ["svrkit-rt/src", "services"] {
        sources_under(&workspace.join(sources), &mut |text| {
            for line in text.lines() {
                let Some((before, after)) = line.split_once(" = \"") else {
                    continue;
                };
                let Some((_, kind)) = before.rsplit_once(": ") else {
                    continue;
                };
                if ["Counter", "Gauge", "Max", "Histogram"].contains(&kind)
                    && before.contains("static ")
                    && let Some((name, _)) = after.split_once('"')
                {
                    declared.insert(name.to_owned(), kind.to_owned());
                }
            }
        });
    }
    let host = include_str!("../../src/agent/host.rs");
    for name in host.split('"').filter(|text| text.starts_with("host_")) {
        declared.insert(name.to_owned(), "read by the agent".to_owned());
    }
    declared
}

fn sources_under(dir: &Path, each: &mut impl FnMut(&str)) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !["tests", "target", "examples"].contains(&name) {
            sources_under(&path, each);
        } else if name.ends_with(".rs") {
            each(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// Words of a text that look like metrics.
fn metrics(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let metric = |word: &&str| {
        ["rpc_", "process_", "im_", "host_"]
            .iter()
            .any(|start| word.starts_with(start))
    };
    words.filter(metric).map(str::to_owned).collect()
}

/// Metrics under `metric = ` of a plan.
fn of_plan(text: &str) -> BTreeSet<String> {
    let metric = text.split("metric = \"").skip(1);
    let name = |rest: &str| rest.split('"').next().unwrap().to_owned();
    metric.map(name).collect()
}

#[test]
fn what_is_named_is_counted() {
    let declared = declared();
    assert!(declared.len() > 20, "{declared:?}");
    let mut named = of_plan(DEFAULT_PLAN);
    named.extend(SUBJECTS.iter().map(|subject| subject.metric.to_owned()));
    named.insert(ERRORS_METRIC.to_owned());
    for name in named {
        assert!(declared.contains_key(&name), "nobody counts {name}");
    }
}

#[test]
fn the_dashboard_asks_for_what_metrics_expose() {
    let declared = declared();
    let dashboard: serde_json::Value = serde_json::from_str(GRAFANA_DASHBOARD).unwrap();
    let mut asked = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            asked.extend(metrics(target["expr"].as_str().unwrap()));
        }
    }
    assert!(asked.len() > 20);
    for exposed in asked {
        // As OpenMetrics has it: counters end in `_total`, and of a histogram the buckets are asked for.
        let endings = [("_total", "Counter"), ("_bucket", "Histogram")];
        let ending = endings
            .iter()
            .find_map(|(ending, kind)| Some((exposed.strip_suffix(ending)?, *kind)));
        let (name, kind) = ending.unwrap_or((&exposed, "Gauge"));
        let declared = declared.get(name);
        assert_eq!(declared.map(|kind| &**kind), Some(kind), "{exposed}");
    }
}
