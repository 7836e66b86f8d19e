//! The svrkit runtime: framed RPC over TCP, Unix sockets and memory, for services that a generator wrote from `.proto` files.
//!
//! # The path of a call
//!
//! A generated client encodes its message ([`codegen`] has what it calls) → the layers of the [`Channel`] → an open connection of one
//! of its lanes (`client`) → one task writes the frames of many calls at once (`connection`, [`frame`]) → bytes (`transport`) ‖ → one
//! task a connection reads frames, admits requests by their fixed headers ([`admission`]) and spawns their handlers
//! (`server::connection`) → the
//! layers of the [`Server`] → its [`Router`] → the generated server decodes → your method, with a [`Context`] of the call.
//!
//! Between the two generated ends there is one kind of [`Request`] and one kind of [`Response`]; a [`Service`] is an asynchronous
//! function from one to the other, and a [`Layer`] wraps it, on either side.
//!
//! # Parts
//!
//! - Values of a call: [`Context`], [`Deadline`], [`Metadata`], [`Priority`], [`TraceContext`], [`Call`], [`Reply`], [`Status`].
//! - Messages of calls that stream: [`Receiver`], [`Sender`], [`ClientStream`].
//! - What the IDL says: [`ServiceDescriptor`], [`MethodDescriptor`].
//! - Time and rates: [`clock`], [`TokenBuckets`].
//! - Overload control: [`admission`], [`Admission`].
//! - Who calls, and who may: [`auth`].
//! - What people look at: [`Pages`] beside the methods of a server.
//! - Figures: [`monitor`](mod@monitor), and [`monitor!`] to declare them. Servers and channels count their calls without being asked.
//! - Calls worth a look: [`spans`]. Requests on file, to be made again: [`record`].
//! - The two ends: [`Server`] with its [`Limits`] and its [`Admission`] on a [`Listener`]; [`Channel`] with its [`ChannelConfig`] to [`Endpoint`]s.
//!
//! # Features
//!
//! - `http` (default): HTTP/1.1 with JSON or protobuf on the same port, after the Connect protocol, and the built-in pages.
//! - `grpc`: every method is callable by gRPC clients on the same port, over HTTP/2. Not on by default: it brings nine crates and a
//!   parser more that faces the network, which a service that only svrkit's own clients call has no use for.
//! - `auth`: callers show who they are by keys that they share with servers ([`auth`](mod@auth)).
//! - `admin`: pages about the process on a listener of its own ([`admin`]).
//! - `hotspots`: CPU profiles on that listener.
//! - `http-client`: [`http_client`], for webhooks and collectors.
//! - `otlp`: metrics and spans to an OpenTelemetry collector ([`otlp`]).
//! - `reflection` (default): servers describe themselves, for `svrkit list` and `svrkit call`.
//! - `etcd`: instances register with etcd v3, and channels learn of them there.
//! - `lz4`, `zstd`: bodies compressed with them are taken, and sent where [`Compression`] says so.
//! - `handover`: a new process takes the listening sockets over from the old one ([`handover`]).
//! - `tls`: TLS 1.3 by rustls. Clients' certificates name them ([`auth`](mod@auth)); [`MutualTls`] is one certificate for both ends.
//! - `testing`: a seeded runtime on a paused clock, and connections with faults.
#![deny(unsafe_code)]

// Generated code names this crate from outside, also when it stands in here.
extern crate self as svrkit_rt;

#[cfg(feature = "admin")]
pub mod admin;
pub mod admission;
pub mod auth;
pub mod builtin;
mod call;
mod client;
pub mod clock;
#[doc(hidden)]
pub mod codegen;
mod compression;
mod connection;
mod context;
#[cfg(any(feature = "auth", feature = "tls"))]
mod current;
mod deadline;
mod descriptor;
pub mod frame;
#[cfg(feature = "handover")]
pub mod handover;
mod http;
#[cfg(feature = "http-client")]
pub mod http_client;
mod id_hasher;
mod layer;
mod metadata;
pub mod monitor;
#[cfg(feature = "otlp")]
pub mod otlp;
pub mod record;
mod seldom;
mod server;
mod service;
pub mod spans;
mod status;
mod streaming;
mod tag;
#[cfg(feature = "testing")]
pub mod testing;
mod token_buckets;
mod trace;
mod transport;

pub use builtin::{BUILTIN_SERVICES, HealthHandle, ServingStatus};
pub use call::{Call, Reply};
pub use client::{
    Announce, Balance, Base, BreakerConfig, Channel, ChannelBuilder, ChannelConfig, ChannelState,
    ChannelWatch, Connect, Discover, Dns, Endpoint, EndpointsError, EndpointsFile, HedgeConfig,
    InstanceState, Observed, RetryConfig, Standing, Through, WEIGHT_MAX, parse_endpoints,
};
#[cfg(feature = "etcd")]
pub use client::{Etcd, Registration};
pub use compression::{Codec, Codecs, Compression};
pub use context::{Context, Inherited, Priority};
pub use deadline::{Deadline, TIMEOUT_MS_MAX};
pub use descriptor::{
    Cgi, DEFAULT_PRIORITY, DEFAULT_STREAM_TIMEOUT_MS, DEFAULT_TIMEOUT_MS, MethodDescriptor,
    ServiceDescriptor, Streaming, Ticket,
};
#[cfg(feature = "http")]
pub use http::{
    Event, EventSender, Fields, Form, HttpOptions, PageLimits, PageRequest, PageResponse, Pages,
    StreamEnded, TicketVerifier,
};
pub use layer::{Around, ConcurrencyLimit, ConcurrencyLimited, Plain};
pub use metadata::{KEY_BYTES_MAX, METADATA_BYTES_MAX, Metadata, VALUE_BYTES_MAX};
pub use server::{
    Admission, AdmissionConfig, AdmissionFigures, Draining, Hold, InFlight, Limits, NotAdmitted,
    OpenConnection, Router, Server, ServerWatch, Traffic,
};
pub use service::{
    BoxFuture, Intercept, Intercepted, Interceptor, Layer, Load, Request, Response, Service,
};
pub use status::{Code, Status};
pub use streaming::{ClientStream, Receiver, Sender};
pub use tag::{TAG_BYTES_MAX, Tag};
pub use token_buckets::{Rate, TokenBuckets};
pub use trace::TraceContext;
pub use transport::{Io, Listener, MemoryConnector, Stream, TcpOptions, memory};
#[cfg(feature = "tls")]
pub use transport::{MutualTls, MutualTlsError, TlsClient, TlsServer};
