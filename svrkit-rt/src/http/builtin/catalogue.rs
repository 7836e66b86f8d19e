//! What the page of the services shows, before anybody decides how it looks.

use crate::descriptor::{MethodDescriptor, ServiceDescriptor, Ticket};
use crate::http::codec::Types;
use prost_reflect::{Cardinality, FieldDescriptor, Kind, MessageDescriptor};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Services with all messages and enums that their methods reach.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    pub(super) services: Vec<&'static ServiceDescriptor>,
    pub(super) messages: BTreeMap<String, Vec<Field>>,
    pub(super) enums: BTreeMap<String, Vec<(String, i32)>>,
}

#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) number: u32,
    /// As the IDL writes it: `repeated hello.v1.User`, `map<string, uint64>`.
    pub(super) label: &'static str,
    pub(super) ty: String,
}

impl Catalogue {
    pub(super) fn of(services: &[(&'static ServiceDescriptor, Arc<Types>)]) -> Catalogue {
        let mut catalogue = Catalogue::default();
        for (service, types) in services {
            catalogue.services.push(service);
            let names = service.methods.iter().flat_map(|m| [m.input, m.output]);
            let mut messages: Vec<_> = names.filter_map(|name| types.message(name)).collect();
            while let Some(message) = messages.pop() {
                catalogue.add(&message, &mut messages);
            }
        }
        catalogue
    }

    fn add(&mut self, message: &MessageDescriptor, reached: &mut Vec<MessageDescriptor>) {
        if self.messages.contains_key(message.full_name()) {
            return;
        }
        let mut fields = Vec::new();
        for field in message.fields() {
            let value = map_value(&field).unwrap_or_else(|| field.kind());
            match value {
                Kind::Message(inner) => reached.push(inner),
                Kind::Enum(e) => {
                    let values = e.values().map(|v| (v.name().to_owned(), v.number()));
                    self.enums
                        .insert(e.full_name().to_owned(), values.collect());
                }
                _ => {}
            }
            fields.push(Field {
                name: field.name().to_owned(),
                number: field.number(),
                label: label(&field),
                ty: type_name(&field),
            });
        }
        self.messages.insert(message.full_name().to_owned(), fields);
    }
}

fn map_value(field: &FieldDescriptor) -> Option<Kind> {
    match field.kind() {
        Kind::Message(entry) if field.is_map() => Some(entry.map_entry_value_field().kind()),
        _ => None,
    }
}

fn label(field: &FieldDescriptor) -> &'static str {
    match field.cardinality() {
        Cardinality::Repeated if !field.is_map() => "repeated",
        Cardinality::Required => "required",
        _ if field.containing_oneof().is_some_and(|o| !o.is_synthetic()) => "oneof",
        _ if field.supports_presence() && !matches!(field.kind(), Kind::Message(_)) => "optional",
        _ => "",
    }
}

fn type_name(field: &FieldDescriptor) -> String {
    match field.kind() {
        Kind::Message(entry) if field.is_map() => format!(
            "map<{}, {}>",
            type_name(&entry.map_entry_key_field()),
            type_name(&entry.map_entry_value_field())
        ),
        Kind::Message(message) => message.full_name().to_owned(),
        Kind::Enum(e) => e.full_name().to_owned(),
        scalar => format!("{scalar:?}"),
    }
}

/// The policies of a method in words, for forms that people read.
pub(super) fn policies(method: &MethodDescriptor) -> Vec<(&'static str, String)> {
    let bytes = |max: u32| match max {
        0 => "limit of the server".to_owned(),
        max => format!("{max} bytes"),
    };
    let yes = |b: bool| if b { "yes" } else { "no" }.to_owned();
    let mut policies = vec![
        ("id", method.id.to_string()),
        ("timeout", format!("{} ms", method.timeout_ms)),
        ("idempotent", yes(method.idempotent)),
        ("priority", method.priority.to_string()),
        ("hash key", method.hash_key.unwrap_or("none").to_owned()),
        ("largest request", bytes(method.request_bytes_max)),
        ("largest answer", bytes(method.response_bytes_max)),
        ("never compressed", yes(method.never_compressed)),
    ];
    if let Some(cgi) = method.cgi {
        let ticket = match cgi.ticket {
            Ticket::Required => "ticket required",
            Ticket::None => "no ticket",
        };
        let command = match cgi.cmd_id {
            0 => String::new(),
            id => format!(", command {id}"),
        };
        policies.push(("cgi", format!("POST {} ({ticket}{command})", cgi.path)));
    }
    if !method.usage.is_empty() {
        policies.push(("usage", method.usage.to_owned()));
    }
    policies
}
