//! HTTP/1.1 on the port of the frames: calls after the unary rules of the Connect protocol
//! (<https://connectrpc.com/docs/protocol>), CGI paths for clients outside, the built-in pages, and pages of the author's own.
//!
//! The path of a call: [`connection`] runs hyper over the stream → [`exchange`] finds the route in the [`site`] → [`codec`] makes
//! protobuf of the body → the server's pipeline, the same that framed requests go through → back.

#[cfg(feature = "http")]
mod activity;
#[cfg(feature = "http")]
mod answer;
#[cfg(feature = "http")]
mod body;
#[cfg(feature = "http")]
mod builtin;
#[cfg(feature = "http")]
mod caller_rate;
#[cfg(feature = "http")]
mod codec;
#[cfg(feature = "http")]
mod connection;
#[cfg(feature = "http")]
mod counting;
#[cfg(feature = "http")]
mod encoding;
#[cfg(feature = "http")]
mod exchange;
#[cfg(feature = "grpc")]
mod grpc;
#[cfg(feature = "http")]
mod headers;
#[cfg(feature = "http")]
mod html;
#[cfg(feature = "http")]
mod io;
#[cfg(feature = "http")]
mod options;
#[cfg(feature = "http")]
mod pages;
mod refusal;
#[cfg(feature = "http")]
mod serving;
#[cfg(feature = "http")]
mod site;
#[cfg(feature = "http")]
mod tickets;
#[cfg(feature = "http")]
mod unary_get;

#[cfg(feature = "admin")]
pub(crate) use builtin::Listing;
#[cfg(feature = "http")]
pub(crate) use connection::Connection;
#[cfg(feature = "admin")]
pub(crate) use html::Html;
#[cfg(feature = "http")]
pub use options::HttpOptions;
#[cfg(feature = "http")]
pub use pages::{
    Event, EventSender, Fields, Form, PageLimits, PageRequest, PageResponse, Pages, StreamEnded,
};
pub(crate) use refusal::{is_undecided, looks_like_http, refusal};
#[cfg(feature = "http")]
pub(crate) use site::Site;
#[cfg(feature = "http")]
pub use tickets::TicketVerifier;
#[cfg(feature = "http")]
pub(crate) use tickets::Tickets;
