//! What `call` and `press` share: whom to call, with what, under which options.

use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use prost::Message;
use prost_reflect::{DynamicMessage, MethodDescriptor};
use svrkit_rt::{Call, Priority};

use super::address::Address;
use super::credentials::{self, Credentials};
use super::failure::Failure;
use super::flags::Flag;
use super::reflection::Reflection;
use super::{method, request};

/// Method, request and options of a call, as typed.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// Where the server listens: host:port or unix:/path
    pub(crate) addr: String,
    /// package.Service/Method, or as much of its end as tells it from others
    pub(crate) method: String,
    /// The request as JSON; `-` reads it from standard input. Where requests stream, any number of them; `-` sends each line as it comes
    #[arg(value_name = "JSON")]
    request: Option<String>,
    /// Set a field of the request, for names that are options too: `user.id=7`. Otherwise just `--user.id 7`
    #[arg(long = "field", value_name = "PATH=VALUE", value_parser = Flag::parse)]
    fields: Vec<Flag>,
    /// Add metadata; may be given several times
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    metadata: Vec<(String, String)>,
    /// Time for the call: 200ms, 2s, 1m [default: the timeout of the IDL]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    deadline: Option<Duration>,
    /// Business priority, 0 (most important) to 255 [default: the priority of the IDL]
    #[arg(long)]
    priority: Option<u8>,
    /// Mark the call as a repetition: 1 for the first
    #[arg(long, default_value_t = 0)]
    attempt: u8,
    /// Send the bytes of a file beside the request
    #[arg(long, value_name = "FILE")]
    attachment: Option<PathBuf>,
    #[command(flatten, next_help_heading = credentials::HEADING)]
    credentials: Credentials,
}

/// A call that could be made, any number of times.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) address: Address,
    /// As the server describes it.
    pub(crate) reflected: MethodDescriptor,
    /// As the runtime wants it.
    pub(crate) method: &'static svrkit_rt::MethodDescriptor,
    /// Options; the request itself is `body`.
    pub(crate) call: Call<()>,
    pub(crate) body: Bytes,
    /// In its place, where requests stream.
    pub(crate) requests: Requests,
}

/// The messages of a method whose requests stream.
#[derive(Debug)]
pub(crate) enum Requests {
    Given(Vec<Bytes>),
    /// A line of JSON each, from standard input as they come, with these fields set.
    Lines(Vec<Flag>),
}

impl Target {
    /// Finds the method on the server and makes its request.
    pub(crate) async fn resolve(args: Args, mut flags: Vec<Flag>) -> Result<Target, Failure> {
        let address = Address::reach(&args.addr, &args.credentials)?;
        let reflected = Reflection::new(&address)?.method(&args.method).await?;
        let method = method::leak(&reflected);
        flags.extend(args.fields);
        let input = reflected.input();
        let mut request = DynamicMessage::new(input.clone());
        let mut requests = Requests::Given(Vec::new());
        match args.request.as_deref() {
            Some("-") if method.streaming.of_client() => requests = Requests::Lines(flags),
            json if method.streaming.of_client() => {
                let all = request::build_all(&input, json, &flags)?;
                let encoded = all.iter().map(|it| it.encode_to_vec().into());
                requests = Requests::Given(encoded.collect());
            }
            Some("-") => request = request::build(&input, Some(&read_stdin()?), &flags)?,
            json => request = request::build(&input, json, &flags)?,
        }

        let mut call = Call::new(()).attempt(args.attempt);
        if let Some(deadline) = args.deadline {
            call = call.timeout(deadline);
        }
        if let Some(business) = args.priority {
            call = call.priority(Priority { business, user: 0 });
        }
        if let Some(key) = method
            .hash_key
            .and_then(|path| request::routing_key(&request, path))
        {
            call = call.routing_key(key);
        }
        for (key, value) in args.metadata {
            call = call
                .metadata(key, value)
                .map_err(|status| Failure::usage(format!("--metadata: {}", status.message())))?;
        }
        if let Some(path) = &args.attachment {
            let bytes = std::fs::read(path);
            call = call.attachment(
                bytes.map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?,
            );
        }
        Ok(Target {
            address,
            reflected,
            method,
            call,
            body: request.encode_to_vec().into(),
            requests,
        })
    }
}

fn read_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| Failure::usage(format!("standard input: {error}")))?;
    Ok(text)
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) => Ok((key.to_owned(), value.to_owned())),
        None => Err("expected KEY=VALUE".to_owned()),
    }
}

/// A time with its unit: `200ms`, `1.5s`, `2m`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let unit_at = text.find(|it: char| !it.is_ascii_digit() && it != '.');
    let (number, unit) = text.split_at(unit_at.unwrap_or(text.len()));
    let seconds = match unit {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        _ => return Err("expected a number and us, ms, s or m, as in 200ms".to_owned()),
    };
    let number: f64 = number
        .parse()
        .map_err(|_| format!("{number:?} is no number"))?;
    match Duration::try_from_secs_f64(number * seconds) {
        Ok(duration) if duration > Duration::ZERO => Ok(duration),
        _ => Err("must be more than nothing, and not endless".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_needs_its_unit() {
        assert_eq!(duration("200ms"), Ok(Duration::from_millis(200)));
        assert_eq!(duration("1.5s"), Ok(Duration::from_millis(1_500)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        for wrong in ["", "5", "ms", "0s", "-1s", "1.2.3s", "9h", "1e3s"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
