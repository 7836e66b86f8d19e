//! The IDL of a crate, as far as its author's files have to do with it.

use std::path::Path;

use crate::cli::failure::Failure;
use crate::model::{self, Streaming};
use crate::sources::Sources;
use crate::{docs, idents, lower, messages};

/// All services, in the order of packages and files.
#[derive(Debug)]
pub(super) struct Idl {
    pub(super) services: Vec<Service>,
}

#[derive(Debug)]
pub(super) struct Service {
    pub(super) full_name: String,
    /// Name of the generated trait.
    pub(super) trait_name: String,
    /// Modules of the package, below `crate::idl`.
    pub(super) modules: Vec<String>,
    pub(super) methods: Vec<Method>,
}

#[derive(Debug)]
pub(super) struct Method {
    pub(super) name: String,
    pub(super) full_name: String,
    /// Name of the Rust function.
    pub(super) function: String,
    /// Comment of the IDL, a line each, as rustdoc wants it.
    pub(super) docs: Vec<String>,
    /// Rust types, seen from anywhere in the crate.
    pub(super) request: String,
    pub(super) reply: String,
    pub(super) streaming: Streaming,
    /// Full names in the IDL.
    pub(super) request_message: String,
    pub(super) reply_message: String,
    pub(super) id: u32,
}

impl Idl {
    /// Reads every proto of `folder`, holding its ids against `cmd_ids.lock` if there is one.
    pub(super) fn read(folder: &Path) -> Result<Idl, Failure> {
        let config = crate::configure().include(folder);
        let mut protos = config.generate(&[] as &[&Path])?.files_read;
        protos.retain(|file| file.extension().is_some_and(|it| it == "proto"));
        Idl::of(&Sources::parse(&[folder.to_owned()], &protos)?)
    }

    fn of(sources: &Sources) -> Result<Idl, Failure> {
        let packages = lower::lower(sources, |_| true, None).map_err(crate::Error::Idl)?;
        let types = messages::generate(sources, &[], |_| true)?.types;
        let mut services = Vec::new();
        for package in &packages {
            let modules: Vec<String> = package
                .name
                .split('.')
                .filter(|part| !part.is_empty())
                .map(idents::snake)
                .collect();
            for service in &package.services {
                services.push(Service {
                    full_name: service.full_name.clone(),
                    trait_name: service.rust_name.clone(),
                    methods: service
                        .methods
                        .iter()
                        .map(|it| method(it, &modules, &types))
                        .collect(),
                    modules: modules.clone(),
                });
            }
        }
        Ok(Idl { services })
    }
}

impl Service {
    /// `crate::idl::hello::v1::Greeter`, for one of the names generated for it.
    pub(super) fn path(&self, name: &str) -> String {
        in_package(&self.modules, name)
    }
}

fn method(method: &model::Method, modules: &[String], types: &messages::Types) -> Method {
    Method {
        name: method.name.clone(),
        full_name: method.full_name.clone(),
        function: method.rust_name.clone(),
        docs: docs::rustdoc(&method.docs),
        request: absolute(types.input(&method.full_name), modules),
        reply: absolute(types.output(&method.full_name), modules),
        streaming: method.streaming,
        request_message: method.input.clone(),
        reply_message: method.output.clone(),
        id: method.id,
    }
}

/// A type as seen from the module of its package, as seen from anywhere in the crate.
fn absolute(path: &str, modules: &[String]) -> String {
    let is_primitive = matches!(path, "bool" | "f32" | "f64" | "i32" | "i64" | "u32" | "u64");
    if is_primitive || path == "()" {
        return path.to_owned();
    }
    if let Some(global) = path.strip_prefix("::") {
        return global.to_owned();
    }
    let mut modules = modules;
    let mut rest = path;
    while let (Some(outer), Some((_, above))) = (rest.strip_prefix("super::"), modules.split_last())
    {
        rest = outer;
        modules = above;
    }
    in_package(modules, rest)
}

fn in_package(modules: &[String], name: &str) -> String {
    let mut path = "crate::idl::".to_owned();
    for module in modules {
        path.push_str(module);
        path.push_str("::");
    }
    path + name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_seen_from_anywhere() {
        let modules = ["hello".to_owned(), "v1".to_owned()];
        for (from_package, from_anywhere) in [
            ("Hello", "crate::idl::hello::v1::Hello"),
            ("hello::Inner", "crate::idl::hello::v1::hello::Inner"),
            ("super::super::common::Id", "crate::idl::common::Id"),
            (
                "::svrkit_rt::codegen::prost_types::Any",
                "svrkit_rt::codegen::prost_types::Any",
            ),
            ("()", "()"),
            ("u64", "u64"),
        ] {
            assert_eq!(absolute(from_package, &modules), from_anywhere);
        }
    }
}
