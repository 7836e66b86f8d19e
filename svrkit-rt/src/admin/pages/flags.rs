//! `/flags`: the settings that can be changed while the process runs.

use crate::admin::doc::{Cell, Doc, Part, Table, Tone, words};
use crate::admin::flags::{Flag, FlagError, FlagKind};
use crate::admin::links::link;
use crate::admin::state::State;
use crate::http::{Form, Html, PageRequest, PageResponse};
use crate::status::{Code, Status};
use serde_json::{Value, json};

pub(super) fn page(state: &State, request: &PageRequest) -> PageResponse {
    let flags = state.admin.flags.list();
    let changed = request.query().get("changed");
    let doc = |form| doc(state, &flags, form, changed);
    let json = || {
        let flags = flags.iter().map(|flag| {
            json!({
                "name": flag.name(),
                "kind": flag.kind().to_string(),
                "value": flag.value(),
                "help": flag.help(),
            })
        });
        json!({ "flags": flags.collect::<Vec<Value>>() })
    };
    state.answer(request, doc, json)
}

fn doc(state: &State, flags: &[Flag], form: Form, changed: Option<&str>) -> Doc {
    let mut doc = Doc::new("Flags");
    doc.paragraph("Settings that can be changed while the process runs. A change lasts until the process ends.");
    if let Some(flag) = changed.and_then(|name| flags.iter().find(|flag| flag.name() == name)) {
        doc.heading(format!("{} is {} now", flag.name(), flag.value()));
    }
    let can_change = state.lock.has_token();
    if !can_change {
        doc.paragraph("Nothing can be changed here: no token is configured.");
    } else if form == Form::Text {
        doc.paragraph(
            "curl -H 'authorization: Bearer TOKEN' -d 'name=NAME' -d 'value=VALUE' …/flags",
        );
    }
    let columns = [
        words("name"),
        words("value"),
        words("takes"),
        words("what it does"),
    ];
    let mut table = Table::new(
        columns,
        "Nothing of this process can be changed while it runs.",
    );
    for flag in flags {
        let value = match can_change {
            true => Cell::code(flag.value()).drawing(form_of(flag)),
            false => Cell::code(flag.value()),
        };
        table.rows.push(vec![
            Cell::new(flag.name()),
            value,
            Cell::dim(flag.kind().to_string()),
            Cell::new(flag.help()),
        ]);
    }
    doc.part(Part::Table(table));
    doc
}

/// What changes a flag from a browser, folded up until it is wanted.
fn form_of(flag: &Flag) -> Html {
    let mut html = Html::new();
    html.raw("<details><summary>change</summary><form method=\"post\" action=\"/flags\">");
    html.raw("<input type=\"hidden\" name=\"name\" value=\"")
        .text(flag.name());
    html.raw("\"><label>new value ");
    match flag.kind() {
        FlagKind::Bool => {
            html.raw("<select name=\"value\"><option>true</option><option");
            html.raw(if flag.value() == "false" {
                " selected"
            } else {
                ""
            });
            html.raw(">false</option></select>");
        }
        FlagKind::Integer { min, max } => {
            html.raw("<input name=\"value\" type=\"number\" required min=\"")
                .text(min);
            html.raw("\" max=\"").text(max).raw("\" value=\"");
            html.text(flag.value()).raw("\">");
        }
        FlagKind::Text => {
            html.raw("<input name=\"value\" value=\"")
                .text(flag.value())
                .raw("\">");
        }
    }
    html.raw("</label> <label>token <input name=\"token\" type=\"password\" required autocomplete=\"off\"></label> ");
    html.raw("<button>change</button></form></details>");
    html
}

/// `name`, `value`, and the token in the form or in a header.
pub(super) fn change(state: &State, request: &PageRequest) -> PageResponse {
    match try_change(state, request) {
        Ok((name, before, after)) => {
            tracing::info!(flag = name, before, after, "setting changed by an operator");
            match request.form() {
                Form::Html => PageResponse::see_other(&link("/flags", &[("changed", &name)])),
                _ => PageResponse::text(format!("{name}: {before} -> {after}\n")),
            }
        }
        Err(status) => {
            tracing::warn!(%status, "change of a setting refused");
            let doc = |_| {
                let mut doc = Doc::new("Not changed");
                doc.part(Part::Paragraph(Tone::Bad, status.message().to_owned()));
                doc
            };
            let json = || json!({ "code": status.code().name(), "message": status.message() });
            state
                .answer(request, doc, json)
                .status(match status.code() {
                    Code::PermissionDenied => 403,
                    Code::Unauthenticated => 401,
                    Code::NotFound => 404,
                    _ => 400,
                })
        }
    }
}

fn try_change(state: &State, request: &PageRequest) -> Result<(String, String, String), Status> {
    let form = request.fields()?;
    state.lock.may_change(request, &form)?;
    let missing = |what| move || Status::invalid_argument(format!("{what} is missing"));
    let name = form.get("name").ok_or_else(missing("name"))?;
    let value = form.get("value").ok_or_else(missing("value"))?;
    let before = state.admin.flags.set(name, value).map_err(|e| match e {
        FlagError::Unknown(_) => Status::not_found(e.to_string()),
        _ => Status::invalid_argument(e.to_string()),
    })?;
    Ok((name.to_owned(), before, value.to_owned()))
}
