//! What a crate lacks after its IDL changed, and what of it the IDL does not know any more.

use std::path::Path;

use super::idl::{Idl, Service};
use super::manifest::{self, Manifest};
use super::rust;
use super::source::{Source, place};
use super::start::{module_for, registration, service_file};
use crate::cli::failure::Failure;
use crate::cli::terminal::Paint;

const LIB: &str = "src/lib.rs";

/// What was done, and what is left to the author.
#[derive(Debug, Default)]
struct News {
    done: Vec<String>,
    told: Vec<String>,
}

pub(super) fn run(root: &Path) -> Result<(), Failure> {
    let before = Manifest::read(root)?;
    let idl = Idl::read(&root.join("proto"))?;
    let mut news = News::default();
    let mut after = Manifest {
        name: before.name.clone(),
        services: Vec::new(),
    };
    for service in &idl.services {
        let known = before.service(&service.full_name);
        let now = match known {
            Some(known) => update_service(root, service, known, &mut news)?,
            None => {
                let file = add_service(root, service, &before, &after, &mut news)?;
                manifest::Service::of(service, file)
            }
        };
        after.services.push(now);
    }
    for gone in &before.services {
        if !idl.services.iter().any(|it| it.full_name == gone.name) {
            tell_gone(root, gone, &mut news)?;
        }
    }
    super::replace(root, manifest::FILE_NAME, &after.text()?)?;
    print(root, &news);
    Ok(())
}

/// A service that has its file: methods are added to it. Returns what to remember of it.
fn update_service(
    root: &Path,
    service: &Service,
    known: &manifest::Service,
    news: &mut News,
) -> Result<manifest::Service, Failure> {
    let file = known.file.as_str();
    let source = match read(root, file)? {
        Ok(source) => source,
        Err(why) => {
            news.told
                .push(format!("{} was left alone: {why}", service.full_name));
            return Ok(known.clone());
        }
    };
    let Some(implementation) = source.trait_impl(&service.trait_name) else {
        news.told.push(format!(
            "{file} has no `impl {} for ..`: nothing was added for {}",
            service.trait_name, service.full_name
        ));
        return Ok(known.clone());
    };

    let line_of = |function: &str| {
        let mut functions = implementation.functions.iter();
        functions
            .find(|(name, _)| name == function)
            .map(|(_, line)| *line)
    };
    let missing: Vec<_> = service
        .methods
        .iter()
        .filter(|method| line_of(&method.function).is_none())
        .collect();
    if !missing.is_empty() {
        let scope = source.scope();
        let (text, line) = source.with_methods(&implementation, |indent| {
            let methods = missing.iter();
            methods
                .map(|method| rust::method(method, &scope, indent, None))
                .collect()
        });
        super::replace(root, file, &text)?;
        let functions: Vec<&str> = missing.iter().map(|it| it.function.as_str()).collect();
        news.done.push(format!(
            "{}: added {}",
            place(file, line),
            functions.join(", ")
        ));
    }

    for (function, line) in &implementation.functions {
        if service.methods.iter().any(|it| it.function == *function) {
            continue;
        }
        let at = place(file, *line);
        let old = known.methods.iter().find(|it| it.function == *function);
        let new = old.and_then(|old| renamed_to(old, known, service));
        news.told.push(match (old, new) {
            (Some(old), Some(new)) => format!(
                "method {} seems to be {} now: what {function} at {at} does belongs into {}, then {function} is yours to delete",
                old.name, new.name, new.function
            ),
            (Some(old), None) => format!(
                "method {} is gone from the IDL: its function {function} at {at} is yours to delete",
                old.name
            ),
            (None, _) => format!("{function} at {at} is no method of {}", service.full_name),
        });
    }
    for method in &service.methods {
        let (Some(old), Some(line)) = (known.method(&method.name), line_of(&method.function))
        else {
            continue;
        };
        for (what, old, new) in [
            ("takes", &old.request, &method.request_message),
            ("answers", &old.reply, &method.reply_message),
        ] {
            if old != new {
                news.told.push(format!(
                    "method {} {what} {new} now, not {old}: {} at {} is yours to change",
                    method.name,
                    method.function,
                    place(file, line)
                ));
            }
        }
    }
    let mut now = manifest::Service::of(service, known.file.clone());
    // What the author has not deleted yet is remembered, to be told again.
    let gone = known
        .methods
        .iter()
        .filter(|old| now.method(&old.name).is_none());
    let gone: Vec<_> = gone
        .filter(|old| line_of(&old.function).is_some())
        .cloned()
        .collect();
    now.methods.extend(gone);
    Ok(now)
}

/// The method that an old one has become: one that is new, with the same id, or else the same types and nobody else like it.
fn renamed_to<'a>(
    old: &manifest::Method,
    known: &manifest::Service,
    service: &'a Service,
) -> Option<&'a super::idl::Method> {
    let new = || {
        service
            .methods
            .iter()
            .filter(|it| known.method(&it.name).is_none())
    };
    let has_types = |request: &str, reply: &str| request == old.request && reply == old.reply;
    if let Some(same_id) = new().find(|it| it.id == old.id) {
        return Some(same_id);
    }
    let is_gone = |it: &&manifest::Method| !service.methods.iter().any(|new| new.name == it.name);
    let alike = known.methods.iter().filter(is_gone);
    let alike = alike.filter(|it| has_types(&it.request, &it.reply)).count();
    let mut candidates = new().filter(|it| has_types(&it.request_message, &it.reply_message));
    match (candidates.next(), candidates.next()) {
        (Some(only), None) if alike == 1 => Some(only),
        _ => None,
    }
}

/// A service that is new: it gets its file, and its lines in `lib.rs`.
fn add_service(
    root: &Path,
    service: &Service,
    before: &Manifest,
    after: &Manifest,
    news: &mut News,
) -> Result<String, Failure> {
    let file_of = |module: &str| format!("src/{module}.rs");
    let is_taken = |module: &str| {
        let file = file_of(module);
        let known = before.services.iter().chain(&after.services);
        known.into_iter().any(|it| it.file == file)
            || root.join(&file).exists()
            || root.join("src").join(module).exists()
    };
    let module = module_for(service, is_taken);
    let file = file_of(&module);
    super::create(root, &file, &service_file(service, None))?;
    news.done
        .push(format!("{file}: new, for {}", service.full_name));

    let mod_line = format!("pub mod {module};");
    let argument = registration(&module);
    let by_hand = || format!("{LIB} is yours to change: `{mod_line}` and `.service({argument})`");
    let with_mod = match read(root, LIB)? {
        Ok(source) => source.with_mod(&module),
        Err(why) => {
            news.told.push(format!("{why}. {}", by_hand()));
            return Ok(file);
        }
    };
    let with_both = with_mod
        .and_then(|text| Source::parse(text).ok())
        .and_then(|source| source.with_service(&argument));
    match with_both {
        Some(text) => {
            super::replace(root, LIB, &text)?;
            news.done
                .push(format!("{LIB}: registers {}", service.full_name));
        }
        None => news.told.push(by_hand()),
    }
    Ok(file)
}

fn tell_gone(root: &Path, gone: &manifest::Service, news: &mut News) -> Result<(), Failure> {
    let mut told = format!("service {} is gone from the IDL: ", gone.name);
    if root.join(&gone.file).exists() {
        told.push_str(&format!("{} is yours to delete, with its `mod`", gone.file));
    } else {
        told.push_str("its file is gone too");
    }
    let module = Path::new(&gone.file)
        .file_stem()
        .and_then(|it| it.to_str())
        .unwrap_or_default();
    if let Ok(source) = read(root, LIB)?
        && let Some(line) = source.line_of_service(module)
    {
        told.push_str(&format!(
            ", and so is `.service(..)` at {}",
            place(LIB, line)
        ));
    }
    news.told.push(told);
    Ok(())
}

/// A file of the author; why it cannot be understood, if so.
fn read(root: &Path, file: &str) -> Result<Result<Source, String>, Failure> {
    let path = root.join(file);
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Source::parse(text).map_err(|error| format!("{file}:{error}"))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Ok(Err(format!("{file} is not there")))
        }
        Err(error) => Err(Failure::io(&path)(error)),
    }
}

fn print(root: &Path, news: &News) {
    let paint = Paint::stdout();
    for line in &news.done {
        println!("{} {line}", paint.green("+"));
    }
    for line in &news.told {
        println!("{} {line}", paint.red("!"));
    }
    if news.done.is_empty() && news.told.is_empty() {
        println!("nothing is missing in {}", root.display());
    }
}
