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
    let total: usize = found.iter().map(|slice| slice.total).sum();
    let servers: Vec<String> = found
        .iter()
        .map(|slice| format!("{} {}", slice.server, units::whole(slice.total as i128)))
        .collect();
    doc.paragraph(match servers.is_empty() {
        true => "No server of this process has this name.".to_owned(),
        false => format!(
            "{} open: {}.",
            units::whole(total as i128),
            servers.join(", ")
        ),
    });
    let columns = [
        words("server"),
        figures("id"),
        words("peer"),
        words("caller"),
        words("protocol"),
        figures("open for"),
        figures("in flight"),
        figures("received"),
        figures("sent"),
    ];
    let mut table = Table::new(columns, "None.");
    for slice in found {
        let rows = slice.connections.iter();
        table
            .rows
            .extend(rows.map(|connection| row(&slice.server, connection)));
    }
    doc.part(Part::Table(table));
    for slice in found.iter().filter(|slice| slice.more) {
        let last = slice
            .connections
            .last()
            .map_or(0, |connection| connection.id);
        let (after, max) = (last.to_string(), max.to_string());
        let fields = [
            ("server", slice.server.as_str()),
            ("after", &after),
            ("max", &max),
        ];
        let next = Cell::new(format!("more of {} →", slice.server));
        doc.part(Part::Line(vec![next.link(link("/connections", &fields))]));
    }
    doc
}

fn row(server: &str, connection: &OpenConnection) -> Vec<Cell> {
    let traffic = connection.traffic;
    let peer = match connection.peer {
        Some(peer) => Cell::code(peer.to_string()),
        None => Cell::dim("this machine"),
    };
    let caller = match &connection.caller {
        Some(caller) => Cell::new(format!("{caller} by {}", caller.means().name())),
        None => Cell::dim("unknown"),
    };
    vec![
        Cell::new(server),
        connection.id.into(),
        peer,
        caller,
        traffic.protocol.into(),
        units::age(connection.age).into(),
        traffic.in_flight.into(),
        units::bytes(traffic.received_bytes as f64).into(),
        units::bytes(traffic.sent_bytes as f64).into(),
    ]
}

fn json(found: &[Slice]) -> Value {
    let servers = found.iter().map(|slice| {
        let connections = slice.connections.iter().map(|c| {
            json!({
                "id": c.id,
                "peer": c.peer.map(|peer| peer.to_string()),
                "caller": c.caller.as_ref().map(|caller| caller.name()),
                "shown_by": c.caller.as_ref().map(|caller| caller.means().name()),
                "protocol": c.traffic.protocol,
                "open_s": c.age.as_secs(),
                "in_flight": c.traffic.in_flight,
                "received_bytes": c.traffic.received_bytes,
                "sent_bytes": c.traffic.sent_bytes,
            })
        });
        json!({
            "server": slice.server,
            "open": slice.total,
            "connections": connections.collect::<Vec<_>>(),
            "more": slice.more,
        })
    });
    json!({ "servers": servers.collect::<Vec<_>>() })
}
