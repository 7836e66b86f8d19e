//! Messages and enums, by prost-build, and the Rust types it chose for requests and answers.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use prost_build::{Config, Module, Service, ServiceGenerator};

use crate::diagnostic::Error;
use crate::docs;
use crate::sources::{Sources, is_own};

/// What prost-build made of an IDL.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    /// Unformatted source by package.
    pub(crate) sources: HashMap<String, String>,
    pub(crate) types: Types,
}

/// Rust types by full name of a method, as written in the module of its package.
#[derive(Clone, Debug, Default)]
pub(crate) struct Types {
    by_method: HashMap<String, (String, String)>,
}

impl Types {
    /// The Rust type of the request of `method`.
    pub(crate) fn input(&self, method: &str) -> &str {
        self.by_method.get(method).map_or("()", |types| &types.0)
    }

    /// The Rust type of the answer of `method`.
    pub(crate) fn output(&self, method: &str) -> &str {
        self.by_method.get(method).map_or("()", |types| &types.1)
    }
}

/// Generates the messages of all packages for which `wanted` holds.
pub(crate) fn generate(
    sources: &Sources,
    extern_paths: &[(String, String)],
    wanted: impl Fn(&str) -> bool,
) -> Result<Messages, Error> {
    let types = Rc::new(RefCell::new(Types::default()));
    let mut config = Config::new();
    config
        .prost_path("::svrkit_rt::codegen::prost")
        .prost_types_path("::svrkit_rt::codegen::prost_types")
        .bytes(["."])
        .service_generator(Box::new(TypeCollector(Rc::clone(&types))));
    for (proto, rust) in extern_paths {
        config.extern_path(proto, rust);
    }

    let mut requests = Vec::new();
    let mut packages = HashMap::new();
    // prost-build wants to see every message that a field may name; what is not wanted is dropped afterwards.
    for file in sources.pool.files() {
        let module = Module::from_protobuf_package_name(file.package_name());
        if is_own(file.name(), file.package_name()) && wanted(file.package_name()) {
            packages.insert(module.clone(), file.package_name().to_owned());
        }
        let mut descriptor = file.file_descriptor_proto().clone();
        docs::tame_file(&mut descriptor);
        requests.push((module, descriptor));
    }
    let generated = config
        .generate(requests)
        .map_err(|error| Error::Messages(error.to_string()))?;
    let sources = generated
        .into_iter()
        .filter_map(|(module, source)| Some((packages.remove(&module)?, source)))
        .collect();
    // prost-build keeps its half of the types.
    let types = types.borrow().clone();
    Ok(Messages { sources, types })
}

/// Stands where a service generator would, and only writes down which Rust types prost-build resolved.
struct TypeCollector(Rc<RefCell<Types>>);

impl ServiceGenerator for TypeCollector {
    fn generate(&mut self, service: Service, source: &mut String) {
        // prost-build expects every package with a service to have some text.
        source.push('\n');
        let mut types = self.0.borrow_mut();
        for method in service.methods {
            let package = &service.package;
            let dot = if package.is_empty() { "" } else { "." };
            let name = format!("{package}{dot}{}/{}", service.proto_name, method.proto_name);
            types
                .by_method
                .insert(name, (method.input_type, method.output_type));
        }
    }
}
