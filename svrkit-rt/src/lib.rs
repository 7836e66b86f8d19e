//! The svrkit runtime: framed RPC over TCP, Unix sockets and memory, for services that a generator wrote from `.proto` files.
//!
//! # The path of a call
//!
//! A generated client encodes its message ([`codegen`] has what it calls) → the layers of the [`Channel`] → an open connection of one
//! of its lanes (`client`) → one task writes the frames of many calls at once (`connection`, [`frame`]) → bytes (`transport`) ‖ → one
//! task a connection reads frames, admits requests by their fixed headers and spawns their handlers (`server::connection`) → the
//! layers of the [`Server`] → its [`Router`] → the generated server decodes → your method, with a [`Context`] of the call.
//!
//! Between the two generated ends there is one kind of [`Request`] and one kind of [`Response`]; a [`Service`] is an asynchronous
//! function from one to the other, and a [`Layer`] wraps it, on either side.
//!
//! # Parts
//!
//! - Values of a call: [`Context`], [`Deadline`], [`Metadata`], [`Priority`], [`TraceContext`], [`Call`], [`Reply`], [`Status`].
//! - What the IDL says: [`ServiceDescriptor`], [`MethodDescriptor`].
//! - Time and rates: [`clock`], [`TokenBuckets`].
//! - What people look at: [`Pages`] beside the methods of a server.
//! - Figures: [`monitor`](mod@monitor), and [`monitor!`] to declare them. Servers and channels count their calls without being asked.
//! - Calls worth a look: [`spans`].
//! - The two ends: [`Server`] with its [`Limits`] on a [`Listener`]; [`Channel`] with its [`ChannelConfig`] to [`Endpoint`]s.
//!
//! # Features
//!
//! - `http` (default): HTTP/1.1 with JSON or protobuf on the same port, after the Connect protocol, and the built-in pages.
//! - `admin`: pages about the process on a listener of its own ([`admin`]).
//! - `hotspots`: CPU profiles on that listener.
//! - `http-client`: [`http_client`], for webhooks and collectors.
//! - `otlp`: metrics and spans to an OpenTelemetry collector ([`otlp`]).
//! - `reflection` (default): servers describe themselves, for `svrkit list` and `svrkit call`.
//! - `tls`: TLS 1.3 by rustls.
//! - `testing`: a seeded runtime on a paused clock, and connections with faults.
#![deny(unsafe_code)]

// Generated code names this crate from outside, also when it stands in here.
extern crate self as svrkit_rt;

#[cfg(feature = "admin")]
pub mod admin;
pub mod builtin;
mod call;
mod client;
pub mod clock;
#[doc(hidden)]
pub mod codegen;
mod connection;
mod context;
mod deadline;
mod descriptor;
pub mod frame;
mod http;
#[cfg(feature = "http-client")]
pub mod http_client;
mod layer;
mod metadata;
pub mod monitor;
#[cfg(feature = "otlp")]
pub mod otlp;
mod server;
mod service;
pub mod spans;
mod status;
#[cfg(feature = "testing")]
pub mod testing;
mod token_buckets;
mod trace;
mod transport;

pub use builtin::{BUILTIN_SERVICES, HealthHandle, ServingStatus};
pub use call::{Call, Reply};
pub use client::{Base, Channel, ChannelBuilder, ChannelConfig, Connect, Endpoint, Through};
pub use context::{Context, Inherited, Priority};
pub use deadline::{Deadline, TIMEOUT_MS_MAX};
pub use descriptor::{
    Cgi, DEFAULT_PRIORITY, DEFAULT_TIMEOUT_MS, MethodDescriptor, ServiceDescriptor, Ticket,
};
#[cfg(feature = "http")]
pub use http::{
    Event, EventSender, Fields, Form, HttpOptions, PageLimits, PageRequest, PageResponse, Pages,
    StreamEnded, TicketVerifier,
};
pub use layer::{Around, ConcurrencyLimit, ConcurrencyLimited, Plain};
pub use metadata::{KEY_BYTES_MAX, METADATA_BYTES_MAX, Metadata, VALUE_BYTES_MAX};
pub use server::{Limits, OpenConnection, Router, Server, ServerWatch, Traffic};
pub use service::{
    BoxFuture, Intercept, Intercepted, Interceptor, Layer, Load, Request, Response, Service,
};
pub use status::{Code, Status};
pub use token_buckets::{Rate, TokenBuckets};
pub use trace::TraceContext;
pub use transport::{Io, Listener, MemoryConnector, Stream, TcpOptions, memory};
#[cfg(feature = "tls")]
pub use transport::{TlsClient, TlsServer};
