//! A request's message without its secrets, taken out of its bytes as the IDL says.
//!
//! What is left are the fields that the IDL knows and does not mark `debug_redact`. An unknown field may be a secret of a newer IDL, so it
//! goes too; so does what an `Any` holds, of which nobody here knows the type.

use prost::Message;
use prost::encoding::{WireType, decode_key, decode_varint, encode_key, encode_varint};
use std::collections::HashMap;

/// Messages within messages, as deep as prost decodes them.
const DEPTH_MAX: usize = 100;
const ANY: &str = ".google.protobuf.Any";
/// `Any.value`.
const ANY_VALUE: i32 = 2;
/// `FieldDescriptorProto.Type.TYPE_MESSAGE`.
const TYPE_MESSAGE: i32 = 11;
/// `FieldDescriptorProto.Type.TYPE_GROUP`, of a time before proto3.
const TYPE_GROUP: i32 = 10;

/// How a message of one type loses its secrets.
#[derive(Debug)]
pub(super) struct Redaction {
    /// Of every type in its tree; the first is its own.
    shapes: Vec<Shape>,
}

/// Fields that may stay, by number.
type Shape = HashMap<u32, Stays>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stays {
    /// As it is.
    Whole,
    /// Itself a message of this shape.
    Within(usize),
}

/// These bytes are not the message, so nobody can say what in them is a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

impl Redaction {
    /// Of a message named without a dot before it, in an encoded `google.protobuf.FileDescriptorSet`. `None` when it is not there, or not
    /// all that it is made of.
    pub(super) fn of(message: &str, file_descriptor_set: &[u8]) -> Option<Redaction> {
        let set = FileSet::decode(file_descriptor_set).ok()?;
        let mut types = HashMap::new();
        for file in &set.files {
            let scope = match file.package.as_str() {
                "" => String::new(),
                package => format!(".{package}"),
            };
            index(&scope, &file.messages, &mut types);
        }
        let mut redaction = Redaction { shapes: Vec::new() };
        // Types are numbered as they are met; each is looked at once, so one that holds itself ends.
        let mut names = vec![format!(".{message}")];
        let mut numbers = HashMap::from([(names[0].clone(), 0)]);
        while let Some(name) = names.get(redaction.shapes.len()).cloned() {
            let mut shape = Shape::new();
            for field in &types.get(&name)?.fields {
                if field.is_secret() || name == ANY && field.number == ANY_VALUE {
                    continue;
                }
                let stays = match field.kind {
                    TYPE_GROUP => continue,
                    TYPE_MESSAGE => {
                        let next = names.len();
                        let number = *numbers.entry(field.type_name.clone()).or_insert(next);
                        if number == next {
                            names.push(field.type_name.clone());
                        }
                        Stays::Within(number)
                    }
                    _ => Stays::Whole,
                };
                shape.insert(u32::try_from(field.number).ok()?, stays);
            }
            redaction.shapes.push(shape);
        }
        Some(redaction)
    }

    /// The message without its secrets.
    ///
    /// # Errors
    /// These bytes are not it.
    pub(super) fn clear(&self, message: &[u8]) -> Result<Vec<u8>, Unreadable> {
        let mut cleared = Vec::with_capacity(message.len());
        self.copy(0, message, &mut cleared, DEPTH_MAX)?;
        Ok(cleared)
    }

    fn copy(
        &self,
        shape: usize,
        mut message: &[u8],
        out: &mut Vec<u8>,
        depth: usize,
    ) -> Result<(), Unreadable> {
        while !message.is_empty() {
            let field = message;
            let (number, wire) = decode_key(&mut message).map_err(|_| Unreadable)?;
            let length = match wire {
                WireType::Varint => {
                    decode_varint(&mut message).map_err(|_| Unreadable)?;
                    0
                }
                WireType::SixtyFourBit => 8,
                WireType::ThirtyTwoBit => 4,
                WireType::LengthDelimited => {
                    let length = decode_varint(&mut message).map_err(|_| Unreadable)?;
                    usize::try_from(length).map_err(|_| Unreadable)?
                }
                // Not of this time, and nothing that proto3 writes.
                WireType::StartGroup | WireType::EndGroup => return Err(Unreadable),
            };
            let (value, rest) = message.split_at_checked(length).ok_or(Unreadable)?;
            message = rest;
            match self.shapes[shape].get(&number) {
                None => {}
                Some(Stays::Whole) => {
                    let whole = field.len() - message.len();
                    out.extend_from_slice(&field[..whole]);
                }
                Some(Stays::Within(inner)) => {
                    if wire != WireType::LengthDelimited || depth == 0 {
                        return Err(Unreadable);
                    }
                    let mut cleared = Vec::with_capacity(value.len());
                    self.copy(*inner, value, &mut cleared, depth - 1)?;
                    encode_key(number, wire, out);
                    encode_varint(cleared.len() as u64, out);
                    out.append(&mut cleared);
                }
            }
        }
        Ok(())
    }
}

fn index<'a>(
    scope: &str,
    messages: &'a [MessageType],
    types: &mut HashMap<String, &'a MessageType>,
) {
    for message in messages {
        let name = format!("{scope}.{}", message.name);
        index(&name, &message.nested, types);
        types.insert(name, message);
    }
}

// As much of `google/protobuf/descriptor.proto` as tells secrets from the rest. prost-types does not have the option.

#[derive(Clone, PartialEq, Message)]
struct FileSet {
    #[prost(message, repeated, tag = "1")]
    files: Vec<File>,
}

#[derive(Clone, PartialEq, Message)]
struct File {
    #[prost(string, tag = "2")]
    package: String,
    #[prost(message, repeated, tag = "4")]
    messages: Vec<MessageType>,
}

#[derive(Clone, PartialEq, Message)]
struct MessageType {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, repeated, tag = "2")]
    fields: Vec<Field>,
    #[prost(message, repeated, tag = "3")]
    nested: Vec<MessageType>,
}

#[derive(Clone, PartialEq, Message)]
struct Field {
    #[prost(int32, tag = "3")]
    number: i32,
    #[prost(int32, tag = "5")]
    kind: i32,
    #[prost(string, tag = "6")]
    type_name: String,
    #[prost(message, optional, tag = "8")]
    options: Option<FieldOptions>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct FieldOptions {
    #[prost(bool, tag = "16")]
    debug_redact: bool,
}

impl Field {
    fn is_secret(&self) -> bool {
        self.options.is_some_and(|options| options.debug_redact)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE_STRING: i32 = 9;

    fn field(number: i32, kind: i32, type_name: &str) -> Field {
        Field {
            number,
            kind,
            type_name: type_name.to_owned(),
            options: None,
        }
    }

    fn secret(number: i32, kind: i32, type_name: &str) -> Field {
        Field {
            options: Some(FieldOptions { debug_redact: true }),
            ..field(number, kind, type_name)
        }
    }

    fn file(package: &str, messages: Vec<MessageType>) -> File {
        File {
            package: package.to_owned(),
            messages,
        }
    }

    fn message(name: &str, fields: Vec<Field>, nested: Vec<MessageType>) -> MessageType {
        MessageType {
            name: name.to_owned(),
            fields,
            nested,
        }
    }

    /// `a.Outer { string plain = 1; [secret] string hidden = 2; Inner inner = 3; Any any = 4; Outer again = 5; [secret] Inner gone = 6; }`
    /// `a.Outer.Inner { string plain = 1; [secret] string hidden = 2; }`
    fn outer() -> Redaction {
        let inner = message(
            "Inner",
            vec![field(1, TYPE_STRING, ""), secret(2, TYPE_STRING, "")],
            vec![],
        );
        let fields = vec![
            field(1, TYPE_STRING, ""),
            secret(2, TYPE_STRING, ""),
            field(3, TYPE_MESSAGE, ".a.Outer.Inner"),
            field(4, TYPE_MESSAGE, ANY),
            field(5, TYPE_MESSAGE, ".a.Outer"),
            secret(6, TYPE_MESSAGE, ".a.Outer.Inner"),
        ];
        let any = message(
            "Any",
            vec![field(1, TYPE_STRING, ""), field(ANY_VALUE, 12, "")],
            vec![],
        );
        let files = vec![
            file("a", vec![message("Outer", fields, vec![inner])]),
            file("google.protobuf", vec![any]),
        ];
        Redaction::of("a.Outer", &FileSet { files }.encode_to_vec()).unwrap()
    }

    fn put(number: u32, value: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        encode_key(number, WireType::LengthDelimited, &mut out);
        encode_varint(value.len() as u64, &mut out);
        out.extend_from_slice(value);
        out
    }

    #[test]
    fn only_what_is_known_and_no_secret_stays() {
        let inner = [put(1, b"in"), put(2, b"HIDDEN")].concat();
        let any = [put(1, b"type"), put(2, b"HIDDEN")].concat();
        let again = [put(2, b"HIDDEN"), put(3, &inner), put(1, b"deep")].concat();
        let message = [
            put(1, b"out"),
            put(2, b"HIDDEN"),
            put(3, &inner),
            put(3, &inner),
            put(4, &any),
            put(5, &again),
            put(6, &inner),
            put(99, b"HIDDEN"),
        ]
        .concat();
        let inner = put(1, b"in");
        let again = [put(3, &inner), put(1, b"deep")].concat();
        let expected = [
            put(1, b"out"),
            put(3, &inner),
            put(3, &inner),
            put(4, &put(1, b"type")),
            put(5, &again),
        ]
        .concat();
        assert_eq!(outer().clear(&message), Ok(expected));
        assert_eq!(outer().clear(b""), Ok(vec![]));
    }

    #[test]
    fn what_is_no_such_message_is_not_written_at_all() {
        let redaction = outer();
        let whole = put(3, &put(1, b"in"));
        for cut in 1..whole.len() {
            assert_eq!(redaction.clear(&whole[..cut]), Err(Unreadable));
        }
        // A number where a message belongs, a group, a length beyond everything, a field without a number.
        let endless = [
            0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01,
        ];
        for bad in [&[0x18, 1][..], &[0x0b, 0x0c], &endless, &[0x02, 0]] {
            assert_eq!(redaction.clear(bad), Err(Unreadable), "{bad:?}");
        }
        let mut deep = Vec::new();
        for _ in 0..=DEPTH_MAX {
            deep = put(5, &deep);
        }
        assert_eq!(redaction.clear(&deep), Err(Unreadable));
    }

    #[test]
    fn without_all_descriptors_there_is_none() {
        assert!(Redaction::of("a.Outer", b"").is_none());
        assert!(Redaction::of("a.Outer", b"\xff").is_none());
        let lacking = message("Outer", vec![field(1, TYPE_MESSAGE, ".b.Gone")], vec![]);
        let files = vec![file("a", vec![lacking])];
        let set = FileSet { files }.encode_to_vec();
        assert!(Redaction::of("a.Outer", &set).is_none());
        assert!(Redaction::of("a.Other", &set).is_none());
    }
}
