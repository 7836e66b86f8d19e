//! What the IDL says of services and methods, generated into statics and read at run time by everybody.

use crate::deadline::TIMEOUT_MS_MAX;

/// A service as its IDL declares it.
#[derive(Debug)]
pub struct ServiceDescriptor {
    /// Package and name: `"hello.v1.Greeter"`.
    pub full_name: &'static str,
    /// The comment above it.
    pub docs: &'static str,
    /// Its methods in the order of the file.
    pub methods: &'static [MethodDescriptor],
    /// Encoded `google.protobuf.FileDescriptorSet` of its file and all imports, for reflection and JSON.
    pub file_descriptor_set: &'static [u8],
}

/// A method with its policy. Policy stands in the IDL, once; router, layers, command line and pages read it here.
#[derive(Clone, Debug)]
pub struct MethodDescriptor {
    /// Method id on the wire: option `cmd_id`, else a stable hash of the full name. Never zero.
    pub id: u32,
    /// Full name of the service: `"hello.v1.Greeter"`.
    pub service: &'static str,
    /// Name in the IDL: `"SayHello"`.
    pub name: &'static str,
    /// `"hello.v1.Greeter/SayHello"`.
    pub full_name: &'static str,
    /// The comment above it.
    pub docs: &'static str,
    /// Help text of the command line.
    pub usage: &'static str,
    /// Full name of the request message.
    pub input: &'static str,
    /// Full name of the answer message.
    pub output: &'static str,
    /// Which of its sides send streams of messages.
    pub streaming: Streaming,
    /// Time a call may take unless the caller says otherwise.
    pub timeout_ms: u32,
    /// Whether calling twice does no harm.
    pub idempotent: bool,
    /// Business priority of calls that nobody gave one: 0 is the most important, 255 the least.
    pub priority: u8,
    /// Path of the request field that gives the routing key.
    pub hash_key: Option<&'static str>,
    /// Largest request body in bytes; 0 leaves it to the limits of the server.
    pub request_bytes_max: u32,
    /// Largest answer body in bytes; 0 leaves it to the limits of the server.
    pub response_bytes_max: u32,
    /// Whether its bodies must not be compressed, since they mix secrets with text that others choose.
    pub never_compressed: bool,
    /// How clients outside may call it; `None` means not at all.
    pub cgi: Option<Cgi>,
}

/// Which sides of a method send any number of messages in place of one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Streaming {
    /// Neither: one request, one answer.
    #[default]
    None,
    /// The caller: `rpc Put(stream Chunk) returns (PutReply)`.
    Client,
    /// The callee: `rpc Watch(WatchRequest) returns (stream Event)`.
    Server,
    /// Both, each at its own pace: `rpc Chat(stream Line) returns (stream Line)`.
    Both,
}

impl Streaming {
    /// Whether requests stream.
    pub fn of_client(self) -> bool {
        matches!(self, Streaming::Client | Streaming::Both)
    }

    /// Whether answers stream.
    pub fn of_server(self) -> bool {
        matches!(self, Streaming::Server | Streaming::Both)
    }
}

/// How clients outside may call a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cgi {
    /// HTTP path: `"/cgi-bin/micromsg-bin/sendmsg"`.
    pub path: &'static str,
    /// Command id on the long link; 0 for none.
    pub cmd_id: u32,
    /// Whether a ticket is needed.
    pub ticket: Ticket,
}

/// Whether a caller from outside must prove who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ticket {
    /// A valid ticket, or the call is refused.
    Required,
    /// Anybody may call.
    None,
}

/// Timeout of a method whose IDL is silent.
pub const DEFAULT_TIMEOUT_MS: u32 = 500;
/// The same of a method that streams: as long as any call may take. Whoever wants to listen for longer calls again.
pub const DEFAULT_STREAM_TIMEOUT_MS: u32 = TIMEOUT_MS_MAX;
/// Business priority of a method whose IDL is silent: the middle.
pub const DEFAULT_PRIORITY: u8 = 128;

impl MethodDescriptor {
    /// A method without any policy of its own, for building descriptors by hand.
    pub const fn plain(
        id: u32,
        service: &'static str,
        name: &'static str,
        full_name: &'static str,
    ) -> MethodDescriptor {
        MethodDescriptor {
            id,
            service,
            name,
            full_name,
            docs: "",
            usage: "",
            input: "",
            output: "",
            streaming: Streaming::None,
            timeout_ms: DEFAULT_TIMEOUT_MS,
            idempotent: false,
            priority: DEFAULT_PRIORITY,
            hash_key: None,
            request_bytes_max: 0,
            response_bytes_max: 0,
            never_compressed: false,
            cgi: None,
        }
    }

    /// The same method with streams, and with the timeout of one that has them.
    pub const fn streams(self, streaming: Streaming) -> MethodDescriptor {
        MethodDescriptor {
            streaming,
            timeout_ms: DEFAULT_STREAM_TIMEOUT_MS,
            ..self
        }
    }

    /// A descriptor learned at run time (from reflection) that lives as long as the process: it is leaked, so make one a method,
    /// not one a call.
    pub fn leak(self) -> &'static MethodDescriptor {
        Box::leak(Box::new(self))
    }
}
