//! What a server says of its services, asked by `grpc.reflection.v1`: the IDL, though no file of it is at hand.

use std::collections::BTreeMap;
use std::time::Duration;

use prost::Message;
use prost_reflect::{DescriptorPool, MethodDescriptor, ServiceDescriptor};
use svrkit_rt::{BUILTIN_SERVICES, Call, Channel, Code, Status, Streaming};

use super::address::Address;
use super::failure::Failure;
use crate::lower;
use crate::options::MethodPolicy;

/// Time for one question.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How often it is looked whether the connection was refused meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// The method that answers: it streams, and one question and one answer are enough here.
const SERVICE: &str = "grpc.reflection.v1.ServerReflection";
const METHOD: &str = "ServerReflectionInfo";
const FULL_NAME: &str = "grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
/// Files that one server may bring: more is no IDL.
const FILES_MAX: usize = 4_096;

/// A server that can be asked.
#[derive(Debug)]
pub(crate) struct Reflection {
    address: Address,
    channel: Channel,
    method: &'static svrkit_rt::MethodDescriptor,
}

impl Reflection {
    pub(crate) fn new(address: &Address) -> Result<Reflection, Failure> {
        let id = lower::cmd_id_of(FULL_NAME, &MethodPolicy::default());
        let method = svrkit_rt::MethodDescriptor::plain(id, SERVICE, METHOD, FULL_NAME);
        let method = method.streams(Streaming::Both);
        Ok(Reflection {
            address: address.clone(),
            channel: address.channel()?,
            method: method.leak(),
        })
    }

    /// Full names of all services, sorted.
    pub(crate) async fn service_names(&self) -> Result<Vec<String>, Failure> {
        match self.ask(Question::ListServices(String::new())).await? {
            Answer::ListServices(list) => {
                let mut names: Vec<String> = list.service.into_iter().map(|it| it.name).collect();
                names.sort();
                Ok(names)
            }
            other => Err(self.unexpected(&other)),
        }
    }

    /// The services of these names, with everything that their messages use.
    pub(crate) async fn services(
        &self,
        names: &[String],
    ) -> Result<Vec<ServiceDescriptor>, Failure> {
        let mut files = BTreeMap::new();
        for name in names {
            let found = self.ask(Question::FileContainingSymbol(name.clone()));
            self.take(found.await?, &mut files)?;
        }
        // A server may leave imports for us to ask for.
        while let Some(missing) = missing_import(&files) {
            let found = self.ask(Question::FileByFilename(missing.clone()));
            self.take(found.await?, &mut files)?;
            if !files.contains_key(&missing) || files.len() > FILES_MAX {
                return Err(self.broken(format!("it did not give {missing}")));
            }
        }
        let set = FileSet {
            files: files.into_values().map(|file| file.encoded).collect(),
        };
        let pool = DescriptorPool::decode(set.encode_to_vec().as_slice())
            .map_err(|error| self.broken(error))?;
        let services = names.iter().map(|name| {
            pool.get_service_by_name(name)
                .ok_or_else(|| self.broken(format!("{name} is not in the file it gave for it")))
        });
        services.collect()
    }

    /// The method that a user means: `pkg.Service/Method`, or so much of its end as is enough to tell it from others.
    pub(crate) async fn method(&self, wanted: &str) -> Result<MethodDescriptor, Failure> {
        let (service, method) = match wanted.rsplit_once('/') {
            Some((service, method)) => (service.trim_start_matches('/'), method),
            None => match wanted.rsplit_once('.') {
                Some((service, method)) => (service, method),
                None => ("", wanted),
            },
        };
        let names = self.service_names().await?;
        let candidates: Vec<String> = if names.iter().any(|name| name == service) {
            vec![service.to_owned()]
        } else {
            let end = format!(".{service}");
            let matches = |name: &&String| service.is_empty() || name.ends_with(&end);
            names.iter().filter(matches).cloned().collect()
        };
        if candidates.is_empty() {
            return Err(Failure::usage(format!(
                "{} has no service {service}; it has {}",
                self.address,
                own(&names)
            )));
        }
        let services = self.services(&candidates).await?;
        let methods: Vec<MethodDescriptor> = services
            .iter()
            .flat_map(|service| service.methods().collect::<Vec<_>>())
            .collect();
        let found: Vec<&MethodDescriptor> =
            methods.iter().filter(|it| it.name() == method).collect();
        let list = |methods: &mut dyn Iterator<Item = &MethodDescriptor>| {
            methods.map(lower::full_name).collect::<Vec<_>>().join(", ")
        };
        let is_own = |it: &&MethodDescriptor| !is_built_in(it.parent_service().full_name());
        match found[..] {
            [found] => Ok(found.clone()),
            [] => Err(Failure::usage(format!(
                "{} has no method {wanted}; it has {}",
                self.address,
                list(&mut methods.iter().filter(is_own))
            ))),
            _ => Err(Failure::usage(format!(
                "{wanted} may be any of {}",
                list(&mut found.into_iter())
            ))),
        }
    }

    async fn ask(&self, question: Question) -> Result<Answer, Failure> {
        let request = Request {
            host: String::new(),
            question: Some(question),
        };
        let answer = tokio::select! {
            answer = self.exchange(request) => answer,
            why = self.not_connected() => {
                return Err(Failure::failed(format!("cannot connect to {why}")));
            }
        };
        let answer = answer.map_err(|status| match status.code() {
            Code::Unimplemented => Failure::failed(format!(
                "{} answers no reflection, so its services cannot be known",
                self.address
            )),
            _ => Failure::failed(format!("cannot ask {}: {status}", self.address)),
        })?;
        match answer.and_then(|answer| answer.answer) {
            Some(Answer::Error(error)) => Err(Failure::failed(format!(
                "{} says of its services: {}",
                self.address, error.error_message
            ))),
            Some(answer) => Ok(answer),
            None => Err(self.broken("it is empty")),
        }
    }

    async fn exchange(&self, request: Request) -> Result<Option<Response>, Status> {
        let call = Call::new(()).timeout(TIMEOUT);
        let call = self.channel.both_streaming(self.method, call);
        let (mut questions, mut answers) = call.await?;
        questions.send(request).await?;
        questions.finish();
        answers.next().await
    }

    /// Where there is no connection, and why, once there is none: a certificate or a key that did not do will not do next time.
    async fn not_connected(&self) -> String {
        let watch = self.channel.watch();
        let mut looks = tokio::time::interval(LOOK_EVERY);
        loop {
            looks.tick().await;
            let instances = watch.state().into_iter().flat_map(|it| it.instances);
            if let Some(why) = instances.into_iter().find_map(|it| it.last_error) {
                return why;
            }
        }
    }

    fn take(&self, answer: Answer, files: &mut BTreeMap<String, File>) -> Result<(), Failure> {
        let Answer::Files(answer) = answer else {
            return Err(self.unexpected(&answer));
        };
        for encoded in answer.file_descriptor_proto {
            let head = FileHead::decode(encoded.as_slice()).map_err(|error| self.broken(error))?;
            let file = File {
                imports: head.dependency,
                encoded,
            };
            files.insert(head.name, file);
        }
        Ok(())
    }

    fn unexpected(&self, answer: &Answer) -> Failure {
        self.broken(format!("it answers something else: {answer:?}"))
    }

    fn broken(&self, why: impl std::fmt::Display) -> Failure {
        Failure::failed(format!(
            "reflection of {} makes no sense: {why}",
            self.address
        ))
    }
}

/// Whether every server has this service, without anybody asking for it.
pub(crate) fn is_built_in(service: &str) -> bool {
    BUILTIN_SERVICES.contains(&service)
}

/// The services that somebody wrote, for a message.
pub(crate) fn own(names: &[String]) -> String {
    let own: Vec<&str> = names
        .iter()
        .map(String::as_str)
        .filter(|it| !is_built_in(it))
        .collect();
    match own.is_empty() {
        true => "the built-in ones only".to_owned(),
        false => own.join(", "),
    }
}

struct File {
    imports: Vec<String>,
    encoded: Vec<u8>,
}

fn missing_import(files: &BTreeMap<String, File>) -> Option<String> {
    let mut imports = files.values().flat_map(|file| &file.imports);
    imports.find(|it| !files.contains_key(*it)).cloned()
}

/// `google.protobuf.FileDescriptorSet`, its files untouched, so that no option is lost.
#[derive(Clone, PartialEq, prost::Message)]
struct FileSet {
    #[prost(bytes = "vec", repeated, tag = "1")]
    files: Vec<Vec<u8>>,
}

/// As much of `google.protobuf.FileDescriptorProto` as tells one file from another.
#[derive(Clone, PartialEq, prost::Message)]
struct FileHead {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, repeated, tag = "3")]
    dependency: Vec<String>,
}

// The messages of `grpc/reflection/v1/reflection.proto`, as far as they are used here.

#[derive(Clone, PartialEq, prost::Message)]
struct Request {
    #[prost(string, tag = "1")]
    host: String,
    #[prost(oneof = "Question", tags = "3, 4, 7")]
    question: Option<Question>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Question {
    #[prost(string, tag = "3")]
    FileByFilename(String),
    #[prost(string, tag = "4")]
    FileContainingSymbol(String),
    #[prost(string, tag = "7")]
    ListServices(String),
}

#[derive(Clone, PartialEq, prost::Message)]
struct Response {
    #[prost(oneof = "Answer", tags = "4, 6, 7")]
    answer: Option<Answer>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Answer {
    #[prost(message, tag = "4")]
    Files(Files),
    #[prost(message, tag = "6")]
    ListServices(ListServices),
    #[prost(message, tag = "7")]
    Error(ErrorAnswer),
}

#[derive(Clone, PartialEq, prost::Message)]
struct Files {
    #[prost(bytes = "vec", repeated, tag = "1")]
    file_descriptor_proto: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ListServices {
    #[prost(message, repeated, tag = "1")]
    service: Vec<ListedService>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ListedService {
    #[prost(string, tag = "1")]
    name: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ErrorAnswer {
    #[prost(int32, tag = "1")]
    error_code: i32,
    #[prost(string, tag = "2")]
    error_message: String,
}
