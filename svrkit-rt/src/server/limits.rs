//! Bounds of a server, each with a reason for its default.

use crate::metadata::METADATA_BYTES_MAX;

/// What a server takes on. Whoever is refused is told so with a status; a connection is ended only when its peer does not keep to
/// the protocol, and with a go-away that says why.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections open at once. Default 16,384: below the usual limit of 20,000 files.
    pub connections_max: usize,
    /// Requests of one connection in flight. Default 4,096: one peer cannot take all of `in_flight_max`.
    pub in_flight_per_connection_max: usize,
    /// Requests in flight altogether. Default 65,536: at a kilobyte of state each, 64 MiB.
    pub in_flight_max: usize,
    /// Bytes of a frame's payload (message, metadata and attachment). Default 16 MiB.
    pub frame_bytes_max: usize,
    /// Bytes of a request's trace context and metadata. Default 64 KiB: each entry costs more memory than it has bytes.
    pub metadata_bytes_max: usize,
    /// Bytes of all requests in flight that are larger than 4 KiB; the small ones are bounded by their number. Default 512 MiB.
    pub in_flight_bytes_max: usize,
    /// Calls of one connection in flight that stream. Default 1,024.
    pub streams_per_connection_max: usize,
    /// Bytes of a stream's messages that its handler has not taken; beyond, its caller waits. At least 64 KiB, which callers send unasked.
    /// Default 256 KiB: a gigabyte a second at a quarter of a millisecond's distance.
    pub stream_window_bytes: usize,
    /// Bytes that all handlers together have not taken. Default 256 MiB: a thousand streams with full windows.
    pub stream_bytes_max: usize,
    /// Bytes of a connection that are not written, beyond which the messages that handlers send wait. Default 1 MiB: enough for the
    /// largest write, and no more in memory than that for somebody who reads slowly.
    pub stream_unwritten_bytes_max: usize,
    /// Bytes of a request message whose method does not say. Default 4 MiB.
    pub request_bytes_max: usize,
    /// Bytes of an answer message whose method does not say. Default 4 MiB.
    pub response_bytes_max: usize,
    /// Milliseconds until a new connection has sent its first frame, or `progress_bytes_min` of it. Default 10,000.
    pub first_frame_timeout_ms: u64,
    /// Milliseconds that a caller has to prove its name once it was challenged. Default 5,000: less than for a first frame, since it only
    /// has to answer.
    pub proof_timeout_ms: u64,
    /// Milliseconds in which the rest of a frame (or of an HTTP head) must have grown by `progress_bytes_min`. Default 10,000.
    pub progress_interval_ms: u64,
    /// Bytes that must arrive in each `progress_interval_ms` while a frame is incomplete. Default 1,024.
    pub progress_bytes_min: usize,
    /// Bytes of answers that a connection may leave unread. Beyond, no more requests are read from it and answers shrink to
    /// `ResourceExhausted`. Default 32 MiB: several of the largest answers at once, to somebody who does read.
    pub unwritten_bytes_max: usize,
    /// Milliseconds that writing may stand still before the connection is ended. Default 30,000.
    pub write_stall_timeout_ms: u64,
    /// Handlers that block, running at once. Default 64 threads.
    pub blocking_threads_max: usize,
    /// Calls that wait for one of those threads. Default 1,024.
    pub blocking_waiting_max: usize,
    /// Milliseconds that a drain gives to requests in flight before it cancels them. Default 10,000.
    pub drain_timeout_ms: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections_max: 16_384,
            in_flight_per_connection_max: 4_096,
            in_flight_max: 65_536,
            frame_bytes_max: 16 * 1024 * 1024,
            metadata_bytes_max: METADATA_BYTES_MAX,
            in_flight_bytes_max: 512 * 1024 * 1024,
            streams_per_connection_max: 1_024,
            stream_window_bytes: 256 * 1024,
            stream_bytes_max: 256 * 1024 * 1024,
            stream_unwritten_bytes_max: 1024 * 1024,
            request_bytes_max: 4 * 1024 * 1024,
            response_bytes_max: 4 * 1024 * 1024,
            first_frame_timeout_ms: 10_000,
            proof_timeout_ms: 5_000,
            progress_interval_ms: 10_000,
            progress_bytes_min: 1_024,
            unwritten_bytes_max: 32 * 1024 * 1024,
            write_stall_timeout_ms: 30_000,
            blocking_threads_max: 64,
            blocking_waiting_max: 1_024,
            drain_timeout_ms: 10_000,
        }
    }
}
