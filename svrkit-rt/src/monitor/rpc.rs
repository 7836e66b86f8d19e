//! What the framework counts of calls: for each method, on the serving side and on the calling side.
//!
//! A method's series are placed when something of it first happens, and found again by where its descriptor lies: the server keeps them
//! with its route, a channel finds them in a table of a few loads. After that a call counts by slots, and looks nothing up.

use super::cells;
use super::handles::{Declared, Place};
use crate::descriptor::MethodDescriptor;
use crate::service::Response;
use crate::status::{CODES, Code, Status};
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

crate::monitor! {
    /// Requests answered, by code; those refused before their handler began are among them.
    static SERVER_CALLS: Counter = "rpc_server_calls";
    /// Time from a request's arrival to its answer.
    static SERVER_LATENCY: Histogram = "rpc_server_latency_microseconds" in "microseconds";
    /// Time from a request's arrival to the start of its handler.
    static SERVER_QUEUEING: Histogram = "rpc_server_queueing_microseconds" in "microseconds";
    /// Payload of requests that were admitted.
    static SERVER_REQUEST: Counter = "rpc_server_request_bytes" in "bytes";
    /// Payload of successful answers.
    static SERVER_RESPONSE: Counter = "rpc_server_response_bytes" in "bytes";
    /// Requests being served.
    static SERVER_IN_FLIGHT: Gauge = "rpc_server_in_flight";
    /// Requests refused before their handler began, by reason.
    static SERVER_REJECTIONS: Counter = "rpc_server_rejections";
    /// Requests that say they are not a first attempt.
    static SERVER_RETRIES: Counter = "rpc_server_retries";

    /// Calls that came to an end, by code; those given up are `cancelled`, and those never sent are among them.
    static CLIENT_CALLS: Counter = "rpc_client_calls";
    /// Time from sending a call, or from beginning to wait for a connection, to its answer.
    static CLIENT_LATENCY: Histogram = "rpc_client_latency_microseconds" in "microseconds";
    /// Time that the callee says the call waited for its handler.
    static CLIENT_QUEUEING: Histogram = "rpc_client_queueing_microseconds" in "microseconds";
    /// Payload of calls that were sent.
    static CLIENT_REQUEST: Counter = "rpc_client_request_bytes" in "bytes";
    /// Payload of successful answers.
    static CLIENT_RESPONSE: Counter = "rpc_client_response_bytes" in "bytes";
    /// Calls that wait for their answer.
    static CLIENT_IN_FLIGHT: Gauge = "rpc_client_in_flight";
    /// Calls whose handler certainly never ran, by reason.
    static CLIENT_REJECTIONS: Counter = "rpc_client_rejections";
    /// Calls that are not a first attempt.
    static CLIENT_RETRIES: Counter = "rpc_client_retries";
}

/// Places in the table of methods, a power of two: several times what a large process has.
const METHODS_TABLE: usize = 4_096;
/// Places that are looked at before a method is looked up by name.
const PROBES_MAX: usize = 16;

static COUNTED: AtomicBool = AtomicBool::new(true);
static METHODS: [OnceLock<(usize, &'static MethodCounts)>; METHODS_TABLE] =
    [const { OnceLock::new() }; METHODS_TABLE];
static BY_NAME: Mutex<Option<HashMap<&'static str, &'static MethodCounts>>> = Mutex::new(None);

/// Says whether the framework counts calls from here on, as [`Config::count_calls`](super::Config::count_calls) does when a segment is opened.
pub fn count_calls(counted: bool) {
    COUNTED.store(counted, Relaxed);
}

/// Whether calls are counted at all.
#[inline]
pub(crate) fn are_calls_counted() -> bool {
    COUNTED.load(Relaxed)
}

/// Why a request was refused before its handler began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Rejection {
    InFlightPerConnection,
    InFlight,
    InFlightBytes,
    FrameBytes,
    RequestBytes,
    MetadataBytes,
    Malformed,
    UnknownMethod,
    /// Its time was over.
    Deadline,
    /// A layer, or the pool of blocking threads, has no room.
    Overloaded,
    /// No connection opened in time, or it was lost.
    Unavailable,
    /// One of the channel's bounds.
    Channel,
    /// Anything else by which a callee says that it did not begin.
    NotStarted,
}

const REJECTIONS: [(Rejection, &str); 13] = [
    (
        Rejection::InFlightPerConnection,
        "in_flight_per_connection_max",
    ),
    (Rejection::InFlight, "in_flight_max"),
    (Rejection::InFlightBytes, "in_flight_bytes_max"),
    (Rejection::FrameBytes, "frame_bytes_max"),
    (Rejection::RequestBytes, "request_bytes_max"),
    (Rejection::MetadataBytes, "metadata_bytes_max"),
    (Rejection::Malformed, "malformed"),
    (Rejection::UnknownMethod, "unknown_method"),
    (Rejection::Deadline, "deadline"),
    (Rejection::Overloaded, "overloaded"),
    (Rejection::Unavailable, "unavailable"),
    (Rejection::Channel, "channel"),
    (Rejection::NotStarted, "not_started"),
];

impl Rejection {
    /// What a status says that a layer or a callee gave.
    fn of(status: &Status) -> Option<Rejection> {
        status.not_started().then(|| match status.code() {
            Code::DeadlineExceeded => Rejection::Deadline,
            Code::Overloaded => Rejection::Overloaded,
            Code::Unavailable => Rejection::Unavailable,
            Code::Unimplemented => Rejection::UnknownMethod,
            _ => Rejection::NotStarted,
        })
    }
}

/// The metrics of one side.
struct Side {
    calls: &'static Declared,
    latency: &'static Declared,
    queueing: &'static Declared,
    request_bytes: &'static Declared,
    response_bytes: &'static Declared,
    in_flight: &'static Declared,
    rejections: &'static Declared,
    retries: &'static Declared,
}

static SERVER: Side = Side {
    calls: &SERVER_CALLS.0,
    latency: &SERVER_LATENCY.0,
    queueing: &SERVER_QUEUEING.0,
    request_bytes: &SERVER_REQUEST.0,
    response_bytes: &SERVER_RESPONSE.0,
    in_flight: &SERVER_IN_FLIGHT.0,
    rejections: &SERVER_REJECTIONS.0,
    retries: &SERVER_RETRIES.0,
};

static CLIENT: Side = Side {
    calls: &CLIENT_CALLS.0,
    latency: &CLIENT_LATENCY.0,
    queueing: &CLIENT_QUEUEING.0,
    request_bytes: &CLIENT_REQUEST.0,
    response_bytes: &CLIENT_RESPONSE.0,
    in_flight: &CLIENT_IN_FLIGHT.0,
    rejections: &CLIENT_REJECTIONS.0,
    retries: &CLIENT_RETRIES.0,
};

/// Where a method counts.
#[derive(Debug)]
pub(crate) struct MethodCounts {
    pub(crate) server: SideCounts,
    pub(crate) client: SideCounts,
}

/// Where a method counts on one side.
pub(crate) struct SideCounts {
    side: &'static Side,
    service: &'static str,
    method: &'static str,
    codes: [Place; CODES.len()],
    rejections: [Place; REJECTIONS.len()],
    latency: Place,
    queueing: Place,
    request_bytes: Place,
    response_bytes: Place,
    in_flight: Place,
    retries: Place,
}

/// Requests whose method nobody has.
static UNKNOWN: MethodCounts = MethodCounts::new("unknown", "unknown");

impl MethodCounts {
    const fn new(service: &'static str, method: &'static str) -> MethodCounts {
        MethodCounts {
            server: SideCounts::new(&SERVER, service, method),
            client: SideCounts::new(&CLIENT, service, method),
        }
    }

    /// Those of a method.
    pub(crate) fn of(method: &'static MethodDescriptor) -> &'static MethodCounts {
        let address = std::ptr::from_ref(method).addr();
        // Descriptors are a few hundred bytes, so the low bits say nothing; the multiplication spreads the rest.
        let hash = (address >> 4).wrapping_mul(0x9E37_79B9) >> 8;
        for probe in 0..PROBES_MAX {
            let place = &METHODS[(hash + probe) % METHODS_TABLE];
            let (owner, counts) = place.get_or_init(|| (address, MethodCounts::named(method)));
            if *owner == address {
                return counts;
            }
        }
        MethodCounts::named(method)
    }

    /// Copies of a descriptor count together.
    fn named(method: &'static MethodDescriptor) -> &'static MethodCounts {
        let mut by_name = BY_NAME.lock().unwrap_or_else(|e| e.into_inner());
        let by_name = by_name.get_or_insert_default();
        let new = || Box::new(MethodCounts::new(method.service, method.name));
        by_name
            .entry(method.full_name)
            .or_insert_with(|| Box::leak(new()))
    }

    pub(crate) fn unknown() -> &'static MethodCounts {
        &UNKNOWN
    }
}

impl SideCounts {
    const fn new(side: &'static Side, service: &'static str, method: &'static str) -> SideCounts {
        SideCounts {
            side,
            service,
            method,
            codes: [const { Place::new() }; CODES.len()],
            rejections: [const { Place::new() }; REJECTIONS.len()],
            latency: Place::new(),
            queueing: Place::new(),
            request_bytes: Place::new(),
            response_bytes: Place::new(),
            in_flight: Place::new(),
            retries: Place::new(),
        }
    }

    /// A call begins.
    #[inline]
    pub(crate) fn begin(&self, attempt: u8) {
        self.change_in_flight(1);
        if attempt > 0 {
            let slot = self
                .retries
                .slot(|| self.side.retries.place(&self.labels()));
            cells::add(slot, 1);
        }
    }

    /// The handler begins, so long after the arrival.
    #[inline]
    pub(crate) fn queued(&self, queued_us: u64) {
        let place = || self.side.queueing.place(&self.labels());
        cells::observe(self.queueing.slot(place), queued_us);
    }

    /// A call that began has come to an end.
    #[inline]
    pub(crate) fn end(&self, end: End) {
        self.change_in_flight(-1);
        self.count_code(end.code);
        if let Some(latency) = end.latency {
            let micros = latency.as_secs() * 1_000_000 + latency.subsec_micros() as u64;
            let place = || self.side.latency.place(&self.labels());
            cells::observe(self.latency.slot(place), micros);
        }
        let place = || self.side.request_bytes.place(&self.labels());
        cells::add(self.request_bytes.slot(place), end.request_bytes as u64);
        let place = || self.side.response_bytes.place(&self.labels());
        cells::add(self.response_bytes.slot(place), end.response_bytes as u64);
        if let Some(why) = end.rejection {
            self.count_rejection(why);
        }
    }

    /// A call ends that never began.
    pub(crate) fn reject(&self, why: Rejection, code: Code) {
        self.count_code(code);
        self.count_rejection(why);
    }

    /// As [`SideCounts::reject`] for a call that began: it was to be sent, and was not.
    pub(crate) fn refuse(&self, why: Rejection, code: Code) {
        self.change_in_flight(-1);
        self.reject(why, code);
    }

    fn change_in_flight(&self, by: i64) {
        let place = || self.side.in_flight.place(&self.labels());
        cells::add(self.in_flight.slot(place), by as u64);
    }

    fn count_code(&self, code: Code) {
        let place = || {
            let [service, method] = self.labels();
            self.side
                .calls
                .place(&[service, method, ("code", code.name())])
        };
        cells::add(self.codes[code as usize].slot(place), 1);
    }

    fn count_rejection(&self, why: Rejection) {
        let (_, reason) = REJECTIONS[why as usize];
        let place = || {
            let [service, method] = self.labels();
            self.side
                .rejections
                .place(&[service, method, ("reason", reason)])
        };
        cells::add(self.rejections[why as usize].slot(place), 1);
    }

    fn labels(&self) -> [(&'static str, &'static str); 2] {
        [("service", self.service), ("method", self.method)]
    }
}

impl fmt::Debug for SideCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SideCounts({}/{})", self.service, self.method)
    }
}

/// How a call ended.
#[derive(Debug)]
pub(crate) struct End {
    code: Code,
    rejection: Option<Rejection>,
    latency: Option<Duration>,
    request_bytes: usize,
    response_bytes: usize,
}

impl End {
    /// With an answer.
    #[inline]
    pub(crate) fn answered(
        result: &Result<Response, Status>,
        request_bytes: usize,
        latency: Option<Duration>,
    ) -> End {
        let (code, rejection, response_bytes) = match result {
            Ok(response) => {
                let bytes = response.body.len() + response.attachment.len();
                (Code::Ok, None, bytes)
            }
            Err(status) => (status.code(), Rejection::of(status), 0),
        };
        End {
            code,
            rejection,
            latency,
            request_bytes,
            response_bytes,
        }
    }

    /// With an answer that nobody gets, or none: after `latency`, unless it was given up before its time, when nobody knows how long it
    /// would have taken.
    pub(crate) fn unanswered(code: Code, request_bytes: usize, latency: Option<Duration>) -> End {
        End {
            code,
            rejection: None,
            latency,
            request_bytes,
            response_bytes: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_stands_where_its_number_says() {
        for (n, (reason, _)) in REJECTIONS.iter().enumerate() {
            assert_eq!(*reason as usize, n);
        }
    }

    #[test]
    fn a_method_is_found_by_its_descriptor_and_copies_count_together() {
        let plain = |name| MethodDescriptor::plain(1, "a.B", "C", name);
        let (one, copy) = (plain("a.B/C").leak(), plain("a.B/C").leak());
        let other = plain("a.B/D").leak();
        assert!(std::ptr::eq(MethodCounts::of(one), MethodCounts::of(one)));
        assert!(std::ptr::eq(MethodCounts::of(one), MethodCounts::of(copy)));
        assert!(!std::ptr::eq(
            MethodCounts::of(one),
            MethodCounts::of(other)
        ));
    }

    #[test]
    fn a_full_table_loses_no_method() {
        for _ in 0..2 * METHODS_TABLE {
            let method = MethodDescriptor::plain(1, "a.B", "Many", "a.B/Many").leak();
            assert_eq!(MethodCounts::of(method).server.method, "Many");
        }
    }
}
