//! JSON or protobuf outside, protobuf inside: bodies by content type, after the canonical JSON mapping.

use crate::codegen::HashKey;
use crate::descriptor::MethodDescriptor;
use crate::status::Status;
use bytes::Bytes;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, ReflectMessage, Value};
use std::borrow::Cow;
use std::sync::OnceLock;

/// How a message is written in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    Json,
    Proto,
}

/// What a server that cannot read a body says it can read.
pub(super) const ACCEPT_POST: &str = "application/json, application/proto";

impl Codec {
    /// By the content type of a request; `None` for one that is not served.
    pub(super) fn of_content_type(value: &str) -> Option<Codec> {
        let mut parts = value.split(';').map(str::trim);
        let media_type = parts.next()?.to_ascii_lowercase();
        let utf8 = |p: &str| {
            let p = p.to_ascii_lowercase();
            !p.starts_with("charset=") || p == "charset=utf-8" || p == "charset=\"utf-8\""
        };
        match media_type.as_str() {
            "application/json" if parts.all(utf8) => Some(Codec::Json),
            "application/proto" | "application/protobuf" | "application/x-protobuf" => {
                Some(Codec::Proto)
            }
            _ => None,
        }
    }

    /// By its name in the query of a GET.
    pub(super) fn of_name(name: &str) -> Option<Codec> {
        match name {
            "json" => Some(Codec::Json),
            "proto" => Some(Codec::Proto),
            _ => None,
        }
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Codec::Json => "application/json",
            Codec::Proto => "application/proto",
        }
    }
}

/// The messages of a service, understood at the first call that needs them.
#[derive(Debug)]
pub(super) struct Types {
    file_descriptor_set: &'static [u8],
    pool: OnceLock<Option<DescriptorPool>>,
}

impl Types {
    pub(super) fn new(file_descriptor_set: &'static [u8]) -> Types {
        Types {
            file_descriptor_set,
            pool: OnceLock::new(),
        }
    }

    /// `None` when the service came without its descriptors, or with broken ones.
    pub(super) fn message(&self, name: &str) -> Option<MessageDescriptor> {
        let pool =
            self.pool
                .get_or_init(|| match DescriptorPool::decode(self.file_descriptor_set) {
                    Ok(pool) => Some(pool),
                    Err(e) => {
                        tracing::warn!(error = %e, "broken file descriptor set");
                        None
                    }
                });
        pool.as_ref()?.get_message_by_name(name)
    }

    fn needed(&self, name: &str) -> Result<MessageDescriptor, Status> {
        self.message(name).ok_or_else(|| {
            Status::unimplemented(format!(
                "the server has no descriptor of {name}, so send application/proto"
            ))
        })
    }

    /// The protobuf of a request and its routing key.
    pub(super) fn request(
        &self,
        method: &MethodDescriptor,
        codec: Codec,
        body: Bytes,
    ) -> Result<(Bytes, u64), Status> {
        let name = method.input;
        match codec {
            Codec::Json => {
                let message = from_json(self.needed(name)?, &body)
                    .map_err(|e| Status::invalid_argument(format!("request is no {name}: {e}")))?;
                let key = method
                    .hash_key
                    .map_or(0, |path| routing_key(&message, path));
                Ok((message.encode_to_vec().into(), key))
            }
            Codec::Proto => {
                let descriptor = method.hash_key.and_then(|_| self.message(name));
                let (Some(path), Some(descriptor)) = (method.hash_key, descriptor) else {
                    return Ok((body, 0));
                };
                let message = DynamicMessage::decode(descriptor, &body[..])
                    .map_err(|e| Status::invalid_argument(format!("request is no {name}: {e}")))?;
                let key = routing_key(&message, path);
                Ok((body, key))
            }
        }
    }

    /// The body of an answer.
    pub(super) fn response(
        &self,
        method: &MethodDescriptor,
        codec: Codec,
        body: Bytes,
    ) -> Result<Bytes, Status> {
        let name = method.output;
        match codec {
            Codec::Proto => Ok(body),
            Codec::Json => {
                let message = DynamicMessage::decode(self.needed(name)?, &body[..]);
                let json = message
                    .map_err(|e| Status::internal(format!("answer is no {name}: {e}")))
                    .map(|m| serde_json::to_vec(&m))?;
                json.map(Bytes::from)
                    .map_err(|e| Status::internal(format!("answer is no JSON: {e}")))
            }
        }
    }
}

fn from_json(
    descriptor: MessageDescriptor,
    json: &[u8],
) -> Result<DynamicMessage, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let message = DynamicMessage::deserialize(descriptor, &mut deserializer)?;
    deserializer.end()?;
    Ok(message)
}

/// What the generated client computes: the field at `path`, or 0 when something on the way is not set.
fn routing_key(message: &DynamicMessage, path: &str) -> u64 {
    let mut parent = message;
    for name in path.split('.') {
        let Some(field) = parent.descriptor().get_field_by_name(name) else {
            return 0;
        };
        if field.supports_presence() && !parent.has_field(&field) {
            return 0;
        }
        match parent.get_field(&field) {
            Cow::Borrowed(Value::Message(inner)) => parent = inner,
            value => return scalar_key(&value),
        }
    }
    0
}

fn scalar_key(value: &Value) -> u64 {
    match value {
        Value::Bool(v) => v.routing_key(),
        Value::I32(v) | Value::EnumNumber(v) => v.routing_key(),
        Value::I64(v) => v.routing_key(),
        Value::U32(v) => v.routing_key(),
        Value::U64(v) => v.routing_key(),
        Value::String(v) => v.routing_key(),
        Value::Bytes(v) => v.routing_key(),
        // The generator lets no other kind be a key.
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types_that_are_served() {
        for json in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/json;charset=\"utf-8\"",
        ] {
            assert_eq!(Codec::of_content_type(json), Some(Codec::Json), "{json}");
        }
        for proto in [
            "application/proto",
            "application/protobuf",
            "application/x-protobuf; a=b",
        ] {
            assert_eq!(Codec::of_content_type(proto), Some(Codec::Proto), "{proto}");
        }
        for other in [
            "",
            "text/plain",
            "application/json; charset=latin1",
            "application/connect+json",
            "application/grpc",
        ] {
            assert_eq!(Codec::of_content_type(other), None, "{other}");
        }
    }
}
