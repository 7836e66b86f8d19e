//! The services for a program.

use super::catalogue::Catalogue;
use crate::descriptor::{MethodDescriptor, Ticket};
use serde_json::{Value, json};

pub(super) fn render(catalogue: &Catalogue) -> String {
    value(catalogue).to_string()
}

pub(super) fn value(catalogue: &Catalogue) -> Value {
    let services = catalogue.services.iter().map(|service| {
        let methods: Vec<Value> = service.methods.iter().map(method).collect();
        json!({ "name": service.full_name, "docs": service.docs, "methods": methods })
    });
    let messages = catalogue.messages.iter().map(|(name, fields)| {
        let fields = fields
            .iter()
            .map(|f| json!({ "name": f.name, "number": f.number, "label": f.label, "type": f.ty }));
        json!({ "name": name, "fields": fields.collect::<Vec<_>>() })
    });
    let enums = catalogue.enums.iter().map(|(name, values)| {
        let values = values
            .iter()
            .map(|(name, number)| json!({ "name": name, "number": number }));
        json!({ "name": name, "values": values.collect::<Vec<_>>() })
    });
    json!({
        "services": services.collect::<Vec<_>>(),
        "messages": messages.collect::<Vec<_>>(),
        "enums": enums.collect::<Vec<_>>(),
    })
}

/// What the IDL says of a method, by the names of its options.
fn method(method: &MethodDescriptor) -> Value {
    let cgi = method.cgi.map(|cgi| {
        json!({
            "path": cgi.path,
            "cmd_id": cgi.cmd_id,
            "ticket": match cgi.ticket {
                Ticket::Required => "REQUIRED",
                Ticket::None => "NONE",
            },
        })
    });
    json!({
        "name": method.name,
        "full_name": method.full_name,
        "docs": method.docs,
        "usage": method.usage,
        "input": method.input,
        "output": method.output,
        "cmd_id": method.id,
        "timeout_ms": method.timeout_ms,
        "idempotent": method.idempotent,
        "priority": method.priority,
        "hash_key": method.hash_key,
        "max_request_bytes": method.request_bytes_max,
        "max_response_bytes": method.response_bytes_max,
        "never_compressed": method.never_compressed,
        "cgi": cgi,
    })
}
