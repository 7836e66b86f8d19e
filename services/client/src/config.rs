//! How a client behaves.

use crate::backoff::BackoffConfig;
use crate::heartbeat::HeartbeatConfig;
use crate::link::CLIENT_VERSION;

/// Bounds and times of one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// What every frame says the client is.
    pub client_version: u32,
    /// Milliseconds for opening a connection, and for its authentication: Mars' value, for bad mobile networks.
    pub connect_timeout_ms: u64,
    /// Pauses between attempts to connect.
    pub reconnect: BackoffConfig,
    /// Milliseconds that an authenticated link must live before failures are counted anew.
    pub settled_after_ms: u64,
    /// When to say that one is still there.
    pub heartbeat: HeartbeatConfig,
    /// Milliseconds beyond a method's own timeout until its answer is given up: the server's refusal should come first.
    pub answer_slack_ms: u64,
    /// Pauses before a message is sent again, and before a failed sync is repeated.
    pub resend: BackoffConfig,
    /// Requests on a link that wait for their answers; more wait for one of them. Enough to keep a link busy over half the world.
    pub in_flight_max: usize,
    /// Messages in one answer of a sync: few enough for an answer of some 100 KiB.
    pub sync_messages_max: u32,
    /// Messages that wait to be acknowledged, in all chats; more are refused.
    pub outbox_max: usize,
    /// Calls that wait for a link; more are refused.
    pub calls_waiting_max: usize,
    /// Events that a slow consumer may be behind before he misses some.
    pub events_max: usize,
    /// Messages of a chat that are kept.
    pub chat_messages_max: usize,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            client_version: CLIENT_VERSION,
            connect_timeout_ms: 10_000,
            reconnect: BackoffConfig::default(),
            settled_after_ms: 10_000,
            heartbeat: HeartbeatConfig::default(),
            answer_slack_ms: 1_000,
            resend: BackoffConfig {
                base_ms: 200,
                max_ms: 30_000,
            },
            in_flight_max: 64,
            sync_messages_max: 200,
            outbox_max: 10_000,
            calls_waiting_max: 1_000,
            events_max: 256,
            chat_messages_max: 1_000,
        }
    }
}
