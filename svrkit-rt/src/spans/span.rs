//! One end of a call, as it is kept.

use crate::descriptor::MethodDescriptor;
use crate::status::Code;

/// Which end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The one that served.
    Server,
    /// The one that asked.
    Client,
}

/// Why it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Why {
    /// It did not succeed, and the request is not to blame ([`Code::is_fault`]).
    Failed = 0,
    /// It took long.
    Slow = 1,
    /// The callee said no.
    Declined = 2,
    /// Its trace is one of those that are kept whole.
    Sampled = 3,
}

impl Why {
    /// All there are, in order of their numbers.
    pub const ALL: [Why; 4] = [Why::Failed, Why::Slow, Why::Declined, Why::Sampled];
}

/// One end of a call. Holds nothing of its messages.
#[derive(Clone, Debug)]
pub struct Span {
    /// The trace; 0 when the call was refused before anybody looked.
    pub trace_id: u128,
    /// This end in the trace.
    pub span_id: u64,
    /// The end that caused it: of a serving end the caller's, of a calling end the serving one on whose behalf it called. 0 for none.
    pub parent_id: u64,
    /// Which end.
    pub side: Side,
    /// The method.
    pub method: &'static MethodDescriptor,
    /// When it began, in microseconds since 1970.
    pub started_us: u64,
    /// How long it took, in microseconds.
    pub took_us: u64,
    /// How much of that the call waited for its handler, as far as this end knows.
    pub queued_us: u64,
    /// How it ended.
    pub code: Code,
    /// What the failure says, cut to 200 bytes; empty for a success.
    pub message: String,
    /// Bytes of the request.
    pub request_bytes: usize,
    /// Bytes of the answer.
    pub response_bytes: usize,
    /// 0 for a first try.
    pub attempt: u8,
    /// Why it is kept.
    pub why: Why,
}
