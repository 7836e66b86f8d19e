//! What the pages of a running listener share.

use super::doc::{Cell, Doc, Frame, Tone, to_html, to_text};
use super::history::{Base, History, came};
use super::lock::Lock;
use super::methods::{Method, Methods};
use super::pages::NAVIGATION;
use super::process::Admin;
#[cfg(feature = "hotspots")]
use super::profile::Profiler;
use super::units;
use crate::http::{Form, PageRequest, PageResponse};
use crate::monitor::{self, Snapshot};
use serde_json::Value;
use tokio::time::Instant;

#[derive(Debug)]
pub(super) struct State {
    pub(super) admin: Admin,
    pub(super) lock: Lock,
    pub(super) history: History,
    pub(super) started: Instant,
    #[cfg(feature = "hotspots")]
    pub(super) profiler: Profiler,
}

impl State {
    pub(super) fn new(admin: Admin, lock: Lock) -> State {
        State {
            admin,
            lock,
            history: History::default(),
            started: Instant::now(),
            #[cfg(feature = "hotspots")]
            profiler: Profiler::default(),
        }
    }

    /// A page as `request` wants it: by its query (`format=`), else by its `Accept`.
    pub(super) fn answer(
        &self,
        request: &PageRequest,
        doc: impl FnOnce(Form) -> Doc,
        json: impl FnOnce() -> Value,
    ) -> PageResponse {
        let form = match request.query().get("format") {
            Some("html") => Form::Html,
            Some("text") => Form::Text,
            Some("json") => Form::Json,
            _ => request.form(),
        };
        let response = match form {
            Form::Json => PageResponse::json(json().to_string()),
            Form::Text => PageResponse::text(to_text(&doc(form))),
            Form::Html => {
                let frame = Frame {
                    service: &self.admin.name,
                    process: self.process(),
                    pages: &NAVIGATION,
                    path: request.path(),
                };
                PageResponse::html(to_html(&doc(form), &frame))
            }
        };
        response.header("vary", "accept")
    }

    /// Who the process is and how it does altogether.
    pub(super) fn facts(
        &self,
        served: &Methods,
        now: &Snapshot,
        base: Option<&Base>,
    ) -> Vec<(&'static str, Cell)> {
        let methods = served.methods.values();
        let sum = |of: fn(&Method) -> u64| methods.clone().map(of).sum();
        let per_second = |came| match served.rate(came) {
            Some(rate) => Cell::new(format!("{}/s", units::number(rate))),
            None => Cell::dim("–"),
        };
        let failed: u64 = sum(Method::failed);
        let tone = if failed > 0 { Tone::Bad } else { Tone::Plain };
        let servers = self.admin.servers.iter();
        let connections: usize = servers.map(|(_, server)| server.connection_count()).sum();
        let in_flight: i64 = methods.clone().map(|m| m.in_flight).sum();
        vec![
            ("service", Cell::new(&self.admin.name)),
            ("version", Cell::new(&self.admin.version)),
            ("process", std::process::id().into()),
            ("up", units::age(self.started.elapsed()).into()),
            ("calls served", per_second(sum(|m| m.calls))),
            ("failed", per_second(failed).tone(tone)),
            ("in flight", in_flight.into()),
            ("connections", connections.into()),
            ("processor", processor(now, base)),
            ("memory", memory(now)),
            ("files", files(now)),
        ]
    }

    /// In a line: version, process, age.
    fn process(&self) -> String {
        let version = match self.admin.version.as_str() {
            "" => String::new(),
            version => format!("version {version} · "),
        };
        let (pid, age) = (std::process::id(), units::age(self.started.elapsed()));
        format!("{version}process {pid} · up {age}")
    }
}

/// Cores in use since the base.
fn processor(now: &Snapshot, base: Option<&Base>) -> Cell {
    let cpu = now
        .series
        .iter()
        .find(|series| series.metric.name == "process_cpu_microseconds");
    let used = base.zip(cpu).and_then(|(base, cpu)| match &cpu.value {
        monitor::Value::Counter(us) => {
            let came = came(base.values(now).get(&cpu.id), *us);
            let passed = base.ago.as_micros();
            (passed >= 1_000_000).then(|| came as f64 / passed as f64)
        }
        _ => None,
    });
    match used {
        Some(cores) => Cell::new(format!("{cores:.2} cores")),
        None => Cell::dim("–"),
    }
}

fn memory(now: &Snapshot) -> Cell {
    match now.get("process_resident_memory_bytes", &[]) {
        Some(monitor::Value::Gauge(bytes)) => Cell::new(units::bytes(*bytes as f64)),
        _ => Cell::dim("–"),
    }
}

fn files(now: &Snapshot) -> Cell {
    let level = |name| match now.get(name, &[]) {
        Some(monitor::Value::Gauge(level)) => Some(units::whole((*level).into())),
        _ => None,
    };
    match (
        level("process_open_files"),
        level("process_open_files_limit"),
    ) {
        (Some(open), Some(max)) => Cell::new(format!("{open} of {max}")),
        _ => Cell::dim("–"),
    }
}
