//! Rust names that would collide in generated code.

use std::collections::HashMap;

use prost_reflect::{FileDescriptor, ServiceDescriptor};

use crate::diagnostic::Diagnostic;
use crate::idents;
use crate::sources::Sources;

pub(super) fn check(
    sources: &Sources,
    files: &[FileDescriptor],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut packages: HashMap<&str, Vec<&FileDescriptor>> = HashMap::new();
    for file in files {
        packages.entry(file.package_name()).or_default().push(file);
    }
    for (package, of_package) in packages {
        check_types(sources, package, &of_package, files, diagnostics);
        for service in of_package.iter().flat_map(|file| file.services()) {
            check_functions(sources, &service, diagnostics);
        }
    }
}

/// Traits, servers, clients and statics of a package, against its messages and each other.
fn check_types(
    sources: &Sources,
    package: &str,
    of_package: &[&FileDescriptor],
    files: &[FileDescriptor],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut taken: HashMap<String, String> = HashMap::new();
    let mut modules: HashMap<String, String> = HashMap::new();
    for file in of_package {
        for message in file.messages() {
            let what = format!("message `{}`", message.name());
            // Nested types live in a module of the message's name.
            modules.insert(idents::snake(message.name()), what.clone());
            taken.insert(idents::upper_camel(message.name()), what);
        }
        for it in file.enums() {
            taken.insert(
                idents::upper_camel(it.name()),
                format!("enum `{}`", it.name()),
            );
        }
    }
    let inside = format!("{package}.");
    for file in files {
        let prefix = if package.is_empty() { "" } else { &inside };
        if let Some(rest) = file.package_name().strip_prefix(prefix) {
            let module = rest.split('.').next().unwrap_or(rest);
            let what = format!("package `{}`", file.package_name());
            modules.insert(idents::snake(module), what);
        }
    }

    let mut statics: HashMap<String, String> = HashMap::new();
    statics.insert(
        "FILE_DESCRIPTOR_SET".to_owned(),
        "the descriptor set of the package".to_owned(),
    );
    for service in of_package.iter().flat_map(|file| file.services()) {
        let place = || {
            let file = service.parent_file();
            sources.places.of_name(file.name(), service.path())
        };
        let what = format!("service `{}`", service.name());
        if let Some(other) = modules.get("blocking") {
            diagnostics.push(place().says(format!(
                "{what} puts its blocking client into a module `blocking`, which already belongs to {other}"
            )));
        }
        let name = idents::upper_camel(service.name());
        let plain = idents::plain(&name);
        let names = [
            name.clone(),
            format!("{plain}Server"),
            format!("{plain}Client"),
        ];
        for name in names {
            match taken.get(&name) {
                Some(other) => {
                    diagnostics.push(place().says(format!(
                        "{what} needs the Rust name `{name}`, which already belongs to {other}"
                    )));
                    // The other names of such a service collide for the same reason.
                    break;
                }
                None => {
                    taken.insert(name, what.clone());
                }
            }
        }
        let name = idents::shouty(service.name());
        match statics.get(&name) {
            // Two services whose types collide were told so already.
            Some(other) if !other.starts_with("service") => diagnostics.push(place().says(
                format!("{what} needs the Rust name `{name}`, which already belongs to {other}"),
            )),
            Some(_) => {}
            None => {
                statics.insert(name, what);
            }
        }
    }
}

/// The functions of a client: two for each method.
fn check_functions(
    sources: &Sources,
    service: &ServiceDescriptor,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut taken: HashMap<String, String> = HashMap::new();
    for method in service.methods() {
        let name = idents::function(method.name());
        let with = idents::function_with(&name);
        for name in [name, with] {
            match taken.get(&name) {
                Some(other) => {
                    let file = service.parent_file();
                    let place = sources.places.of_name(file.name(), method.path());
                    diagnostics.push(place.says(format!(
                        "`{}` needs the Rust name `{name}`, which already belongs to `{other}`",
                        method.name()
                    )));
                    break;
                }
                None => {
                    taken.insert(name, method.name().to_owned());
                }
            }
        }
    }
}
