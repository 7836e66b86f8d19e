//! A new crate.

use std::path::{Path, PathBuf};

use heck::{ToSnakeCase, ToUpperCamelCase};

use super::idl::{Idl, Service};
use super::manifest::{self, Manifest};
use super::rust::{self, Scope};
use super::templates::{self, fill};
use crate::cli::failure::Failure;
use crate::cli::terminal::Paint;
use crate::idents;
use crate::model::Streaming;
use crate::sources::Sources;

/// Body of the one method of the sample.
const SAMPLE_BODY: &str = "\
if request.name.is_empty() {
    return Err(Status::invalid_argument(\"name is empty\"));
}
let text = format!(\"{}, {}!\", self.greeting, request.name);
Ok(SayHelloReply { text })";

/// What is to be made.
pub(super) struct Order {
    pub(super) name: String,
    pub(super) root: PathBuf,
    pub(super) proto: Option<PathBuf>,
    pub(super) includes: Vec<PathBuf>,
    /// Absolute path of the checkout.
    pub(super) svrkit: String,
}

impl Order {
    fn crate_ident(&self) -> String {
        self.name.replace('-', "_")
    }

    fn is_sample(&self) -> bool {
        self.proto.is_none()
    }
}

pub(super) fn run(order: &Order) -> Result<(), Failure> {
    // Everything that can be wrong is found before anything is written.
    let protos = match &order.proto {
        Some(proto) => copied_protos(proto, &order.includes)?,
        None => vec![sample_proto(order)],
    };
    let folder = Draft::of(&order.root)?;
    for (name, text) in &protos {
        super::create(&folder.path, &format!("proto/{name}"), text)?;
    }
    let idl = Idl::read(&folder.path.join("proto"))?;
    if idl.services.is_empty() {
        return Err(Failure::usage("the IDL has no service"));
    }
    let files = files(order, &idl)?;
    for (name, text) in &files {
        super::create(&folder.path, name, text)?;
    }
    folder.keep(&order.root)?;
    tell(
        order,
        &idl,
        protos.iter().map(|(name, _)| name.as_str()),
        &files,
    );
    Ok(())
}

/// A folder that becomes the crate when it is complete, and is gone otherwise.
struct Draft {
    path: PathBuf,
    is_kept: bool,
}

impl Draft {
    fn of(root: &Path) -> Result<Draft, Failure> {
        let name = root.file_name().unwrap_or_default().to_string_lossy();
        let path = root.with_file_name(format!(".{name}.{}", std::process::id()));
        std::fs::create_dir_all(&path).map_err(Failure::io(&path))?;
        Ok(Draft {
            path,
            is_kept: false,
        })
    }

    fn keep(mut self, root: &Path) -> Result<(), Failure> {
        std::fs::rename(&self.path, root).map_err(Failure::io(root))?;
        self.is_kept = true;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.is_kept {
            // What is left behind is only in the way.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

fn sample_proto(order: &Order) -> (String, String) {
    let service = order.name.to_upper_camel_case();
    let package = order.name.to_snake_case();
    let text = fill(
        templates::PROTO,
        &[("package", &package), ("service", &service)],
    );
    (format!("{package}.proto"), text)
}

/// The proto and all that it imports, by import name.
fn copied_protos(proto: &Path, includes: &[PathBuf]) -> Result<Vec<(String, String)>, Failure> {
    if !proto.is_file() {
        return Err(Failure::usage(format!(
            "--proto {}: no such file",
            proto.display()
        )));
    }
    let protos = [proto.to_owned()];
    let mut includes = includes.to_vec();
    if !includes.iter().any(|include| proto.starts_with(include)) {
        includes.push(match proto.parent() {
            Some(parent) if parent != Path::new("") => parent.to_owned(),
            _ => PathBuf::from("."),
        });
    }
    let sources = Sources::parse(&includes, &protos)?;
    let mut copied = Vec::new();
    for file in sources.own_files() {
        let name = file.name().to_owned();
        let mut paths = includes.iter().map(|include| include.join(&name));
        let path = paths
            .find(|path| path.is_file())
            .ok_or_else(|| Failure::failed(format!("{name} is in no include folder")))?;
        let text = std::fs::read_to_string(&path).map_err(Failure::io(&path))?;
        copied.push((name, text));
    }
    Ok(copied)
}

/// Every file but the protos.
fn files(order: &Order, idl: &Idl) -> Result<Vec<(String, String)>, Failure> {
    let name = order.name.as_str();
    let ident = order.crate_ident();
    let title = upper_first(&name.replace(['-', '_'], " "));
    let placed = place_services(&idl.services);

    let mut modules: Vec<String> = placed
        .iter()
        .map(|(_, module)| format!("pub mod {module};\n"))
        .collect();
    modules.push("pub mod config;\n".to_owned());
    modules.sort();
    let mut services = String::new();
    let mut manifest = Manifest {
        name: name.to_owned(),
        services: Vec::new(),
    };
    let mut files = Vec::new();
    let mut service_rows = String::new();
    for (service, module) in &placed {
        let file = format!("src/{module}.rs");
        services.push_str(&format!("        .service({})\n", registration(module)));
        service_rows.push_str(&format!(
            "| `{file}` | `{}`, to fill in |\n",
            service.full_name
        ));
        let sample = order.is_sample().then_some(SAMPLE_BODY);
        files.push((file.clone(), service_file(service, sample)));
        manifest.services.push(manifest::Service::of(service, file));
    }
    let call = example_call(order, &idl.services[0]);
    let sample = |text: &'static str| if order.is_sample() { text } else { "" };
    let values = [
        ("name", name),
        ("crate", ident.as_str()),
        ("title", title.as_str()),
        ("svrkit", order.svrkit.as_str()),
        ("modules", &modules.concat()),
        ("services", &services),
        ("service_rows", &service_rows),
        ("example", &call),
        (
            "sample_toml",
            sample("\n# How to greet people.\ngreeting = \"Hello\"\n"),
        ),
        (
            "sample_field",
            sample("    /// How to greet people.\n    pub greeting: String,\n"),
        ),
        (
            "sample_default",
            sample("            greeting: \"Hello\".to_owned(),\n"),
        ),
        ("imports", &test_imports(order, &idl.services)),
        ("tests", &tests(order, &idl.services)),
    ];
    for (file, template) in [
        ("Cargo.toml", templates::CARGO_TOML),
        (".gitignore", templates::GITIGNORE),
        ("README.md", templates::README),
        ("build.rs", templates::BUILD),
        ("src/config.rs", templates::CONFIG),
        ("src/lib.rs", templates::LIB),
        ("src/main.rs", templates::MAIN),
        ("tests/service.rs", templates::TEST),
    ] {
        files.push((file.to_owned(), fill(template, &values)));
    }
    files.push((
        format!("{name}.toml"),
        fill(templates::CONFIG_TOML, &values),
    ));
    files.push((manifest::FILE_NAME.to_owned(), manifest.text()?));
    files.sort();
    Ok(files)
}

/// The first service is in `service.rs`; any other in a file of its name.
fn place_services(services: &[Service]) -> Vec<(&Service, String)> {
    let mut taken = Vec::new();
    services
        .iter()
        .map(|service| {
            let module = match taken.is_empty() {
                true => "service".to_owned(),
                false => module_for(service, |it| taken.iter().any(|other| other == it)),
            };
            taken.push(module.clone());
            (service, module)
        })
        .collect()
}

/// A module name for a service that no other has.
pub(super) fn module_for(service: &Service, is_taken: impl Fn(&str) -> bool) -> String {
    let name = idents::plain(&idents::snake(&service.trait_name)).to_owned();
    let package = service.modules.join("_");
    let is_free = |it: &String| {
        !is_taken(it)
            && !matches!(it.as_str(), "config" | "idl" | "lib" | "main" | "service")
            && idents::snake(it) == *it
    };
    let numbered = (2..).map(|number| format!("{name}_{number}"));
    let named = [
        name.clone(),
        format!("{name}_service"),
        format!("{package}_{name}"),
    ];
    let mut candidates = named.into_iter().chain(numbered);
    candidates.find(is_free).unwrap_or(name)
}

/// What goes into `.service(..)`.
pub(super) fn registration(module: &str) -> String {
    format!("{module}::server(config)")
}

/// The file in which a service is filled in.
pub(super) fn service_file(service: &Service, sample: Option<&str>) -> String {
    let scope = rust::scope(service);
    let methods: Vec<String> = service
        .methods
        .iter()
        .map(|method| rust::method(method, &scope, "    ", sample))
        .collect();
    let name = rust::struct_name(service);
    let (body, config, construct) = match sample {
        Some(_) => (
            "{\n    greeting: String,\n}".to_owned(),
            "config",
            format!("{name} {{\n            greeting: config.greeting.clone(),\n        }}"),
        ),
        None => ("{}".to_owned(), "_config", format!("{name} {{}}")),
    };
    let values = [
        (
            "title",
            format!("`{}`, method by method.", service.full_name),
        ),
        ("imports", scope.imports()),
        ("full_name", service.full_name.clone()),
        ("trait", scope.shorten(&service.path(&service.trait_name))),
        (
            "server",
            scope.shorten(&service.path(&rust::server_name(service))),
        ),
        ("struct", name),
        ("struct_body", body),
        ("config", config.to_owned()),
        ("construct", construct),
        ("methods", methods.join("\n")),
    ];
    let values: Vec<(&str, &str)> = values
        .iter()
        .map(|(name, it)| (*name, it.as_str()))
        .collect();
    fill(templates::SERVICE, &values)
}

fn client_path(order: &Order, service: &Service) -> String {
    let client = format!("{}Client", idents::plain(&service.trait_name));
    let path = service.path(&client);
    path.replacen("crate::", &format!("{}::", order.crate_ident()), 1)
}

fn test_imports(order: &Order, services: &[Service]) -> String {
    let ident = order.crate_ident();
    let mut own = Scope::default();
    own.add(&format!("{ident}::config::Config"));
    for service in services {
        own.add(&client_path(order, service));
        if order.is_sample() {
            own.add(&service.path("SayHelloRequest").replacen("crate", &ident, 1));
        }
    }
    let mut others = vec!["Channel", "Status"];
    if order.is_sample() {
        others.push("Code");
    }
    format!("{}\n{}", rust::import("svrkit_rt", &others), own.imports())
}

fn tests(order: &Order, services: &[Service]) -> String {
    if order.is_sample() {
        let client = format!("{}Client", idents::plain(&services[0].trait_name));
        return fill(SAMPLE_TESTS, &[("client", &client)]);
    }
    let mut imported = Scope::default();
    let mut tests = String::new();
    for service in services {
        let client = client_path(order, service);
        imported.add(&client);
        let client = imported.shorten(&client);
        let name = idents::plain(&idents::snake(&service.trait_name)).to_owned();
        tests.push_str(&format!(
            "#[tokio::test]\nasync fn every_method_of_{name}_is_served() -> Result<(), Status> {{\n    \
             let client = {client}::new(start()?);\n"
        ));
        for method in &service.methods {
            let function = &method.function;
            let empty = if method.request == "()" {
                "()"
            } else {
                "Default::default()"
            };
            tests.push_str(&match method.streaming {
                Streaming::None => format!(
                    "    let answer = client.{function}({empty});\n    assert_served(answer.await);\n"
                ),
                Streaming::Server => format!(
                    "    let mut answers = client.{function}({empty}).await?;\n    \
                     assert_served(answers.next().await);\n"
                ),
                Streaming::Client => format!(
                    "    let requests = client.{function}().await?;\n    \
                     assert_served(requests.finish().await);\n"
                ),
                Streaming::Both => format!(
                    "    let (requests, mut answers) = client.{function}().await?;\n    \
                     requests.finish();\n    assert_served(answers.next().await);\n"
                ),
            });
        }
        tests.push_str("    Ok(())\n}\n\n");
    }
    tests + ASSERT_SERVED
}

const SAMPLE_TESTS: &str = "\
#[tokio::test]
async fn somebody_with_a_name_is_greeted() -> Result<(), Status> {
    let client = {{client}}::new(start()?);
    let name = \"Ada\".to_owned();
    let reply = client.say_hello(SayHelloRequest { name }).await?;
    assert_eq!(reply.text, \"Hello, Ada!\");
    Ok(())
}

#[tokio::test]
async fn nobody_is_not() -> Result<(), Status> {
    let client = {{client}}::new(start()?);
    let name = String::new();
    let answer = client.say_hello(SayHelloRequest { name }).await;
    assert_eq!(answer.unwrap_err().code(), Code::InvalidArgument);
    Ok(())
}
";

const ASSERT_SERVED: &str = "\
/// Whatever a method answers to an empty request, it was there to answer it.
fn assert_served<T>(answer: Result<T, Status>) {
    if let Err(status) = answer {
        assert!(!status.not_started(), \"{status}\");
    }
}
";

fn example_call(order: &Order, service: &Service) -> String {
    let Some(method) = service.methods.first() else {
        return String::new();
    };
    let fields = if order.is_sample() { " --name Ada" } else { "" };
    format!("svrkit call 127.0.0.1:7000 {}{fields}", method.full_name)
}

fn tell<'a>(
    order: &Order,
    idl: &Idl,
    protos: impl Iterator<Item = &'a str>,
    files: &[(String, String)],
) {
    let paint = Paint::stdout();
    println!(
        "{} {}",
        paint.green("created"),
        paint.bold(order.root.display())
    );
    let mut names: Vec<String> = protos.map(|it| format!("proto/{it}")).collect();
    names.extend(files.iter().map(|(name, _)| name.clone()));
    names.sort();
    for name in names {
        println!("  {name}");
    }
    println!("\nThen:");
    println!("  cd {} && cargo run", order.root.display());
    println!("  svrkit list 127.0.0.1:7000");
    println!("  {}", example_call(order, &idl.services[0]));
}

fn upper_first(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}
