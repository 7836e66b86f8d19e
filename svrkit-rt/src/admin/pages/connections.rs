//! `/connections`: who is connected, a page at a time.

use crate::admin::doc::{Cell, Doc, Part, Table, figures, words};
use crate::admin::links::link;
use crate::admin::state::State;
use crate::admin::units;
use crate::http::{Form, PageRequest, PageResponse};
use crate::server::OpenConnection;
use serde_json::{Value, json};

/// Connections of a server on one page, and how many may be asked for.
const PAGE: usize = 50;
const PAGE_MAX: usize = 1_000;

/// Some connections of a server.
struct Slice {
    server: String,
    total: usize,
    connections: Vec<OpenConnection>,
    /// There are more, with higher ids.
    more: bool,
}

/// `server` of all of them, connections `after` an id, at most `max`.
pub(super) fn page(state: &State, request: &PageRequest) -> PageResponse {
    let query = request.query();
    let only = query.get("server").unwrap_or_default();
    let number = |name| query.get(name).and_then(|n| n.parse::<u64>().ok());
    let after = number("after").unwrap_or(0);
    let max = number("max").map_or(PAGE, |n| n.clamp(1, PAGE_MAX as u64) as usize);
    let servers = state.admin.servers.iter();
    let servers = servers.filter(|(name, _)| only.is_empty() || only == name);
    let found: Vec<Slice> = servers
        .map(|(name, watch)| {
            let mut connections = watch.connections(after, max + 1);
            let more = connections.len() > max;
            connections.truncate(max);
            Slice {
                server: name.clone(),
                total: watch.connection_count(),
                connections,
                more,
            }
        })
        .collect();
    state.answer(request, |_: Form| doc(&found, max), || json(&found))
}

fn doc(found: &[Slice], max: usize) -> Doc {
    let mut doc = Doc::new("Connections");
    if found.is_empty() {
        doc.paragraph("No server of this process has this name.");
    }
    for some in found {
        doc.heading(format!(
            "{}: {} open",
            some.server,
            units::whole(some.total as i128)
        ));
        let columns = [
            figures("id"),
            words("peer"),
            words("protocol"),
            figures("open for"),
            figures("in flight"),
            figures("received"),
            figures("sent"),
        ];
        let mut table = Table::new(columns, "None.");
        for connection in &some.connections {
            let traffic = connection.traffic;
            let peer = match connection.peer {
                Some(peer) => Cell::code(peer.to_string()),
                None => Cell::dim("this machine"),
            };
            table.rows.push(vec![
                connection.id.into(),
                peer,
                traffic.protocol.into(),
                units::age(connection.age).into(),
                traffic.in_flight.into(),
                units::bytes(traffic.received_bytes as f64).into(),
                units::bytes(traffic.sent_bytes as f64).into(),
            ]);
        }
        doc.part(Part::Table(table));
        if let (true, Some(last)) = (some.more, some.connections.last()) {
            let (after, max) = (last.id.to_string(), max.to_string());
            let fields = [
                ("server", some.server.as_str()),
                ("after", &after),
                ("max", &max),
            ];
            let next =
                Cell::new("older ids are above; next page").link(link("/connections", &fields));
            doc.part(Part::Line(vec![next]));
        }
    }
    doc
}

fn json(found: &[Slice]) -> Value {
    let servers = found.iter().map(|some| {
        let connections = some.connections.iter().map(|c| {
            json!({
                "id": c.id,
                "peer": c.peer.map(|peer| peer.to_string()),
                "protocol": c.traffic.protocol,
                "open_s": c.age.as_secs(),
                "in_flight": c.traffic.in_flight,
                "received_bytes": c.traffic.received_bytes,
                "sent_bytes": c.traffic.sent_bytes,
            })
        });
        json!({
            "server": some.server,
            "open": some.total,
            "connections": connections.collect::<Vec<_>>(),
            "more": some.more,
        })
    });
    json!({ "servers": servers.collect::<Vec<_>>() })
}
