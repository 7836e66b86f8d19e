//! What a server serves, told by itself: the files of its services, as they were compiled.

use super::grpc::reflection::v1::server_reflection_request::MessageRequest;
use super::grpc::reflection::v1::server_reflection_response::MessageResponse;
use super::grpc::reflection::v1::{
    ErrorResponse, FileDescriptorResponse, ListServiceResponse, ServerReflection,
    ServerReflectionRequest, ServerReflectionResponse, ServiceResponse,
};
use crate::context::Context;
use crate::descriptor::ServiceDescriptor;
use crate::status::{Code, Status};
use crate::streaming::{Receiver, Sender};
use bytes::Bytes;
use prost::Message;
use prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorProto};
use std::collections::HashMap;

/// Files by name and by what they declare. The bytes of a file are kept as they came: taking them apart and encoding them again
/// would lose the options that prost-types does not know, and with them the policy of every method.
#[derive(Debug, Default)]
pub(super) struct Files {
    files: Vec<File>,
    by_name: HashMap<String, usize>,
    by_symbol: HashMap<String, usize>,
    services: Vec<&'static str>,
}

#[derive(Debug)]
struct File {
    bytes: Bytes,
    imports: Vec<String>,
}

/// A `google.protobuf.FileDescriptorSet` whose files stay encoded.
#[derive(Clone, PartialEq, Message)]
struct RawSet {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    file: Vec<Bytes>,
}

impl Files {
    pub(super) fn of(services: impl Iterator<Item = &'static ServiceDescriptor>) -> Files {
        let mut files = Files::default();
        for service in services {
            files.services.push(service.full_name);
            if let Err(e) = files.add_set(Bytes::from_static(service.file_descriptor_set)) {
                tracing::warn!(service = service.full_name, error = %e, "broken file descriptor set");
            }
        }
        files
    }

    /// Adds the files of an encoded `google.protobuf.FileDescriptorSet`.
    fn add_set(&mut self, set: Bytes) -> Result<(), prost::DecodeError> {
        for file in RawSet::decode(set)?.file {
            self.add(file)?;
        }
        Ok(())
    }

    /// Adds a file. Of two with the same name the first stays: services share imports, and those are alike.
    fn add(&mut self, bytes: Bytes) -> Result<(), prost::DecodeError> {
        let file = FileDescriptorProto::decode(&bytes[..])?;
        if self.by_name.contains_key(file.name()) {
            return Ok(());
        }
        let index = self.files.len();
        self.by_name.insert(file.name().to_owned(), index);
        for symbol in symbols(&file) {
            self.by_symbol.entry(symbol).or_insert(index);
        }
        self.files.push(File {
            bytes,
            imports: file.dependency,
        });
        Ok(())
    }

    /// The file and everything it imports, itself first.
    fn with_imports(&self, index: usize) -> MessageResponse {
        let mut found = vec![index];
        let mut next = 0;
        while let Some(index) = found.get(next) {
            for import in &self.files[*index].imports {
                if let Some(index) = self.by_name.get(import)
                    && !found.contains(index)
                {
                    found.push(*index);
                }
            }
            next += 1;
        }
        let bytes = found.into_iter().map(|i| self.files[i].bytes.clone());
        MessageResponse::FileDescriptorResponse(FileDescriptorResponse {
            file_descriptor_proto: bytes.collect(),
        })
    }

    fn answer(&self, question: Option<&MessageRequest>) -> MessageResponse {
        let file = |found: Option<&usize>, what: &str| match found {
            Some(index) => self.with_imports(*index),
            None => error(Code::NotFound, format!("{what} is not here")),
        };
        match question {
            Some(MessageRequest::FileByFilename(name)) => {
                file(self.by_name.get(name), &format!("file {name:?}"))
            }
            Some(MessageRequest::FileContainingSymbol(symbol)) => {
                let name = symbol.trim_start_matches('.');
                file(self.by_symbol.get(name), &format!("symbol {symbol:?}"))
            }
            Some(MessageRequest::ListServices(_)) => {
                let services = self.services.iter().map(|name| ServiceResponse {
                    name: (*name).to_owned(),
                });
                MessageResponse::ListServicesResponse(ListServiceResponse {
                    service: services.collect(),
                })
            }
            Some(
                MessageRequest::FileContainingExtension(_)
                | MessageRequest::AllExtensionNumbersOfType(_),
            ) => error(Code::NotFound, "extensions are not indexed".to_owned()),
            None => error(Code::InvalidArgument, "nothing is asked".to_owned()),
        }
    }
}

impl ServerReflection for Files {
    async fn server_reflection_info(
        &self,
        _: &mut Context,
        mut requests: Receiver<ServerReflectionRequest>,
        mut answers: Sender<ServerReflectionResponse>,
    ) -> Result<(), Status> {
        while let Some(request) = requests.next().await? {
            let answer = ServerReflectionResponse {
                valid_host: request.host.clone(),
                message_response: Some(self.answer(request.message_request.as_ref())),
                original_request: Some(request),
            };
            answers.send(answer).await?;
        }
        Ok(())
    }
}

fn error(code: Code, message: String) -> MessageResponse {
    MessageResponse::ErrorResponse(ErrorResponse {
        error_code: code as i32,
        error_message: message,
    })
}

/// Everything that `file` declares, package-qualified.
fn symbols(file: &FileDescriptorProto) -> Vec<String> {
    let mut out = Vec::new();
    let package = file.package();
    for message in &file.message_type {
        message_symbols(package, message, &mut out);
    }
    for e in &file.enum_type {
        enum_symbols(package, e, &mut out);
    }
    for extension in &file.extension {
        out.push(within(package, extension.name()));
    }
    for service in &file.service {
        let name = within(package, service.name());
        out.extend(service.method.iter().map(|m| within(&name, m.name())));
        out.push(name);
    }
    out
}

fn message_symbols(scope: &str, message: &DescriptorProto, out: &mut Vec<String>) {
    let name = within(scope, message.name());
    let fields = message.field.iter().chain(&message.extension);
    out.extend(fields.map(|f| within(&name, f.name())));
    out.extend(message.oneof_decl.iter().map(|o| within(&name, o.name())));
    for nested in &message.nested_type {
        message_symbols(&name, nested, out);
    }
    for e in &message.enum_type {
        enum_symbols(&name, e, out);
    }
    out.push(name);
}

/// The values of an enum are declared beside it, not in it.
fn enum_symbols(scope: &str, e: &EnumDescriptorProto, out: &mut Vec<String>) {
    out.extend(e.value.iter().map(|v| within(scope, v.name())));
    out.push(within(scope, e.name()));
}

fn within(scope: &str, name: &str) -> String {
    match scope {
        "" => name.to_owned(),
        scope => format!("{scope}.{name}"),
    }
}
