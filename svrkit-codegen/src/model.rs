//! What the emitter needs to know of services, checked and complete. No syntax trees here.

use prost_reflect::MethodDescriptor;

/// The services of one package, which become one file.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) services: Vec<Service>,
}

/// A service.
#[derive(Debug)]
pub(crate) struct Service {
    /// Name of the trait, from which the server and client types are named.
    pub(crate) rust_name: String,
    /// Name of the static descriptor.
    pub(crate) static_name: String,
    pub(crate) full_name: String,
    pub(crate) docs: String,
    pub(crate) methods: Vec<Method>,
}

/// A method with its policy. What is `None` is left to the runtime.
#[derive(Debug)]
pub(crate) struct Method {
    /// Name of the Rust function; a keyword has its `r#`.
    pub(crate) rust_name: String,
    pub(crate) name: String,
    pub(crate) full_name: String,
    pub(crate) docs: String,
    pub(crate) usage: String,
    /// Full name of the request message.
    pub(crate) input: String,
    /// Full name of the answer message.
    pub(crate) output: String,
    pub(crate) streaming: Streaming,
    /// Method id on the wire.
    pub(crate) id: u32,
    pub(crate) timeout_ms: Option<u32>,
    pub(crate) idempotent: Option<bool>,
    pub(crate) priority: Option<u8>,
    pub(crate) hash_key: Option<HashKey>,
    pub(crate) request_bytes_max: Option<u32>,
    pub(crate) response_bytes_max: Option<u32>,
    pub(crate) never_compressed: Option<bool>,
    pub(crate) cgi: Option<Cgi>,
}

/// Which sides of a method send any number of messages in place of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Streaming {
    None,
    Client,
    Server,
    Both,
}

impl Streaming {
    pub(crate) fn of(method: &MethodDescriptor) -> Streaming {
        match (method.is_client_streaming(), method.is_server_streaming()) {
            (false, false) => Streaming::None,
            (true, false) => Streaming::Client,
            (false, true) => Streaming::Server,
            (true, true) => Streaming::Both,
        }
    }
}

/// The request field that gives the routing key.
#[derive(Debug)]
pub(crate) struct HashKey {
    /// As in the IDL: `user.id`.
    pub(crate) path: String,
    /// One step a message.
    pub(crate) steps: Vec<HashKeyStep>,
}

/// A field on the way to a routing key.
#[derive(Debug)]
pub(crate) struct HashKeyStep {
    /// Name of the Rust field.
    pub(crate) rust_name: String,
    /// Whether the Rust field is an `Option`.
    pub(crate) optional: bool,
}

/// How clients outside may call a method.
#[derive(Debug)]
pub(crate) struct Cgi {
    pub(crate) path: String,
    /// 0 for none.
    pub(crate) cmd_id: u32,
    pub(crate) ticket_required: bool,
}
