//! The call graph: services, and who calls whom.
//!
//! A caller is known by its role, a callee by the full name of its service. The name of a role's own service is the one it serves most.

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
    let called = Figures::of(recent, range_s, "rpc_client", &["role", "service"]);
    let own = own_services(recent, range_s);
    let mut names: BTreeSet<&String> = BTreeSet::new();
    let mut edges = Vec::new();
    for (key, _) in called.seen.iter().filter(|(key, _)| !is_built_in(&key[1])) {
        let (role, to) = (&key[0], &key[1]);
        let from = own.get(role).unwrap_or(role);
        names.extend([from, to]);
        let (qps, errors, p99_us) = called.at(key);
        edges.push(Edge {
            from: from.clone(),
            to: to.clone(),
            qps,
            errors,
            p99_us,
        });
    }
    let services = served.seen.keys().map(|key| &key[0]);
    names.extend(services.filter(|service| !is_built_in(service)));
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

fn is_built_in(service: &str) -> bool {
    BUILT_IN.iter().any(|package| service.starts_with(package))
}

/// Which service a role is: of those whose package it is named after, the one that was called most.
fn own_services(recent: &Recent<'_>, range_s: u64) -> BTreeMap<String, String> {
    let calls = Selector::named("rpc_server_calls");
    let served = recent.since(range_s, &calls, &["role", "service"], Value::Sum);
    let mut own: BTreeMap<String, (String, f64)> = BTreeMap::new();
    for (key, calls) in served {
        let [role, service] = <[String; 2]>::try_from(key).unwrap_or_default();
        let named_after = service.rsplit('.').nth(1) == Some(role.as_str());
        let best = own.get(&role).is_none_or(|(_, most)| calls > *most);
        if named_after && best {
            own.insert(role, (service, calls));
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
    good: Numbers,
    p99: Numbers,
}

impl Figures {
    fn of(recent: &Recent<'_>, range_s: u64, side: &str, by: &[&str]) -> Figures {
        let calls = Selector::named(format!("{side}_calls"));
        let latency = Selector::named(format!("{side}_latency_microseconds"));
        let mut seen = recent.since(range_s, &calls, by, Value::Sum);
        seen.retain(|_, calls| *calls > 0.0);
        Figures {
            seen,
            rates: recent.by(&calls, by, Value::Rate),
            good: recent.by(&calls.clone().label("code", "ok"), by, Value::Rate),
            p99: recent.by(&latency, by, Value::Quantile(0.99)),
        }
    }

    /// Calls a second, the share of them that fails, and how long they take.
    fn at(&self, key: &[String]) -> (f64, f64, Option<f64>) {
        let of = |numbers: &Numbers| numbers.get(key).copied();
        let qps = of(&self.rates).unwrap_or(0.0);
        let good = share(of(&self.good).unwrap_or(0.0), qps);
        (qps, 1.0 - good, of(&self.p99))
    }
}
