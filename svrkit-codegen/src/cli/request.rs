//! The request of a call: JSON, then fields set one by one, with types from the descriptor.

use prost_reflect::{
    Cardinality, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, ReflectMessage,
    Value,
};

use super::failure::Failure;
use super::flags::Flag;
use super::list::collect_fields;

/// The message that `json` and `flags` describe; a field that is set both ways is set by its flag.
pub(crate) fn build(
    descriptor: &MessageDescriptor,
    json: Option<&str>,
    flags: &[Flag],
) -> Result<DynamicMessage, Failure> {
    let mut message = match json {
        Some(json) => from_json(descriptor, json).map_err(|error| {
            Failure::usage(format!("request is no {}: {error}", descriptor.full_name()))
        })?,
        None => DynamicMessage::new(descriptor.clone()),
    };
    for flag in flags {
        set(&mut message, &flag.path, flag.value.as_deref())
            .map_err(|why| Failure::usage(format!("--{}: {why}", flag.path)))?;
    }
    Ok(message)
}

/// Any number of messages, one JSON value after the other, with every flag set in each; without JSON one message if there are flags, else
/// none.
pub(crate) fn build_all(
    descriptor: &MessageDescriptor,
    json: Option<&str>,
    flags: &[Flag],
) -> Result<Vec<DynamicMessage>, Failure> {
    let Some(json) = json else {
        return match flags {
            [] => Ok(Vec::new()),
            flags => Ok(vec![build(descriptor, None, flags)?]),
        };
    };
    let values = serde_json::Deserializer::from_str(json).into_iter::<serde_json::Value>();
    let messages = values.map(|value| {
        let value = value.map_err(|error| Failure::usage(format!("requests: {error}")))?;
        build(descriptor, Some(&value.to_string()), flags)
    });
    messages.collect()
}

fn from_json(
    descriptor: &MessageDescriptor,
    json: &str,
) -> Result<DynamicMessage, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let message = DynamicMessage::deserialize(descriptor.clone(), &mut deserializer)?;
    deserializer.end()?;
    Ok(message)
}

fn set(message: &mut DynamicMessage, path: &str, value: Option<&str>) -> Result<(), String> {
    let (name, rest) = match path.split_once('.') {
        Some((name, rest)) => (name, Some(rest)),
        None => (path, None),
    };
    let descriptor = message.descriptor();
    let field = find(&descriptor, name).ok_or_else(|| unknown(&descriptor, name))?;
    if let Some(rest) = rest {
        if !matches!(field.kind(), Kind::Message(_)) || field.cardinality() == Cardinality::Repeated
        {
            return Err(format!(
                "{} is {}, with nothing inside",
                field.name(),
                shown(&field)
            ));
        }
        let inside = message.get_field_mut(&field).as_message_mut();
        return match inside {
            Some(inside) => set(inside, rest, value),
            None => Err(format!("{} is no message", field.name())),
        };
    }
    if field.is_map() {
        let pair = value.and_then(|it| it.split_once('='));
        let (key, value) = pair.ok_or("expected key=value: it is a map")?;
        let key = map_key(&field, key)?;
        let Kind::Message(entry) = field.kind() else {
            return Err("it is a map without entries".to_owned());
        };
        let value = parse(&entry.map_entry_value_field().kind(), Some(value))?;
        if let Value::Map(map) = message.get_field_mut(&field) {
            map.insert(key, value);
        }
        return Ok(());
    }
    let value = parse(&field.kind(), value)?;
    if field.is_list() {
        if let Value::List(list) = message.get_field_mut(&field) {
            list.push(value);
        }
    } else {
        message.set_field(&field, value);
    }
    Ok(())
}

/// A field by its name in the IDL, its JSON name, or its name with dashes.
fn find(message: &MessageDescriptor, name: &str) -> Option<FieldDescriptor> {
    message
        .get_field_by_name(name)
        .or_else(|| message.get_field_by_json_name(name))
        .or_else(|| message.get_field_by_name(&name.replace('-', "_")))
}

fn unknown(message: &MessageDescriptor, name: &str) -> String {
    let mut fields = Vec::new();
    collect_fields(message, "", 0, &mut fields);
    let name_of = message.full_name();
    if fields.is_empty() {
        return format!("{name_of} has no fields");
    }
    let flags: Vec<String> = fields
        .iter()
        .map(|(path, kind)| format!("\n  --{path}  {kind}"))
        .collect();
    format!("{name_of} has no field {name}; it has{}", flags.concat())
}

fn shown(field: &FieldDescriptor) -> String {
    if field.is_map() {
        "a map".to_owned()
    } else if field.is_list() {
        "repeated".to_owned()
    } else {
        format!("{:?}", field.kind())
    }
}

fn map_key(field: &FieldDescriptor, text: &str) -> Result<MapKey, String> {
    let Kind::Message(entry) = field.kind() else {
        return Err("it is a map without entries".to_owned());
    };
    let value = parse(&entry.map_entry_key_field().kind(), Some(text))?;
    value
        .into_map_key()
        .ok_or_else(|| format!("{text:?} is no key"))
}

fn parse(kind: &Kind, text: Option<&str>) -> Result<Value, String> {
    let Some(text) = text else {
        return match kind {
            Kind::Bool => Ok(Value::Bool(true)),
            other => Err(format!("a value is missing, of type {other:?}")),
        };
    };
    fn number<T: std::str::FromStr>(text: &str, kind: &Kind) -> Result<T, String> {
        text.parse().map_err(|_| format!("{text:?} is no {kind:?}"))
    }
    Ok(match kind {
        Kind::Double => Value::F64(number(text, kind)?),
        Kind::Float => Value::F32(number(text, kind)?),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(number(text, kind)?),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(number(text, kind)?),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(number(text, kind)?),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(number(text, kind)?),
        Kind::Bool => Value::Bool(number(text, kind)?),
        Kind::String => Value::String(text.to_owned()),
        // Text as it is: what one types is rarely base64, and JSON is there for the rest.
        Kind::Bytes => Value::Bytes(text.to_owned().into()),
        Kind::Enum(of) => {
            let number = match of.get_value_by_name(text) {
                Some(value) => value.number(),
                None => text.parse().map_err(|_| {
                    let names: Vec<String> = of.values().map(|it| it.name().to_owned()).collect();
                    format!("{text:?} is none of {}", names.join(", "))
                })?,
            };
            Value::EnumNumber(number)
        }
        Kind::Message(descriptor) => {
            // JSON as it stands, or a string that JSON would want in quotes: a timestamp, a duration.
            let message = from_json(descriptor, text).or_else(|error| {
                let quoted = serde_json::Value::from(text).to_string();
                from_json(descriptor, &quoted).map_err(|_| error)
            });
            let message = message
                .map_err(|error| format!("{text:?} is no {}: {error}", descriptor.full_name()))?;
            Value::Message(message)
        }
    })
}

/// The routing key that generated clients would compute from the field which the IDL names.
pub(crate) fn routing_key(message: &DynamicMessage, path: &str) -> Option<u64> {
    use svrkit_rt::codegen::HashKey;

    let (name, rest) = match path.split_once('.') {
        Some((name, rest)) => (name, Some(rest)),
        None => (path, None),
    };
    let field = message.descriptor().get_field_by_name(name)?;
    if field.supports_presence() && !message.has_field(&field) {
        return Some(0);
    }
    let value = message.get_field(&field);
    if let Some(rest) = rest {
        return routing_key(value.as_message()?, rest);
    }
    Some(match &*value {
        Value::Bool(it) => it.routing_key(),
        Value::I32(it) | Value::EnumNumber(it) => it.routing_key(),
        Value::I64(it) => it.routing_key(),
        Value::U32(it) => it.routing_key(),
        Value::U64(it) => it.routing_key(),
        Value::String(it) => it.routing_key(),
        Value::Bytes(it) => it.routing_key(),
        _ => return None,
    })
}
