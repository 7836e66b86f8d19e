//! The call graph: services, and who calls whom.
//!
//! A caller is known by its role, a callee by the full name of its service; a role's own service is that of its package that is called
//! most. Where all roles are one process, what it counts as a caller is of all of them, so how many calls each makes it counts beside.

use super::methods::share;
use super::recent::{Numbers, Recent};
use crate::history::{Selector, Value};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Services that the framework gives to every server; they belong to none.
const BUILT_IN: [&str; 2] = ["grpc.", "svrkit."];

/// Nodes and edges.
#[derive(Serialize)]
pub(super) struct Graph {
    nodes: Vec<Node>,
    edges: Vec<Edge>,
}

#[derive(Serialize)]
struct Node {
    name: String,
    qps: f64,
    errors: f64,
    p99_us: Option<f64>,
}

#[derive(Serialize)]
struct Edge {
    from: String,
    to: String,
    qps: f64,
    errors: f64,
    p99_us: Option<f64>,
}

/// The graph of the last `range_s`, with figures of the last minute.
pub(super) fn graph(recent: &Recent<'_>, range_s: u64) -> Graph {
    let served = Figures::of(recent, range_s, "rpc_server", &["service"]);
    let edges = edges(recent, range_s, &own_services(&served));
    let services = served.seen.keys().map(|key| &key[0]);
    let mut names: BTreeSet<&String> = services.filter(|name| !is_built_in(name)).collect();
    names.extend(edges.iter().flat_map(|edge| [&edge.from, &edge.to]));
    let nodes = names.into_iter().map(|name| {
        let (qps, errors, p99_us) = served.at(std::slice::from_ref(name));
        Node {
            name: name.clone(),
            qps,
            errors,
            p99_us,
        }
    });
    Graph {
        nodes: nodes.collect(),
        edges,
    }
}

fn edges(recent: &Recent<'_>, range_s: u64, own: &BTreeMap<String, String>) -> Vec<Edge> {
    let called = Figures::of(recent, range_s, "rpc_client", &["role", "service"]);
    let name_of = |role: &String| own.get(role).unwrap_or(role).clone();
    let mut edges = Vec::new();
    // Of processes with several roles: who calls, by their own count; how that goes, as of all callers together.
    let within = ["role", "from", "to"];
    let calls = Selector::named("im_role_calls");
    let rates = recent.by(&calls, &within, Value::Rate);
    let seen = recent.since(range_s, &calls, &within, Value::Sum);
    for key in seen
        .iter()
        .filter(|(_, sum)| **sum > 0.0)
        .map(|(key, _)| key)
    {
        let (from, to) = (name_of(&key[1]), name_of(&key[2]));
        let (_, errors, p99_us) = called.at(&[key[0].clone(), to.clone()]);
        edges.push(Edge {
            from,
            to,
            qps: rates.get(key).copied().unwrap_or(0.0),
            errors,
            p99_us,
        });
    }
    let tells_apart: BTreeSet<&String> = seen.keys().map(|key| &key[0]).collect();
    let others = called
        .seen
        .keys()
        .filter(|key| !tells_apart.contains(&key[0]));
    for key in others.filter(|key| !is_built_in(&key[1])) {
        let (qps, errors, p99_us) = called.at(key);
        edges.push(Edge {
            from: name_of(&key[0]),
            to: key[1].clone(),
            qps,
            errors,
            p99_us,
        });
    }
    edges
}

fn is_built_in(service: &str) -> bool {
    BUILT_IN.iter().any(|package| service.starts_with(package))
}

/// The services by the roles that are named as their packages; of two the one that is called more.
fn own_services(served: &Figures) -> BTreeMap<String, String> {
    let mut own: BTreeMap<String, (String, f64)> = BTreeMap::new();
    for (key, calls) in &served.seen {
        let service = &key[0];
        let Some(role) = service.rsplit('.').nth(1) else {
            continue;
        };
        if own.get(role).is_none_or(|(_, most)| calls > most) {
            own.insert(role.to_owned(), (service.clone(), *calls));
        }
    }
    own.into_iter()
        .map(|(role, (service, _))| (role, service))
        .collect()
}

/// Calls of one side, told apart by these labels.
struct Figures {
    /// Calls in the whole time.
    seen: Numbers,
    rates: Numbers,
    faults: Numbers,
    p99: Numbers,
}

impl Figures {
    fn of(recent: &Recent<'_>, range_s: u64, side: &str, by: &[&str]) -> Figures {
        let calls = Selector::named(format!("{side}_calls"));
        let faults = Selector::named(format!("{side}_faults"));
        let latency = Selector::named(format!("{side}_latency_microseconds"));
        let mut seen = recent.since(range_s, &calls, by, Value::Sum);
        seen.retain(|_, calls| *calls > 0.0);
        Figures {
            seen,
            rates: recent.by(&calls, by, Value::Rate),
            faults: recent.by(&faults, by, Value::Rate),
            p99: recent.by(&latency, by, Value::Quantile(0.99)),
        }
    }

    /// Calls a second, the share of them that fails, and how long they take.
    fn at(&self, key: &[String]) -> (f64, f64, Option<f64>) {
        let of = |numbers: &Numbers| numbers.get(key).copied();
        let qps = of(&self.rates).unwrap_or(0.0);
        let failing = share(of(&self.faults).unwrap_or(0.0), qps);
        (qps, failing, of(&self.p99))
    }
}
