//! `svrkit list`: what a server serves, and under which policy.

use prost_reflect::{Cardinality, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor};

use super::address::Address;
use super::credentials::{self, Credentials};
use super::failure::Failure;
use super::method;
use super::reflection::{Reflection, is_built_in, own};
use super::terminal::Paint;

/// Messages within messages that are shown.
const DEPTH_MAX: usize = 3;

/// Show the services of a server: methods, ids, policy, and the fields of their requests.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  svrkit list 127.0.0.1:7000\n  svrkit list unix:/run/hello.sock hello.v1.Greeter"
)]
pub(crate) struct Args {
    /// Where the server listens: host:port or unix:/path
    addr: String,
    /// Only this service
    service: Option<String>,
    /// The built-in services (echo, health, reflection) as well
    #[arg(long)]
    all: bool,
    #[command(flatten, next_help_heading = credentials::HEADING)]
    credentials: Credentials,
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let reflection = Reflection::new(&Address::reach(&args.addr, &args.credentials)?)?;
    let all = reflection.service_names().await?;
    let (shown, hidden): (Vec<String>, Vec<String>) =
        all.iter().cloned().partition(|name| match &args.service {
            Some(service) => name == service || name.ends_with(&format!(".{service}")),
            None => args.all || !is_built_in(name),
        });
    if let (Some(service), true) = (&args.service, shown.is_empty()) {
        return Err(Failure::usage(format!(
            "{} has no service {service}; it has {}",
            args.addr,
            own(&all)
        )));
    }
    let paint = Paint::stdout();
    for (index, service) in reflection.services(&shown).await?.into_iter().enumerate() {
        if index > 0 {
            println!();
        }
        println!("{}", paint.bold(service.full_name()));
        for method in service.methods() {
            print_method(&method, paint);
        }
    }
    if args.service.is_none() && !hidden.is_empty() {
        let newline = if shown.is_empty() { "" } else { "\n" };
        let line = format!("built in: {} (--all shows them)", hidden.join(", "));
        println!("{newline}{}", paint.dim(line));
    }
    Ok(())
}

fn print_method(method: &MethodDescriptor, paint: Paint) {
    let stream = |streams| if streams { "stream " } else { "" };
    println!(
        "  {}({}{}) → {}{}",
        paint.cyan(method.name()),
        stream(method.is_client_streaming()),
        short(&method.input(), method),
        stream(method.is_server_streaming()),
        short(&method.output(), method)
    );
    println!("    {}", policy_line(method));
    if let Some(usage) = method::policy(method).usage.filter(|it| !it.is_empty()) {
        for line in usage.lines() {
            println!("    {}", paint.dim(line));
        }
    }
    let mut fields = Vec::new();
    collect_fields(&method.input(), "", 0, &mut fields);
    let width = fields.iter().map(|(path, _)| path.len()).max().unwrap_or(0);
    for (path, kind) in fields {
        println!("      --{path:width$}  {}", paint.dim(kind));
    }
}

/// The name without its package, where that is the method's own.
fn short(message: &MessageDescriptor, method: &MethodDescriptor) -> String {
    let package = format!("{}.", method.parent_file().package_name());
    let name = message.full_name();
    name.strip_prefix(&package).unwrap_or(name).to_owned()
}

fn policy_line(method: &MethodDescriptor) -> String {
    let known = method::leak(method);
    let mut parts = vec![
        format!("id {}", known.id),
        format!("{} ms", known.timeout_ms),
    ];
    parts.push(format!("priority {}", known.priority));
    if known.idempotent {
        parts.push("idempotent".to_owned());
    }
    if let Some(path) = known.hash_key {
        parts.push(format!("hash key {path}"));
    }
    for (what, bytes) in [
        ("request", known.request_bytes_max),
        ("answer", known.response_bytes_max),
    ] {
        if bytes > 0 {
            parts.push(format!("{what} ≤ {bytes} bytes"));
        }
    }
    if known.never_compressed {
        parts.push("never compressed".to_owned());
    }
    if let Some(cgi) = known.cgi {
        let cmd_id = match cgi.cmd_id {
            0 => String::new(),
            id => format!(" (command {id})"),
        };
        let ticket = match cgi.ticket {
            svrkit_rt::Ticket::Required => "ticket required",
            svrkit_rt::Ticket::None => "no ticket",
        };
        parts.push(format!("cgi {}{cmd_id}, {ticket}", cgi.path));
    }
    parts.join(" · ")
}

/// The fields of a message as the flags by which `svrkit call` sets them, with their types.
pub(crate) fn collect_fields(
    message: &MessageDescriptor,
    prefix: &str,
    depth: usize,
    found: &mut Vec<(String, String)>,
) {
    for field in message.fields() {
        let path = format!("{prefix}{}", field.name());
        match field.kind() {
            Kind::Message(inside)
                if field.cardinality() != Cardinality::Repeated
                    && depth + 1 < DEPTH_MAX
                    && !inside.full_name().starts_with("google.protobuf.")
                    && inside.fields().len() > 0 =>
            {
                collect_fields(&inside, &format!("{path}."), depth + 1, found);
            }
            _ => found.push((path, kind_of(&field))),
        }
    }
}

fn kind_of(field: &FieldDescriptor) -> String {
    let mut kind = match field.kind() {
        Kind::Message(map) if field.is_map() => format!(
            "map of {} to {}: key=value",
            scalar(&map.map_entry_key_field().kind()),
            scalar(&map.map_entry_value_field().kind())
        ),
        kind => scalar(&kind),
    };
    if field.is_list() {
        kind.push_str(", repeated");
    }
    if let Some(oneof) = field.containing_oneof().filter(|it| !it.is_synthetic()) {
        kind.push_str(&format!(", one of {}", oneof.name()));
    }
    kind
}

fn scalar(kind: &Kind) -> String {
    match kind {
        Kind::Message(message) => format!("{} as JSON", message.full_name()),
        Kind::Enum(of) => {
            let names: Vec<String> = of.values().map(|it| it.name().to_owned()).collect();
            names.join("|")
        }
        other => format!("{other:?}").to_lowercase(),
    }
}
