//! The svrkit runtime: framed RPC over TCP, Unix sockets and memory, for services that a generator wrote from `.proto` files.
#![forbid(unsafe_code)]

mod call;
mod client;
#[doc(hidden)]
pub mod codegen;
mod connection;
mod context;
mod deadline;
mod descriptor;
pub mod frame;
mod layer;
mod metadata;
mod server;
mod service;
mod status;
#[cfg(feature = "testing")]
pub mod testing;
mod trace;
mod transport;

pub use call::{Call, Reply};
pub use client::{Base, Channel, ChannelBuilder, ChannelConfig, Connect, Endpoint};
pub use context::{Context, Inherited, Priority};
pub use deadline::{Deadline, TIMEOUT_MS_MAX};
pub use descriptor::{
    Cgi, DEFAULT_PRIORITY, DEFAULT_TIMEOUT_MS, MethodDescriptor, ServiceDescriptor, Ticket,
};
pub use layer::{Around, ConcurrencyLimit, ConcurrencyLimited, Plain};
pub use metadata::{KEY_BYTES_MAX, METADATA_BYTES_MAX, Metadata, VALUE_BYTES_MAX};
pub use server::{Limits, Router, Server};
pub use service::{
    BoxFuture, Intercept, Intercepted, Interceptor, Layer, Request, Response, Service,
};
pub use status::{Code, Status};
pub use trace::TraceContext;
pub use transport::{Io, Listener, MemoryConnector, Stream, TcpOptions, memory};
#[cfg(feature = "tls")]
pub use transport::{TlsClient, TlsServer};
