//! Descriptors → model. Every mistake that can be made in an IDL is found here, and all of them at once.

mod cgi;
mod cmd_ids;
mod hash_key;
mod names;
mod policy;

pub(crate) use cmd_ids::id_of as cmd_id_of;

use prost_reflect::{FileDescriptor, MethodDescriptor, ServiceDescriptor, Syntax};

use crate::diagnostic::Diagnostic;
use crate::docs;
use crate::idents;
use crate::lock::Lock;
use crate::model::{Method, Package, Service, Streaming};
use crate::options::{EXTENSION, MethodPolicy, ServicePolicy};
use crate::places::Place;
use crate::sources::Sources;

/// Field numbers in `google/protobuf/descriptor.proto`, of which paths into a file are made.
pub(crate) mod path {
    pub(crate) const FILE_SYNTAX: i32 = 12;
    pub(crate) const SERVICE_OPTIONS: i32 = 3;
    pub(crate) const METHOD_INPUT: i32 = 2;
    pub(crate) const METHOD_OUTPUT: i32 = 3;
    pub(crate) const METHOD_OPTIONS: i32 = 4;
}

/// A method as the checks see it: where it is, and what is said of it.
pub(crate) struct Site<'a> {
    sources: &'a Sources,
    file: FileDescriptor,
    pub(crate) method: MethodDescriptor,
    /// What the method itself says.
    pub(crate) policy: MethodPolicy,
    /// What its service says for all its methods.
    defaults: ServicePolicy,
}

/// Makes the model of every package for which `wanted` holds. Packages are sorted by name, services stay in the order of their files.
pub(crate) fn lower(
    sources: &Sources,
    wanted: impl Fn(&str) -> bool,
    lock: Option<&Lock>,
) -> Result<Vec<Package>, Vec<Diagnostic>> {
    let mut diagnostics = Vec::new();
    let files: Vec<FileDescriptor> = sources
        .own_files()
        .filter(|file| wanted(file.package_name()))
        .collect();
    for file in files.iter().filter(|it| it.syntax() != Syntax::Proto3) {
        let place = sources.places.of(file.name(), &[path::FILE_SYNTAX]);
        diagnostics.push(place.says("only proto3 is understood: write `syntax = \"proto3\";`"));
    }

    let sites = sites(sources, &files);
    names::check(sources, &files, &mut diagnostics);
    cmd_ids::check(&sites, &mut diagnostics);
    cgi::check(&sites, &mut diagnostics);
    if let Some(lock) = lock {
        cmd_ids::check_lock(&sites, lock, &mut diagnostics);
    }

    let mut packages: Vec<Package> = Vec::new();
    for file in &files {
        let position = packages
            .iter()
            .position(|it| it.name == file.package_name());
        let position = position.unwrap_or_else(|| {
            packages.push(Package {
                name: file.package_name().to_owned(),
                services: Vec::new(),
            });
            packages.len() - 1
        });
        for service in file.services() {
            let of_service = sites
                .iter()
                .filter(|site| site.method.parent_service() == &service);
            let methods = of_service.map(|site| lower_method(site, &mut diagnostics));
            let methods = methods.collect();
            packages[position]
                .services
                .push(lower_service(&service, methods));
        }
    }
    packages.sort_by(|a, b| a.name.cmp(&b.name));

    if diagnostics.is_empty() {
        Ok(packages)
    } else {
        diagnostics.sort();
        diagnostics.dedup();
        Err(diagnostics)
    }
}

/// Every method of `files`, with its policy.
pub(crate) fn sites<'a>(sources: &'a Sources, files: &[FileDescriptor]) -> Vec<Site<'a>> {
    let services = files.iter().flat_map(FileDescriptor::services);
    services
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .map(|method| Site {
            sources,
            file: method.parent_file(),
            policy: MethodPolicy::of(&method),
            defaults: ServicePolicy::of(&method),
            method,
        })
        .collect()
}

/// `hello.v1.Greeter/SayHello`.
pub(crate) fn full_name(method: &MethodDescriptor) -> String {
    format!("{}/{}", method.parent_service().full_name(), method.name())
}

impl Site<'_> {
    pub(crate) fn full_name(&self) -> String {
        full_name(&self.method)
    }

    /// What holds for the method: its own policy, then its service's.
    pub(crate) fn effective(&self) -> MethodPolicy {
        self.policy.clone().or(&self.defaults)
    }

    /// The place of the method's name.
    pub(crate) fn place(&self) -> Place {
        let places = &self.sources.places;
        places.of_name(self.file.name(), self.method.path())
    }

    /// The place of a part of the method: its request or answer type.
    pub(crate) fn place_of(&self, part: i32) -> Place {
        let path = [self.method.path(), &[part]].concat();
        self.sources.places.of(self.file.name(), &path)
    }

    /// The place where an option is set, be it at the method or its service; else of the option around it; else the method's name.
    pub(crate) fn option_place(&self, fields: &[(i32, &str)]) -> Place {
        let places = &self.sources.places;
        let service = self.method.parent_service();
        let owners = [
            [self.method.path(), &[path::METHOD_OPTIONS]].concat(),
            [service.path(), &[path::SERVICE_OPTIONS]].concat(),
        ];
        let around = (1..=fields.len()).rev().map(|length| &fields[..length]);
        around
            .flat_map(|fields| owners.iter().map(move |owner| (owner, fields)))
            .find_map(|(owner, fields)| {
                places.of_option(self.file.name(), owner, EXTENSION, fields)
            })
            .unwrap_or_else(|| self.place())
    }
}

fn lower_service(service: &ServiceDescriptor, methods: Vec<Method>) -> Service {
    let file = service.parent_file();
    Service {
        rust_name: idents::upper_camel(service.name()),
        static_name: idents::shouty(service.name()),
        full_name: service.full_name().to_owned(),
        docs: docs::of(file.file_descriptor_proto(), service.path()),
        methods,
    }
}

fn lower_method(site: &Site<'_>, diagnostics: &mut Vec<Diagnostic>) -> Method {
    let method = &site.method;
    let policy = site.effective();
    policy::check(site, &policy, diagnostics);
    let hash_key = hash_key::lower(site, diagnostics);
    Method {
        rust_name: idents::function(method.name()),
        name: method.name().to_owned(),
        full_name: site.full_name(),
        docs: docs::of(site.file.file_descriptor_proto(), method.path()),
        usage: policy.usage.clone().unwrap_or_default(),
        input: method.input().full_name().to_owned(),
        output: method.output().full_name().to_owned(),
        streaming: Streaming::of(method),
        id: cmd_ids::id_of(&site.full_name(), &site.policy),
        timeout_ms: policy.timeout_ms,
        idempotent: policy.idempotent,
        priority: policy.priority.and_then(|it| u8::try_from(it).ok()),
        hash_key,
        request_bytes_max: policy.max_request_bytes,
        response_bytes_max: policy.max_response_bytes,
        never_compressed: policy.never_compressed,
        cgi: cgi::lower(&policy),
    }
}
