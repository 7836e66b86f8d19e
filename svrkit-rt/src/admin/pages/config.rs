//! `/config`: the settings in effect, without their secrets.

use crate::admin::doc::{Cell, Doc, Part, Table, words};
use crate::admin::secrets::{self, BLANK};
use crate::admin::state::State;
use crate::http::{Form, PageRequest, PageResponse};
use serde_json::{Map, Value};

pub(super) fn page(state: &State, request: &PageRequest) -> PageResponse {
    let config = state.admin.config.as_ref();
    let settings = config.map_or(Vec::new(), |config| config());
    let settings = settings.into_iter().map(|(name, value)| {
        let value = secrets::shown(&name, &value);
        (name, value)
    });
    let settings: Vec<(String, String)> = settings.collect();
    let doc = |_: Form| {
        let mut table = Table::new(
            [words("setting"), words("value")],
            "The service does not tell its settings.",
        );
        for (name, value) in &settings {
            let value = match value.as_str() {
                BLANK => Cell::dim(BLANK),
                value => Cell::code(value),
            };
            table.rows.push(vec![Cell::new(name), value]);
        }
        let mut doc = Doc::new("Config");
        doc.paragraph(
            "In effect now, defaults filled in. Those that can be changed are among the flags.",
        );
        doc.part(Part::Table(table));
        doc
    };
    let json = || {
        let pairs = settings.iter();
        let pairs = pairs.map(|(name, value)| (name.clone(), Value::from(value.as_str())));
        Value::Object(pairs.collect::<Map<String, Value>>())
    };
    state.answer(request, doc, json)
}
