//! `svrkit call`: one call, its answer as JSON.

mod streams;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::Instant;

use bytes::Bytes;
use prost_reflect::{DynamicMessage, MessageDescriptor, SerializeOptions};
use svrkit_rt::{Response, Status, Streaming};

use super::failure::Failure;
use super::flags::Flag;
use super::target::{self, Target};
use super::terminal::Paint;

/// Call a method and print its answer as JSON.
///
/// The method is found by reflection; no IDL is needed at hand. Fields of the request may be given as flags (`--user.id 7`; bytes as
/// the text they are; repeated fields several times; maps as `--labels key=value`), on top of the JSON if there is any.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "svrkit call [OPTIONS] <ADDR> <METHOD> [JSON] [--<FIELD> <VALUE>]...",
    after_help = "Examples:
  svrkit call 127.0.0.1:7000 hello.v1.Greeter/SayHello '{\"name\": \"Ada\"}'
  svrkit call 127.0.0.1:7000 SayHello --name Ada --deadline 200ms -v
  echo '{}' | svrkit call unix:/run/hello.sock Greeter/SayHello -
  svrkit call 127.0.0.1:7000 chat.v1.Room/Talk - --deadline 10m       (a line of JSON for each message, a line for each answer)

Exit codes: 0 answered · 1 the call failed · 2 no such method, field or option"
)]
pub(crate) struct Args {
    #[command(flatten)]
    target: target::Args,
    /// Write the bytes beside the answer to a file
    #[arg(long, value_name = "FILE")]
    attachment_out: Option<PathBuf>,
    /// Tell the time it took, and the metadata of the answer (on standard error)
    #[arg(short, long)]
    verbose: bool,
}

pub(crate) async fn run(args: Args, flags: Vec<Flag>) -> Result<(), Failure> {
    let target = Target::resolve(args.target, flags).await?;
    let channel = target.address.channel()?;
    if target.method.streaming != Streaming::None {
        return streams::run(target, &channel, args.verbose).await;
    }
    let started = Instant::now();
    let request = channel.untyped(target.method, target.call, target.body);
    let answer = channel.call(request).await;
    let took = started.elapsed();
    let response = answer.map_err(|status| Failure::failed(shown(&status)))?;

    let message = decode(&target.reflected.output(), response.body.clone())?;
    if args.verbose {
        tell(&response, took);
    }
    match &args.attachment_out {
        Some(path) => std::fs::write(path, &response.attachment).map_err(Failure::io(path))?,
        None if !response.attachment.is_empty() => eprintln!(
            "{} bytes came beside the answer: --attachment-out FILE keeps them",
            response.attachment.len()
        ),
        None => {}
    }
    print(&message)
}

fn decode(output: &MessageDescriptor, body: Bytes) -> Result<DynamicMessage, Failure> {
    DynamicMessage::decode(output.clone(), body)
        .map_err(|error| Failure::failed(format!("answer is no {}: {error}", output.full_name())))
}

fn shown(status: &Status) -> String {
    let mut shown = status.to_string();
    if !status.reason().is_empty() {
        shown.push_str(&format!(
            "\n  reason {} of {}",
            status.reason(),
            status.domain()
        ));
    }
    shown
}

fn tell(response: &Response, took: std::time::Duration) {
    let paint = Paint::stderr();
    eprintln!(
        "{}",
        paint.dim(format!("answered in {took:.1?}, connecting included"))
    );
    for (key, value) in response.metadata.iter() {
        eprintln!("{}: {}", paint.cyan(key), value.escape_ascii());
    }
    if !response.attachment.is_empty() {
        eprintln!(
            "{}",
            paint.dim(format!("attachment of {} bytes", response.attachment.len()))
        );
    }
}

/// A terminal gets it indented, a pipe in one line.
fn print(message: &DynamicMessage) -> Result<(), Failure> {
    let written = write_json(message);
    written.map_err(|error| Failure::failed(format!("cannot print the answer: {error}")))
}

fn write_json(message: &DynamicMessage) -> std::io::Result<()> {
    let options = SerializeOptions::new().skip_default_fields(false);
    let mut out = std::io::stdout().lock();
    if out.is_terminal() {
        let mut serializer = serde_json::Serializer::pretty(&mut out);
        message.serialize_with_options(&mut serializer, &options)?;
    } else {
        let mut serializer = serde_json::Serializer::new(&mut out);
        message.serialize_with_options(&mut serializer, &options)?;
    }
    writeln!(out)
}
