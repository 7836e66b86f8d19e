//! Hash keys: a path through messages to one scalar of the request.

use prost_reflect::{Cardinality, FieldDescriptor, Kind, MessageDescriptor};

use super::Site;
use crate::diagnostic::Diagnostic;
use crate::idents;
use crate::model::{HashKey, HashKeyStep};

pub(super) fn lower(site: &Site<'_>, diagnostics: &mut Vec<Diagnostic>) -> Option<HashKey> {
    let path = site.policy.hash_key.as_deref()?;
    if site.method.is_client_streaming() {
        let place = site.option_place(&[(5, "hash_key")]);
        diagnostics.push(place.says(format!(
            "hash_key `{path}`: `{}` streams its requests, so there is none to look into when it is called",
            site.method.name()
        )));
        return None;
    }
    match steps(site.method.input(), path) {
        Ok(steps) => Some(HashKey {
            path: path.to_owned(),
            steps,
        }),
        Err(message) => {
            let place = site.option_place(&[(5, "hash_key")]);
            diagnostics.push(place.says(format!("hash_key `{path}`: {message}")));
            None
        }
    }
}

fn steps(request: MessageDescriptor, path: &str) -> Result<Vec<HashKeyStep>, String> {
    let mut message = Some(request);
    let mut steps = Vec::new();
    for name in path.split('.') {
        let Some(parent) = message.take() else {
            return Err(format!("there is nothing inside a scalar, so no `{name}`"));
        };
        let Some(field) = parent.get_field_by_name(name) else {
            return Err(format!("`{}` has no field `{name}`", parent.full_name()));
        };
        if field.cardinality() == Cardinality::Repeated {
            let what = if field.is_map() { "a map" } else { "repeated" };
            return Err(format!("`{name}` is {what}, and a key is one value"));
        }
        if let Some(oneof) = real_oneof(&field) {
            return Err(format!("`{name}` is one of `{oneof}`, and may be absent"));
        }
        if parent.full_name() == "google.protobuf.BytesValue" {
            return Err("wrapped bytes are no key: use a plain `bytes` field".to_owned());
        }
        message = match field.kind() {
            Kind::Message(inner) => Some(inner),
            Kind::Float | Kind::Double => {
                return Err(format!("`{name}` is a floating point number"));
            }
            _ => None,
        };
        // prost-build turns wrappers such as `UInt64Value` into what they wrap.
        if !is_wrapper(parent.full_name()) {
            steps.push(HashKeyStep {
                rust_name: idents::snake(name),
                optional: message.is_some() || field.supports_presence(),
            });
        }
    }
    match message {
        Some(message) => Err(format!(
            "it ends in the message `{}`, not in a scalar",
            message.full_name()
        )),
        None => Ok(steps),
    }
}

fn real_oneof(field: &FieldDescriptor) -> Option<String> {
    let oneof = field.containing_oneof()?;
    (!oneof.is_synthetic()).then(|| oneof.name().to_owned())
}

fn is_wrapper(message: &str) -> bool {
    matches!(
        message.strip_prefix("google.protobuf."),
        Some(
            "BoolValue"
                | "Int32Value"
                | "Int64Value"
                | "StringValue"
                | "UInt32Value"
                | "UInt64Value"
        )
    )
}
