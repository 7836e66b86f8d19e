//! Names and values, and what all reports of a process have in common.

use super::config::OtlpConfig;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;

pub(super) fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

pub(super) fn number(key: &str, value: u64) -> KeyValue {
    attribute(key, Value::IntValue(value as i64))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

/// Who reports.
pub(super) fn resource(config: &OtlpConfig) -> Resource {
    let named = [
        ("service.name", config.service.as_str()),
        ("service.instance.id", config.instance.as_str()),
    ];
    let named = named.into_iter().filter(|(_, value)| !value.is_empty());
    let more = config.resource.iter();
    let more = more.map(|(key, value)| (key.as_str(), value.as_str()));
    let attributes = named.chain(more).map(|(key, value)| text(key, value));
    Resource {
        attributes: attributes.collect(),
        ..Resource::default()
    }
}

/// What reports: this crate.
pub(super) fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    }
}
