//! Who is let in: what the servers of a process admit, who waits, and what was refused for which reason.

use super::doc::{Cell, Table, Tone, figures, words};
use super::methods::Methods;
use super::process::Admin;
use super::units;
use crate::context::Priority;
use crate::server::{Admission, AdmissionFigures};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// An admission, and the servers that share it.
#[derive(Debug)]
pub(super) struct Admitting {
    servers: Vec<String>,
    figures: AdmissionFigures,
}

/// Those of all servers that run, and others.
pub(super) fn admissions(admin: &Admin) -> Vec<Admitting> {
    let servers = admin.servers.iter();
    let servers = servers.filter_map(|(name, server)| Some((name, server.admission()?)));
    let others = admin.admissions.iter();
    let others = others.map(|(name, admission)| (name, admission));
    let mut all: Vec<(&Admission, Vec<String>)> = Vec::new();
    for (name, admission) in servers.chain(others) {
        match all.iter_mut().find(|(other, _)| other.is(admission)) {
            Some((_, sharing)) => sharing.push(name.clone()),
            None => all.push((admission, vec![name.clone()])),
        }
    }
    let all = all.into_iter().map(|(admission, servers)| Admitting {
        servers,
        figures: admission.figures(),
    });
    all.collect()
}

/// A row for each.
pub(super) fn table(all: &[Admitting]) -> Table {
    let columns = [
        words("servers"),
        figures("admitted: business"),
        figures("and user"),
        figures("in flight"),
        figures("waiting"),
    ];
    let mut table = Table::new(columns, "None yet.");
    for Admitting { servers, figures } in all {
        let admitted = figures.admitted;
        let sheds = admitted != Priority::LEAST;
        let level = |level: u8| match sheds {
            true => Cell::new(format!("up to {level}")).tone(Tone::Bad),
            false => Cell::dim("all"),
        };
        table.rows.push(vec![
            Cell::new(servers.join(", ")),
            level(admitted.business),
            level(admitted.user),
            figures.in_flight.into(),
            figures.waiting.into(),
        ]);
    }
    table
}

/// How many requests and calls were refused, by reason.
pub(super) fn refusals(served: &Methods, called: &Methods) -> Table {
    let columns = [
        words("refused because of"),
        figures("requests here"),
        figures("calls from here"),
    ];
    let mut table = Table::new(columns, "Nothing was refused.");
    let reasons = served.refusals.keys().chain(called.refusals.keys());
    let reasons: BTreeSet<&String> = reasons.collect();
    for reason in reasons {
        let count = |side: &Methods| match side.refusals.get(reason) {
            Some(n) => units::whole((*n).into()).into(),
            None => Cell::dim("0"),
        };
        table
            .rows
            .push(vec![Cell::code(reason), count(served), count(called)]);
    }
    table
}

/// The same for programs.
pub(super) fn json(all: &[Admitting]) -> Value {
    let all = all.iter().map(|Admitting { servers, figures }| {
        json!({
            "servers": servers,
            "admitted_business": figures.admitted.business,
            "admitted_user": figures.admitted.user,
            "in_flight": figures.in_flight,
            "waiting": figures.waiting,
        })
    });
    all.collect()
}
