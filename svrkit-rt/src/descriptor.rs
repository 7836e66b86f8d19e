//! What the IDL says of services and methods, generated into statics and read at run time by everybody.

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
    /// How clients outside may call it; `None` means not at all.
    pub cgi: Option<Cgi>,
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
            timeout_ms: DEFAULT_TIMEOUT_MS,
            idempotent: false,
            priority: DEFAULT_PRIORITY,
            hash_key: None,
            request_bytes_max: 0,
            response_bytes_max: 0,
            cgi: None,
        }
    }

    /// A descriptor learned at run time (from reflection) that lives as long as the process: it is leaked, so make one a method,
    /// not one a call.
    pub fn leak(self) -> &'static MethodDescriptor {
        Box::leak(Box::new(self))
    }
}
