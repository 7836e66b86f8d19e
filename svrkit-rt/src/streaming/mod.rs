//! Calls that stream: messages that follow a request, or come before its answer.
//!
//! A call that streams is a call: one request that is admitted and passes the layers, one answer that says how it went and ends it. What
//! streams goes beside it. The two generated ends find each other's messages in [`Ends`], which hangs on the call's context and is
//! linked by whoever carries the call: frames here, and whatever else will.
//!
//! Each direction has a bound in bytes, kept by credit ([`Inlet`] gives it, [`Streams`] spends it), so that a reader who is slow makes a
//! sender wait, and nobody's memory pays for it.

mod client_stream;
mod ends;
mod held_bytes;
mod inlet;
mod line;
mod receiver;
mod sender;
mod table;
mod thread;

pub use client_stream::ClientStream;
pub(crate) use ends::{Calling, Ends, Link, Outlet};
pub(crate) use held_bytes::HeldBytes;
#[cfg(feature = "grpc")]
pub(crate) use inlet::FIRST_CREDIT_BYTES;
pub(crate) use inlet::{Inlet, InletBounds};
pub(crate) use line::{Line, StreamTable, make_room};
pub use receiver::Receiver;
pub use sender::Sender;
pub(crate) use table::{Streams, over};
