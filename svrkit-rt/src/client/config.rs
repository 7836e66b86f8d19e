//! Bounds of a channel, each with a reason for its default.

/// How a channel behaves.
#[derive(Clone, Debug)]
pub struct ChannelConfig {
    /// Connections to each endpoint, 1 to 8. Default 1: one connection carries any number of calls, and batches better than two.
    /// More help when the callee has many processors and calls are large.
    pub lanes_per_endpoint: usize,
    /// Calls in flight on one connection. Default 65,536.
    pub in_flight_per_lane_max: usize,
    /// Calls that wait because no connection is open. Default 1,024: more than that and waiting is no help.
    pub waiting_calls_max: usize,
    /// Bytes of requests not yet taken by the socket. Default 64 MiB: beyond, calls are refused here.
    pub unwritten_bytes_max: usize,
    /// Bytes of an answer's payload. Default 16 MiB.
    pub frame_bytes_max: usize,
    /// Milliseconds that opening a connection may take. Default 1,000.
    pub connect_timeout_ms: u64,
    /// Upper bound in milliseconds of the first pause after a failed connect; it doubles each time, and the pause itself is drawn
    /// evenly between zero and the bound (full jitter). Default 50.
    pub backoff_base_ms: u64,
    /// Where the doubling ends. Default 5,000.
    pub backoff_max_ms: u64,
    /// Send requests with a CRC32C of header and body, and be answered so. Default no: TCP and TLS have their own.
    pub checksum: bool,
}

impl Default for ChannelConfig {
    fn default() -> ChannelConfig {
        ChannelConfig {
            lanes_per_endpoint: 1,
            in_flight_per_lane_max: 65_536,
            waiting_calls_max: 1_024,
            unwritten_bytes_max: 64 * 1024 * 1024,
            frame_bytes_max: 16 * 1024 * 1024,
            connect_timeout_ms: 1_000,
            backoff_base_ms: 50,
            backoff_max_ms: 5_000,
            checksum: false,
        }
    }
}
