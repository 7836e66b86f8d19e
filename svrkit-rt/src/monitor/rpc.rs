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
    /// Requests that failed without being to blame for it; they are among the requests answered.
    static SERVER_FAULTS: Counter = "rpc_server_faults";
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
    /// Messages that handlers took from streams of requests.
    static SERVER_MESSAGES_RECEIVED: Counter = "rpc_server_messages_received";
    /// Messages that handlers sent in streams of answers.
    static SERVER_MESSAGES_SENT: Counter = "rpc_server_messages_sent";
    /// Messages of handlers that had to wait: their callers, or the ways to them, took no more.
    static SERVER_MESSAGES_WAITED: Counter = "rpc_server_messages_waited";
    /// Bodies of answers, and messages of handlers, that were compressed: as they were before.
    static SERVER_COMPRESSED_FROM: Counter = "rpc_server_compressed_from_bytes" in "bytes";
    /// The same bodies as they were sent.
    static SERVER_COMPRESSED_TO: Counter = "rpc_server_compressed_to_bytes" in "bytes";
    /// Bodies of answers, and messages of handlers, that were sent as they are, since compressing them gained too little.
    static SERVER_COMPRESSED_IN_VAIN: Counter = "rpc_server_compressed_in_vain";

    /// Calls that came to an end, by code: each once, however often it was sent. Those given up are `cancelled`, and those never sent are among them.
    static CLIENT_CALLS: Counter = "rpc_client_calls";
    /// Calls that failed without being to blame for it; they are among those that came to an end.
    static CLIENT_FAULTS: Counter = "rpc_client_faults";
    /// Time from making a call to its answer, with the wait for a connection and all attempts.
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
    /// Attempts that are not a call's first, since that failed.
    static CLIENT_RETRIES: Counter = "rpc_client_retries";
    /// Messages that callers took from streams of answers.
    static CLIENT_MESSAGES_RECEIVED: Counter = "rpc_client_messages_received";
    /// Messages that callers sent in streams of requests.
    static CLIENT_MESSAGES_SENT: Counter = "rpc_client_messages_sent";
    /// Messages of callers that had to wait: their callees, or the ways to them, took no more.
    static CLIENT_MESSAGES_WAITED: Counter = "rpc_client_messages_waited";
    /// Bodies of requests, and messages of callers, that were compressed: as they were before.
    static CLIENT_COMPRESSED_FROM: Counter = "rpc_client_compressed_from_bytes" in "bytes";
    /// The same bodies as they were sent.
    static CLIENT_COMPRESSED_TO: Counter = "rpc_client_compressed_to_bytes" in "bytes";
    /// Bodies of requests, and messages of callers, that were sent as they are, since compressing them gained too little.
    static CLIENT_COMPRESSED_IN_VAIN: Counter = "rpc_client_compressed_in_vain";
    /// Attempts beside a first that took long.
    static CLIENT_HEDGES: Counter = "rpc_client_hedges";
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
    StreamsPerConnection,
    InFlight,
    InFlightBytes,
    /// Its priority is not admitted.
    Priority,
    /// Too many wait for a handler.
    Waiting,
    /// It waited for a handler for too long.
    WaitedTooLong,
    /// Its connection makes too many.
    CallerRate,
    /// Its connection has shown no name.
    Stranger,
    /// Its caller may not call the method.
    NotAllowed,
    /// Not sent, because its callee does not admit its priority.
    CalleePriority,
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

const REJECTIONS: [(Rejection, &str); 21] = [
    (
        Rejection::InFlightPerConnection,
        "in_flight_per_connection_max",
    ),
    (
        Rejection::StreamsPerConnection,
        "streams_per_connection_max",
    ),
    (Rejection::InFlight, "in_flight_max"),
    (Rejection::InFlightBytes, "in_flight_bytes_max"),
    (Rejection::Priority, "priority"),
    (Rejection::Waiting, "waiting_max"),
    (Rejection::WaitedTooLong, "waited_too_long"),
    (Rejection::CallerRate, "caller_rate"),
    (Rejection::Stranger, "stranger"),
    (Rejection::NotAllowed, "not_allowed"),
    (Rejection::CalleePriority, "callee_priority"),
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
            Code::Unauthenticated => Rejection::Stranger,
            Code::PermissionDenied => Rejection::NotAllowed,
            _ => Rejection::NotStarted,
        })
    }
}

/// The metrics of one side.
struct Side {
    calls: &'static Declared,
    faults: &'static Declared,
    latency: &'static Declared,
    queueing: &'static Declared,
    request_bytes: &'static Declared,
    response_bytes: &'static Declared,
    in_flight: &'static Declared,
    rejections: &'static Declared,
    retries: &'static Declared,
    messages_received: &'static Declared,
    messages_sent: &'static Declared,
    messages_waited: &'static Declared,
    compressed_from: &'static Declared,
    compressed_to: &'static Declared,
    compressed_in_vain: &'static Declared,
}

static SERVER: Side = Side {
    calls: &SERVER_CALLS.0,
    faults: &SERVER_FAULTS.0,
    latency: &SERVER_LATENCY.0,
    queueing: &SERVER_QUEUEING.0,
    request_bytes: &SERVER_REQUEST.0,
    response_bytes: &SERVER_RESPONSE.0,
    in_flight: &SERVER_IN_FLIGHT.0,
    rejections: &SERVER_REJECTIONS.0,
    retries: &SERVER_RETRIES.0,
    messages_received: &SERVER_MESSAGES_RECEIVED.0,
    messages_sent: &SERVER_MESSAGES_SENT.0,
    messages_waited: &SERVER_MESSAGES_WAITED.0,
    compressed_from: &SERVER_COMPRESSED_FROM.0,
    compressed_to: &SERVER_COMPRESSED_TO.0,
    compressed_in_vain: &SERVER_COMPRESSED_IN_VAIN.0,
};

static CLIENT: Side = Side {
    calls: &CLIENT_CALLS.0,
    faults: &CLIENT_FAULTS.0,
    latency: &CLIENT_LATENCY.0,
    queueing: &CLIENT_QUEUEING.0,
    request_bytes: &CLIENT_REQUEST.0,
    response_bytes: &CLIENT_RESPONSE.0,
    in_flight: &CLIENT_IN_FLIGHT.0,
    rejections: &CLIENT_REJECTIONS.0,
    retries: &CLIENT_RETRIES.0,
    messages_received: &CLIENT_MESSAGES_RECEIVED.0,
    messages_sent: &CLIENT_MESSAGES_SENT.0,
    messages_waited: &CLIENT_MESSAGES_WAITED.0,
    compressed_from: &CLIENT_COMPRESSED_FROM.0,
    compressed_to: &CLIENT_COMPRESSED_TO.0,
    compressed_in_vain: &CLIENT_COMPRESSED_IN_VAIN.0,
};

/// Where a method counts.
#[derive(Debug)]
pub(crate) struct MethodCounts {
    pub(crate) server: SideCounts,
    pub(crate) client: SideCounts,
}

/// Where a method counts on one side. In this order, so that what every call looks at is in one line of the cache: the first code is `ok`.
#[repr(C, align(64))]
pub(crate) struct SideCounts {
    side: &'static Side,
    service: &'static str,
    in_flight: Place,
    queueing: Place,
    latency: Place,
    request_bytes: Place,
    response_bytes: Place,
    codes: [Place; CODES.len()],
    method: &'static str,
    faults: Place,
    rejections: [Place; REJECTIONS.len()],
    retries: Place,
    messages_received: Place,
    messages_sent: Place,
    messages_waited: Place,
    compressed_from: Place,
    compressed_to: Place,
    compressed_in_vain: Place,
    /// Of the calling side only.
    hedges: Place,
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
            in_flight: Place::new(),
            queueing: Place::new(),
            latency: Place::new(),
            request_bytes: Place::new(),
            response_bytes: Place::new(),
            codes: [const { Place::new() }; CODES.len()],
            method,
            faults: Place::new(),
            rejections: [const { Place::new() }; REJECTIONS.len()],
            retries: Place::new(),
            messages_received: Place::new(),
            messages_sent: Place::new(),
            messages_waited: Place::new(),
            compressed_from: Place::new(),
            compressed_to: Place::new(),
            compressed_in_vain: Place::new(),
            hedges: Place::new(),
        }
    }

    /// A call begins.
    #[inline]
    pub(crate) fn begin(&self, attempt: u8) {
        self.change_in_flight(1);
        if attempt > 0 {
            self.retry();
        }
    }

    /// A call is made, or comes, that is not a first attempt.
    pub(crate) fn retry(&self) {
        let place = || self.side.retries.place(&self.labels());
        cells::add(self.retries.slot(place), 1);
    }

    /// A call is made a second time beside the first.
    pub(crate) fn hedge(&self) {
        let place = || CLIENT_HEDGES.0.place(&self.labels());
        cells::add(self.hedges.slot(place), 1);
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
        self.count_request_bytes(end.request_bytes);
        self.count_response_bytes(end.response_bytes);
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

    /// A message of a stream was taken.
    pub(crate) fn message_received(&self, bytes: usize) {
        let place = || self.side.messages_received.place(&self.labels());
        cells::add(self.messages_received.slot(place), 1);
        match self.serves() {
            true => self.count_request_bytes(bytes),
            false => self.count_response_bytes(bytes),
        }
    }

    /// A message of a stream was sent.
    pub(crate) fn message_sent(&self, bytes: usize) {
        let place = || self.side.messages_sent.place(&self.labels());
        cells::add(self.messages_sent.slot(place), 1);
        match self.serves() {
            true => self.count_response_bytes(bytes),
            false => self.count_request_bytes(bytes),
        }
    }

    /// A message cannot be sent at once.
    pub(crate) fn message_waits(&self) {
        let place = || self.side.messages_waited.place(&self.labels());
        cells::add(self.messages_waited.slot(place), 1);
    }

    /// A body of so many bytes was compressed to so many.
    pub(crate) fn compressed(&self, from: usize, to: usize) {
        let place = || self.side.compressed_from.place(&self.labels());
        cells::add(self.compressed_from.slot(place), from as u64);
        let place = || self.side.compressed_to.place(&self.labels());
        cells::add(self.compressed_to.slot(place), to as u64);
    }

    /// A body gained too little by being compressed.
    pub(crate) fn compressed_in_vain(&self) {
        let place = || self.side.compressed_in_vain.place(&self.labels());
        cells::add(self.compressed_in_vain.slot(place), 1);
    }

    fn serves(&self) -> bool {
        std::ptr::eq(self.side, &SERVER)
    }

    #[inline]
    fn count_request_bytes(&self, bytes: usize) {
        let place = || self.side.request_bytes.place(&self.labels());
        cells::add(self.request_bytes.slot(place), bytes as u64);
    }

    #[inline]
    fn count_response_bytes(&self, bytes: usize) {
        let place = || self.side.response_bytes.place(&self.labels());
        cells::add(self.response_bytes.slot(place), bytes as u64);
    }

    #[inline]
    fn change_in_flight(&self, by: i64) {
        cells::add(self.in_flight.slot(|| self.place_together()), by as u64);
    }

    /// Places the plain numbers of every call, one beside the other: each call touches all of them. Returns where `in_flight` is.
    #[cold]
    fn place_together(&self) -> u32 {
        let labels = self.labels();
        let in_flight = self.side.in_flight.place(&labels);
        self.codes[Code::Ok as usize].slot(|| self.place_code(Code::Ok));
        let (request_bytes, response_bytes) = (self.side.request_bytes, self.side.response_bytes);
        self.request_bytes.slot(|| request_bytes.place(&labels));
        self.response_bytes.slot(|| response_bytes.place(&labels));
        in_flight
    }

    #[cold]
    fn place_code(&self, code: Code) -> u32 {
        let [service, method] = self.labels();
        let labels = [service, method, ("code", code.name())];
        self.side.calls.place(&labels)
    }

    #[inline]
    fn count_code(&self, code: Code) {
        let place = || self.place_code(code);
        cells::add(self.codes[code as usize].slot(place), 1);
        if code.is_fault() {
            let place = || self.side.faults.place(&self.labels());
            cells::add(self.faults.slot(place), 1);
        }
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
