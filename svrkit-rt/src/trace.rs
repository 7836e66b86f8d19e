//! The trace that a call belongs to, after W3C Trace Context (<https://www.w3.org/TR/trace-context/>).

use std::fmt;

/// Bytes of a trace context in a frame.
pub(crate) const TRACE_BYTES: usize = 25;

/// A position in a distributed trace: which trace, which span in it, and the flags.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    /// Identifies the whole trace; never zero.
    pub trace_id: u128,
    /// Identifies the caller's span; never zero.
    pub span_id: u64,
    /// W3C trace flags; bit 0 is "sampled".
    pub flags: u8,
}

impl TraceContext {
    /// A new trace, sampled.
    pub fn start() -> TraceContext {
        let trace_id = fastrand::u128(..).max(1);
        TraceContext {
            trace_id,
            // The first span of a trace may have any id, so it need not be drawn.
            span_id: (trace_id as u64).max(1),
            flags: 1,
        }
    }

    /// The same trace, a new span.
    pub fn child(self) -> TraceContext {
        TraceContext {
            span_id: new_span_id(),
            ..self
        }
    }

    /// Reads a `traceparent` header; `None` unless it is well formed.
    pub fn parse(traceparent: &str) -> Option<TraceContext> {
        let hex = |s: &str, len: usize| {
            (s.len() == len && s.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
                .then(|| u128::from_str_radix(s, 16).ok())
                .flatten()
        };
        let mut parts = traceparent.split('-');
        let version = hex(parts.next()?, 2)?;
        let trace_id = hex(parts.next()?, 32)?;
        let span_id = hex(parts.next()?, 16)? as u64;
        let flags = hex(parts.next()?, 2)? as u8;
        // Version 00 ends here; later versions may add fields, version ff is forbidden.
        let tail_ok = version != 0 || parts.next().is_none();
        (version != 0xff && tail_ok && trace_id != 0 && span_id != 0).then_some(TraceContext {
            trace_id,
            span_id,
            flags,
        })
    }

    pub(crate) fn to_wire(self) -> [u8; TRACE_BYTES] {
        let mut out = [0; TRACE_BYTES];
        out[..16].copy_from_slice(&self.trace_id.to_be_bytes());
        out[16..24].copy_from_slice(&self.span_id.to_be_bytes());
        out[24] = self.flags;
        out
    }

    /// `None` for zero ids, which W3C forbids; such a context is ignored, not an error.
    pub(crate) fn from_wire(bytes: &[u8; TRACE_BYTES]) -> Option<TraceContext> {
        let mut trace_id = [0; 16];
        let mut span_id = [0; 8];
        trace_id.copy_from_slice(&bytes[..16]);
        span_id.copy_from_slice(&bytes[16..24]);
        let (trace_id, span_id) = (u128::from_be_bytes(trace_id), u64::from_be_bytes(span_id));
        (trace_id != 0 && span_id != 0).then_some(TraceContext {
            trace_id,
            span_id,
            flags: bytes[24],
        })
    }
}

/// Zero is no id. Asking for a number of a range would cost several times as much, for each call of a handler.
fn new_span_id() -> u64 {
    fastrand::u64(..).max(1)
}

/// As the `traceparent` header writes it.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "00-{:032x}-{:016x}-{:02x}",
            self.trace_id, self.span_id, self.flags
        )
    }
}

impl fmt::Debug for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn the_example_of_the_recommendation() {
        let t = TraceContext::parse(EXAMPLE).unwrap();
        assert_eq!(t.to_string(), EXAMPLE);
        assert_eq!(TraceContext::from_wire(&t.to_wire()), Some(t));
    }

    #[test]
    fn malformed_headers_are_refused() {
        let zero = "00-00000000000000000000000000000000-00f067aa0ba902b7-01";
        let upper = EXAMPLE.to_uppercase();
        let long = format!("{EXAMPLE}-more");
        let forbidden = EXAMPLE.replacen("00", "ff", 1);
        for bad in ["", "00", zero, &upper, &long, &forbidden, &EXAMPLE[..54]] {
            assert_eq!(TraceContext::parse(bad), None, "{bad:?}");
        }
    }
}
