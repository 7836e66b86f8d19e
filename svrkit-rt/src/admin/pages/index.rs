//! `/`: the process at a glance, and the way to every page.

use crate::admin::doc::{Cell, Doc, Part, Table, words};
use crate::admin::methods::{Methods, Side};
use crate::admin::state::State;
use crate::http::{Form, PageRequest, PageResponse};
use crate::monitor;
use serde_json::{Value, json};
use tokio::time::Instant;

/// Every page, and what is on it.
const PAGES: [(&str, &str); 13] = [
    (
        "/status",
        "methods with rates, latencies, queueing and failures",
    ),
    ("/connections", "who is connected"),
    (
        "/fleet",
        "whom this process calls: every instance, and what is held against it",
    ),
    ("/vars", "every series, with curves; /vars?q=part-of-a-name"),
    (
        "/rpcz",
        "calls that failed, were slow or were sampled; /rpcz?trace=ID across processes",
    ),
    ("/flags", "settings that can be changed"),
    ("/config", "settings in effect, without secrets"),
    ("/hotspots", "where processor time goes, as a flame graph"),
    ("/record", "requests on file, for `svrkit replay`"),
    (
        "/services",
        "what is served, with the policies of each method",
    ),
    ("/metrics", "every series as OpenMetrics"),
    ("/health", "whether the process lives"),
    ("/ready", "whether its servers take calls; 503 if not"),
];

pub(super) fn page(state: &State, request: &PageRequest) -> PageResponse {
    let (now, base) = (monitor::snapshot(), state.history.base(Instant::now()));
    let served = Methods::of(Side::Server, &now, base.as_ref());
    let doc = |_: Form| {
        let mut doc = Doc::new("Overview");
        doc.part(Part::Facts(state.facts(&served, &now, base.as_ref())));
        doc.heading("Pages");
        let mut table = Table::new([words("page"), words("what is on it")], "");
        for (path, what) in PAGES {
            table
                .rows
                .push(vec![Cell::code(path).link(path), Cell::new(what)]);
        }
        doc.part(Part::Table(table));
        doc.paragraph("HTML for browsers, text for curl; JSON with ?format=json.");
        doc
    };
    let json = || {
        let pages = PAGES
            .iter()
            .map(|(path, what)| json!({ "path": path, "what": what }));
        json!({ "name": state.admin.name, "pages": pages.collect::<Vec<Value>>() })
    };
    state.answer(request, doc, json)
}
