//! Bounds and policies of a channel, each with a reason for its default.

use super::balance::Balance;
use crate::compression::Compression;

/// How a channel behaves.
///
/// What concerns the choice among instances ([`ChannelConfig::balance`] to [`ChannelConfig::breaker`], and hedging) counts for channels with
/// more than one endpoint; a channel with one pays nothing for it.
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
    /// Bytes of a stream's answers that its caller has not taken; beyond, the callee waits. At least 64 KiB, which callees send unasked.
    /// Default 256 KiB.
    pub stream_window_bytes: usize,
    /// Bytes not yet taken by the socket, beyond which messages that callers send in streams wait. Default 1 MiB.
    pub stream_unwritten_bytes_max: usize,
    /// Milliseconds that opening a connection may take. Default 1,000.
    pub connect_timeout_ms: u64,
    /// Upper bound in milliseconds of the first pause after a failed connect; it doubles each time, and the pause itself is drawn
    /// evenly between zero and the bound (full jitter). Default 50.
    pub backoff_base_ms: u64,
    /// Where the doubling ends. Default 5,000.
    pub backoff_max_ms: u64,
    /// Refuse here what the callee has said that it does not admit, but for one call of a hundred. Default yes: a refusal by the callee
    /// costs it time that it does not have.
    pub heeds_admission: bool,
    /// Send requests with a CRC32C of header and body, and be answered so. Default no: TCP and TLS have their own.
    pub checksum: bool,
    /// What requests are compressed with, once the callee has said what it takes. Default off.
    pub compression: Compression,
    /// Bytes of a request (message and attachment) that is kept until it is answered, so that it can be made again. Default 64 KiB; a
    /// larger one is sent once, and its memory is free again when the socket has it.
    pub repeated_bytes_max: usize,

    /// Whom to ask. Default [`Balance::TwoChoices`].
    pub balance: Balance,
    /// Where the caller stands. Instances in the same zone are asked while at least half of them serve. Default empty, which is the
    /// zone of endpoints that do not say.
    pub zone: String,
    /// Endpoints (of one tag, in the own zone; and as many of all others) that this client talks to when there are more. Default 64: beyond,
    /// connections cost more than spreading calls wider gains.
    pub subset_max: usize,
    /// What decides which part of a larger fleet that is: the same number, the same part. Default `None`: drawn at random, once a
    /// channel. All clients with one number would load one part.
    pub subset_key: Option<u64>,
    /// Milliseconds in which an instance that joins others, or comes back, is led up to its full share, from a tenth. Default 10,000:
    /// caches fill and code is paged in.
    pub slow_start_ms: u64,
    /// When an instance is left alone.
    pub breaker: BreakerConfig,
    /// When a call that failed is made again.
    pub retry: RetryConfig,
    /// When a call that takes long is made a second time.
    pub hedge: HedgeConfig,
}

/// When an instance is left alone, and how it comes back (outlier ejection). A call goes badly when its instance fails, or takes
/// `slow_factor` times what is usual, or is overtaken by another one that was asked later. One that cannot be reached at all is
/// left at once, without any of this.
#[derive(Clone, Debug)]
pub struct BreakerConfig {
    /// Calls in a row that go badly until it is left alone. Default 5: by chance, where one of a hundred fails, that is one in ten
    /// billion.
    pub bad_in_a_row: u32,
    /// Percentage of the calls of a window that go badly. Default 50.
    pub bad_percent: u32,
    /// Milliseconds of that window. Default 10,000.
    pub window_ms: u64,
    /// Calls in a window below which its percentage means nothing. Default 20.
    pub window_calls_min: u32,
    /// How many times longer than the method usually takes is bad. Default 10.
    pub slow_factor: u32,
    /// Milliseconds below which nothing is slow. Default 10: a scheduler may take as long.
    pub slow_ms_min: u64,
    /// Milliseconds that it is left alone the first time; each further time twice as long. Default 1,000.
    pub ejection_ms: u64,
    /// Where the doubling ends, and time without an ejection after which it begins anew. Default 60,000.
    pub ejection_ms_max: u64,
    /// Percentage of the instances that may be left alone at once, rounded down. Default 50: when more are bad, it is not they. 0 turns
    /// the breaker off.
    pub ejected_percent_max: u32,
    /// Milliseconds in which an instance that was left alone must answer an `Echo` before it is asked again. Default 1,000.
    pub probe_timeout_ms: u64,
    /// Calls that must go well after that until it is like any other; one that goes badly, and it is left alone again. Default 5.
    pub half_open_calls: u32,
}

/// When a call that failed is made again: of a method that the IDL calls idempotent, or when the handler certainly never ran; never
/// after its deadline; once more only, and elsewhere, when the callee had too much to do.
#[derive(Clone, Debug)]
pub struct RetryConfig {
    /// Times that a call is made altogether. Default 3; 1 turns repeating off.
    pub attempts_max: u8,
    /// Calls of a hundred that may be made again. Default 10: a service in trouble gets a tenth more to do, whatever happens.
    pub percent: u32,
    /// Calls a second that may be made again besides. Default 3: for channels with few calls.
    pub per_s: u32,
    /// Milliseconds that a call counts for that. Default 10,000.
    pub window_ms: u64,
    /// Upper bound in milliseconds of the pause before the first repetition; it doubles each time, and the pause is drawn evenly below
    /// it. Default 10.
    pub pause_base_ms: u64,
    /// Where the doubling ends. Default 1,000.
    pub pause_max_ms: u64,
}

/// When a call that takes long is made a second time, by another instance, and the first answer counts; the other call is cancelled. Only of
/// methods that the IDL calls idempotent, once the slowest twentieth of their calls is known to begin (p95).
#[derive(Clone, Debug)]
pub struct HedgeConfig {
    /// Calls of a hundred that may be made twice. Default 5: as many as are slower than the p95. 0, with `per_s` 0, turns it off.
    pub percent: u32,
    /// Calls a second besides. Default 1.
    pub per_s: u32,
    /// Milliseconds that a call counts for that. Default 10,000.
    pub window_ms: u64,
    /// Milliseconds after which a call may be made again at the soonest. Default 1: below, a timer is no more exact.
    pub delay_ms_min: u64,
}

impl Default for ChannelConfig {
    fn default() -> ChannelConfig {
        ChannelConfig {
            lanes_per_endpoint: 1,
            in_flight_per_lane_max: 65_536,
            waiting_calls_max: 1_024,
            unwritten_bytes_max: 64 * 1024 * 1024,
            frame_bytes_max: 16 * 1024 * 1024,
            stream_window_bytes: 256 * 1024,
            stream_unwritten_bytes_max: 1024 * 1024,
            connect_timeout_ms: 1_000,
            backoff_base_ms: 50,
            backoff_max_ms: 5_000,
            heeds_admission: true,
            checksum: false,
            compression: Compression::default(),
            repeated_bytes_max: 64 * 1024,
            balance: Balance::TwoChoices,
            zone: String::new(),
            subset_max: 64,
            subset_key: None,
            slow_start_ms: 10_000,
            breaker: BreakerConfig::default(),
            retry: RetryConfig::default(),
            hedge: HedgeConfig::default(),
        }
    }
}

impl Default for BreakerConfig {
    fn default() -> BreakerConfig {
        BreakerConfig {
            bad_in_a_row: 5,
            bad_percent: 50,
            window_ms: 10_000,
            window_calls_min: 20,
            slow_factor: 10,
            slow_ms_min: 10,
            ejection_ms: 1_000,
            ejection_ms_max: 60_000,
            ejected_percent_max: 50,
            probe_timeout_ms: 1_000,
            half_open_calls: 5,
        }
    }
}

impl Default for RetryConfig {
    fn default() -> RetryConfig {
        RetryConfig {
            attempts_max: 3,
            percent: 10,
            per_s: 3,
            window_ms: 10_000,
            pause_base_ms: 10,
            pause_max_ms: 1_000,
        }
    }
}

impl Default for HedgeConfig {
    fn default() -> HedgeConfig {
        HedgeConfig {
            percent: 5,
            per_s: 1,
            window_ms: 10_000,
            delay_ms_min: 1,
        }
    }
}
