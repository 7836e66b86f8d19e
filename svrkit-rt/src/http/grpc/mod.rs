//! gRPC on the port of the frames (<https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>): HTTP/2 with prior knowledge, by
//! hyper.
//!
//! The path of a call: [`connection`] runs hyper → [`exchange`] finds the method and reads what the [`head`] says → a method of one
//! request and one answer is read and served in its stream's own task; one that streams is served in a task of its own ([`streaming`]),
//! its requests led in by [`requests`], its answers out by [`answers`] → the server's pipeline, as everything goes → [`trailers`].

mod answers;
mod body;
mod connection;
mod exchange;
mod framed;
mod head;
mod messages;
mod requests;
mod streaming;
mod timeout;
mod trailers;

pub(super) use connection::run;
