//! gRPC on the port of the frames, seen by hyper's client: what is mapped to what, who waits for whom, and what a peer can do to it. A
//! client of gRPC's own is in `examples/grpc_client`.

mod builtin;
mod calls;
mod client;
mod drain;
mod flow;
mod hostile;
mod record;
mod refusals;
mod streams;
mod tls;
