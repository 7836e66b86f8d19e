//! Rust for an author to go on with: formatted as rustfmt would, so that the first `cargo fmt` changes nothing.

use std::collections::BTreeMap;

use super::idl::{Method, Service};
use crate::model::Streaming;

const RECEIVER: &str = "svrkit_rt::Receiver";
const SENDER: &str = "svrkit_rt::Sender";
/// Columns of a line.
const COLUMNS_MAX: usize = 100;

/// Names that a file has in scope: full paths by short name.
#[derive(Debug, Default)]
pub(super) struct Scope {
    by_name: BTreeMap<String, String>,
}

impl Scope {
    /// Takes a path in unless its last name is taken by another one. Only what needs an import is one.
    pub(super) fn add(&mut self, path: &str) {
        if let Some((_, name)) = path.rsplit_once("::") {
            self.insert(name, path);
        }
    }

    /// Takes a name in, whatever it stands for.
    pub(super) fn insert(&mut self, name: &str, path: &str) {
        let taken = self.by_name.entry(name.to_owned());
        taken.or_insert_with(|| path.to_owned());
    }

    /// How to write `path` in this scope.
    pub(super) fn shorten(&self, path: &str) -> String {
        let name = path.rsplit("::").next().unwrap_or(path);
        match self.by_name.get(name) {
            Some(known) if known == path => name.to_owned(),
            _ => path.to_owned(),
        }
    }

    /// The `use` lines, those of the crate last and apart.
    pub(super) fn imports(&self) -> String {
        let mut by_module: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for path in self.by_name.values() {
            if let Some((module, name)) = path.rsplit_once("::") {
                by_module.entry(module).or_default().push(name);
            }
        }
        let (own, others): (Vec<_>, Vec<_>) = by_module
            .iter()
            .map(|(module, names)| (module.starts_with("crate::"), import(module, names)))
            .partition(|(is_own, _)| *is_own);
        let text = |lines: Vec<(bool, String)>| {
            let lines: Vec<String> = lines.into_iter().map(|(_, line)| line).collect();
            lines.concat()
        };
        match (text(others), text(own)) {
            (others, own) if others.is_empty() || own.is_empty() => others + &own,
            (others, own) => format!("{others}\n{own}"),
        }
    }
}

/// One `use` line, or as many as it takes.
pub(super) fn import(module: &str, names: &[&str]) -> String {
    let mut names = names.to_vec();
    names.sort_unstable();
    if let [name] = names[..] {
        return format!("use {module}::{name};\n");
    }
    let line = format!("use {module}::{{{}}};\n", names.join(", "));
    if line.trim_end().len() <= COLUMNS_MAX {
        return line;
    }
    let mut lines = format!("use {module}::{{\n");
    let mut line = "   ".to_owned();
    for name in names {
        if line.len() + name.len() + 2 > COLUMNS_MAX {
            lines.push_str(&line);
            lines.push('\n');
            line = "   ".to_owned();
        }
        line.push_str(&format!(" {name},"));
    }
    format!("{lines}{line}\n}};\n")
}

/// A method to be written, indented by `indent`. `body` is its last expression; none makes it answer that it is not written.
pub(super) fn method(method: &Method, scope: &Scope, indent: &str, body: Option<&str>) -> String {
    // An argument that nothing is done with yet.
    let unused = if body.is_some() { "" } else { "_" };
    let context = scope.shorten("svrkit_rt::Context");
    let status = scope.shorten("svrkit_rt::Status");
    let (request, mut reply) = (scope.shorten(&method.request), scope.shorten(&method.reply));
    let mut text = String::new();
    for line in &method.docs {
        let line = line.strip_prefix(' ').unwrap_or(line);
        text.push_str(format!("{indent}/// {line}").trim_end());
        text.push('\n');
    }
    let mut arguments = vec!["&self".to_owned(), format!("_ctx: &mut {context}")];
    if matches!(method.streaming, Streaming::Client | Streaming::Both) {
        let receiver = scope.shorten(RECEIVER);
        arguments.push(format!("{unused}requests: {receiver}<{request}>"));
    } else {
        arguments.push(format!("{unused}request: {request}"));
    }
    if matches!(method.streaming, Streaming::Server | Streaming::Both) {
        let sender = scope.shorten(SENDER);
        arguments.push(format!("{unused}answers: {sender}<{reply}>"));
        reply = "()".to_owned();
    }
    let head = format!("{indent}async fn {}(", method.function);
    let tail = format!(") -> Result<{reply}, {status}> {{");
    let one_line = format!("{head}{}{tail}", arguments.join(", "));
    if one_line.len() <= COLUMNS_MAX {
        text.push_str(&one_line);
        text.push('\n');
    } else {
        text.push_str(&format!("{head}\n"));
        for argument in arguments {
            text.push_str(&format!("{indent}    {argument},\n"));
        }
        text.push_str(&format!("{indent}{tail}\n"));
    }
    match body {
        Some(body) => {
            for line in body.lines() {
                text.push_str(format!("{indent}    {line}").trim_end());
                text.push('\n');
            }
        }
        None => text.push_str(&unwritten(method, &status, indent)),
    }
    text.push_str(&format!("{indent}}}\n"));
    text
}

fn unwritten(method: &Method, status: &str, indent: &str) -> String {
    let message = format!("\"{} is not written yet\"", method.full_name);
    let argument = format!("{status}::unimplemented({message})");
    // As rustfmt has it: arguments of more than 60 columns get lines of their own.
    if argument.len() <= 60 {
        return format!("{indent}    Err({argument})\n");
    }
    format!(
        "{indent}    Err({status}::unimplemented(\n{indent}        {message},\n{indent}    ))\n"
    )
}

/// Name of the type that implements a service.
pub(super) fn struct_name(service: &Service) -> String {
    let name = service.trait_name.trim_start_matches("r#");
    if name.ends_with("Service") {
        format!("{name}Impl")
    } else {
        format!("{name}Service")
    }
}

/// Name of the generated type that serves it.
pub(super) fn server_name(service: &Service) -> String {
    format!("{}Server", service.trait_name.trim_start_matches("r#"))
}

/// What the file of a service needs in scope.
pub(super) fn scope(service: &Service) -> Scope {
    let mut scope = Scope::default();
    // Names that no message of the IDL may take.
    scope.add("svrkit_rt::Context");
    scope.add("svrkit_rt::Status");
    scope.add("crate::config::Config");
    for method in &service.methods {
        match method.streaming {
            Streaming::None => {}
            Streaming::Client => scope.add(RECEIVER),
            Streaming::Server => scope.add(SENDER),
            Streaming::Both => [RECEIVER, SENDER].iter().for_each(|it| scope.add(it)),
        }
    }
    scope.add(&service.path(&service.trait_name));
    scope.add(&service.path(&server_name(service)));
    for method in &service.methods {
        for path in [&method.request, &method.reply] {
            let name = path.rsplit("::").next().unwrap_or(path);
            let is_taken =
                name == struct_name(service) || matches!(name, "Result" | "String" | "Err");
            // What is nested or from another package is better read with what is around it.
            let is_own = *path == service.path(name);
            if is_own && !is_taken {
                scope.add(path);
            }
        }
    }
    scope
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_import_is_broken_as_rustfmt_does() {
        let names: Vec<String> = (10..22).map(|it| format!("Request{it}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let text = import("crate::idl::hello::v1", &names);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "use crate::idl::hello::v1::{");
        assert!(lines.iter().all(|line| line.len() <= COLUMNS_MAX));
        assert!(lines[1].ends_with("Request17,"), "{text}");
        assert_eq!(lines.len(), 4);
    }

    #[test]
    fn of_two_types_with_one_name_the_second_is_written_in_full() {
        let mut scope = Scope::default();
        scope.add("crate::idl::a::Id");
        scope.add("crate::idl::b::Id");
        assert_eq!(scope.shorten("crate::idl::a::Id"), "Id");
        assert_eq!(scope.shorten("crate::idl::b::Id"), "crate::idl::b::Id");
        assert_eq!(scope.shorten("()"), "()");
    }
}
