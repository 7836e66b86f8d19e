//! `/record`: requests on file, begun and stopped.

use crate::admin::doc::{Cell, Doc, Part, Table, Tone, figures, words};
use crate::admin::state::State;
use crate::admin::units;
use crate::clock;
use crate::descriptor::Streaming;
use crate::http::{Fields, Form, Html, PageRequest, PageResponse};
use crate::record::{Ended, Plan, Recorder, Recording, StartError};
use crate::server::ServerWatch;
use crate::status::{Code, Status};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::error::Error;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

const NO_RECORDER: &str = "Nothing can be recorded here: the process has no directory for it.";
const NO_TOKEN: &str = "Nothing can be changed here: no token is configured.";
/// How it is done from a terminal.
const BY_CURL: &str = "\
curl -H 'authorization: Bearer TOKEN' -d action=start -d file=NAME -d method=PACKAGE.SERVICE/METHOD -d share=0.1 -d seconds=60 -d bytes=67108864 …/record
curl -H 'authorization: Bearer TOKEN' -d action=stop …/record";

pub(super) fn page(state: &State, request: &PageRequest) -> PageResponse {
    let recorder = state.admin.recorder.as_ref();
    let last = recorder.and_then(Recorder::last_recording);
    let files = recorder.map_or(Ok(Vec::new()), Recorder::files);
    let doc = |form| {
        let mut doc = Doc::new("Record");
        doc.paragraph(
            "A sample of what methods are asked, on file, for `svrkit replay`. Fields that the IDL marks `debug_redact`, and metadata named like secrets, stay out. What users write does not.",
        );
        let Some(recorder) = recorder else {
            doc.paragraph(NO_RECORDER);
            return doc;
        };
        if let Some(last) = &last {
            doc.heading(heading(last));
            doc.part(Part::Facts(facts(last)));
        }
        if !state.lock.has_token() {
            doc.paragraph(NO_TOKEN);
        } else if form == Form::Html {
            doc.part(Part::Figure(form_of(state, last.as_ref())));
        } else {
            doc.part(Part::Verbatim(BY_CURL.to_owned()));
        }
        doc.heading("Files");
        doc.paragraph(recorder.config().directory.display().to_string());
        match &files {
            Ok(files) => drop(doc.part(Part::Table(table(files)))),
            Err(error) => drop(doc.part(Part::Paragraph(Tone::Bad, error.to_string()))),
        }
        doc
    };
    let json = || {
        let files = files.iter().flatten();
        let files = files.map(|(name, bytes)| json!({ "file": name, "bytes": bytes }));
        json!({
            "last": last.as_ref().map(to_json),
            "files": files.collect::<Vec<Value>>(),
            "can_record": recorder.is_some() && state.lock.has_token(),
        })
    };
    state.answer(request, doc, json)
}

fn heading(last: &Recording) -> String {
    match &last.ended {
        None => format!("{} is being written", last.file),
        Some(why) => format!("{} is over: {why}", last.file),
    }
}

fn facts(last: &Recording) -> Vec<(&'static str, Cell)> {
    let ago = Duration::from_micros(clock::now_us().saturating_sub(last.started_us));
    let bad_if = |count: u64| match count {
        0 => Tone::Plain,
        _ => Tone::Bad,
    };
    let count = |n: u64| Cell::new(units::whole(n.into()));
    vec![
        ("begun", Cell::new(format!("{} ago", units::age(ago)))),
        ("share", last.share.into()),
        ("recorded", count(last.recorded)),
        ("dropped", count(last.dropped).tone(bad_if(last.dropped))),
        (
            "unreadable",
            count(last.unreadable).tone(bad_if(last.unreadable)),
        ),
        ("file", Cell::new(units::bytes(last.file_bytes as f64))),
        ("methods", Cell::code(last.methods.join(" "))),
    ]
}

fn table(files: &[(String, u64)]) -> Table {
    let mut table = Table::new(
        [words("file"), figures("size")],
        "Nothing was recorded yet.",
    );
    for (name, bytes) in files {
        let size = Cell::new(units::bytes(*bytes as f64));
        table.rows.push(vec![Cell::code(name), size]);
    }
    table
}

fn to_json(last: &Recording) -> Value {
    json!({
        "file": last.file,
        "methods": last.methods,
        "share": last.share,
        "started_us": last.started_us,
        "recorded": last.recorded,
        "dropped": last.dropped,
        "unreadable": last.unreadable,
        "bytes": last.file_bytes,
        "ended": last.ended.as_ref().map(Ended::to_string),
    })
}

/// What begins a recording from a browser, or stops the one that is under way.
fn form_of(state: &State, last: Option<&Recording>) -> Html {
    let mut html = Html::new();
    let is_recording = last.is_some_and(|last| last.ended.is_none());
    html.raw("<details open><summary>");
    html.raw(if is_recording { "stop" } else { "record" });
    html.raw("</summary><form method=\"post\" action=\"/record\"><input type=\"hidden\" name=\"action\" value=\"");
    match is_recording {
        true => drop(html.raw("stop\">")),
        false => {
            html.raw(
                "start\"><label>methods <select name=\"method\" multiple required size=\"10\">",
            );
            for method in methods(&state.admin.servers) {
                html.raw("<option>").text(method).raw("</option>");
            }
            html.raw(
                "</select></label> <label>file <input name=\"file\" required value=\"requests-",
            );
            html.text(clock::now_ms() / 1_000);
            html.raw(".svrrec\"></label> <label>share of calls <input name=\"share\" required value=\"1\"></label>");
            html.raw(" <label>seconds <input name=\"seconds\" type=\"number\" required min=\"1\" value=\"60\"></label>");
            html.raw(" <label>bytes <input name=\"bytes\" type=\"number\" required value=\"67108864\"></label>");
        }
    }
    html.raw(" <label>token <input name=\"token\" type=\"password\" required autocomplete=\"off\"></label> <button>");
    html.raw(if is_recording { "stop" } else { "record" });
    html.raw("</button></form></details>");
    html
}

/// Those that can be recorded, by name.
fn methods(servers: &[(String, ServerWatch)]) -> BTreeSet<&'static str> {
    let services = servers.iter().flat_map(|(_, server)| server.services());
    let methods = services.flat_map(|service| service.methods);
    let methods = methods.filter(|method| method.streaming == Streaming::None);
    methods.map(|method| method.full_name).collect()
}

/// `action=start` with `file`, `method` (any number of them) and, if it is not to be as [`Plan::new`] says, `share`, `seconds` and
/// `bytes`; or `action=stop`. The token in the form or in a header.
pub(super) async fn change(state: Arc<State>, request: PageRequest) -> PageResponse {
    match try_change(&state, &request).await {
        Ok(said) => {
            tracing::info!(said, "recording of requests changed by an operator");
            match request.form() {
                Form::Html => PageResponse::see_other("/record"),
                _ => PageResponse::text(said + "\n"),
            }
        }
        Err(status) => {
            tracing::warn!(%status, "recording of requests refused");
            let doc = |_| {
                let mut doc = Doc::new("Not recorded");
                doc.part(Part::Paragraph(Tone::Bad, status.message().to_owned()));
                doc
            };
            let json = || json!({ "code": status.code().name(), "message": status.message() });
            state
                .answer(&request, doc, json)
                .status(match status.code() {
                    Code::PermissionDenied => 403,
                    Code::Unauthenticated => 401,
                    Code::NotFound => 404,
                    Code::AlreadyExists => 409,
                    Code::Internal => 500,
                    Code::Unimplemented => 501,
                    _ => 400,
                })
        }
    }
}

async fn try_change(state: &State, request: &PageRequest) -> Result<String, Status> {
    let form = request.fields()?;
    state.lock.may_change(request, &form)?;
    let recorder = state.admin.recorder.as_ref();
    let recorder = recorder.ok_or_else(|| Status::unimplemented(NO_RECORDER))?;
    match form.get("action") {
        Some("start") => {
            let plan = plan(&form)?;
            let servers = state.admin.servers.iter().map(|(_, server)| server.clone());
            let servers: Vec<ServerWatch> = servers.collect();
            recorder
                .start(&plan, &servers)
                .map_err(|error| refused(&error))?;
            Ok(format!("{} is being written", plan.file))
        }
        Some("stop") => match recorder.stop().await {
            Some(last) => Ok(format!(
                "{} has {} calls in {} bytes; {} dropped, {} unreadable",
                last.file, last.recorded, last.file_bytes, last.dropped, last.unreadable
            )),
            None => Err(Status::not_found("nothing is being recorded")),
        },
        _ => Err(Status::invalid_argument("action is start or stop")),
    }
}

fn plan(form: &Fields) -> Result<Plan, Status> {
    let file = form.get("file").unwrap_or_default();
    let methods = form
        .iter()
        .filter(|(name, value)| *name == "method" && !value.is_empty());
    let mut plan = Plan::new(file, methods.map(|(_, value)| value));
    if let Some(share) = number(form, "share")? {
        plan.share = share;
    }
    if let Some(seconds) = number(form, "seconds")? {
        plan.duration_max = Duration::from_secs(seconds);
    }
    if let Some(bytes) = number(form, "bytes")? {
        plan.file_bytes_max = bytes;
    }
    Ok(plan)
}

fn number<T: FromStr>(form: &Fields, name: &str) -> Result<Option<T>, Status> {
    let Some(text) = form.get(name) else {
        return Ok(None);
    };
    let number = text.parse().map(Some);
    number.map_err(|_| Status::invalid_argument(format!("{name}: {text:?} is no number for it")))
}

fn refused(error: &StartError) -> Status {
    let message = match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    };
    let code = match error {
        StartError::UnknownMethod(_) => Code::NotFound,
        StartError::Busy(_) | StartError::Exists(_) => Code::AlreadyExists,
        StartError::Io { .. } | StartError::Thread(_) => Code::Internal,
        StartError::DirectoryFull { .. } => Code::ResourceExhausted,
        StartError::Plan(_) | StartError::Streams(_) | StartError::NoDescriptors(_) => {
            Code::InvalidArgument
        }
    };
    Status::new(code, message)
}
