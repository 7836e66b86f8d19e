//! Bounds of the access layer, each with its unit and the reason for its default.

use serde::{Deserialize, Serialize};
use svrkit_rt::Status;

/// How an access node behaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What this node is called, to which each start adds a random number. Default `access`: one node needs no name.
    pub node: String,
    /// Whether clients may come without TLS from other machines. Default no: tickets would travel in the clear. Yes where something in
    /// front speaks TLS for us.
    pub plaintext_anywhere: bool,

    /// Links of all kinds. Default 200,000: 8 KiB each with the kernel's part, so 1.6 GB.
    pub links_max: usize,
    /// Links at once that nobody has authenticated. Default 8,192: what a node can authenticate in a few seconds.
    pub unauthenticated_max: usize,
    /// The same of one address (IPv6: of one /64). Default 1,024: a mobile network's gateway after a break.
    pub unauthenticated_per_address_max: usize,
    /// Milliseconds from a link's opening to its first whole frame; with TLS the handshake may take as long before that. Default 5,000:
    /// a client sends at once, and the slowest network brings it by then.
    pub first_frame_timeout_ms: u64,
    /// Milliseconds that a link lives without being authenticated. Default 30,000: time to type no password, but to register and log in.
    pub unauthenticated_timeout_ms: u64,
    /// Milliseconds of silence that a link survives. Default 900,000: one and a half times the longest heartbeat.
    pub idle_timeout_ms: u64,
    /// Milliseconds in which an unfinished frame must grow by `progress_bytes_min`. Default 10,000.
    pub progress_timeout_ms: u64,
    /// Bytes that show that somebody is sending. Default 1,024: a tenth of what the slowest mobile network brings.
    pub progress_bytes_min: u32,
    /// Milliseconds that written bytes may wait for a client that takes none. Default 30,000.
    pub write_stall_timeout_ms: u64,

    /// Bytes of a frame, head included, before authentication. Default 4 KiB: a name, a password, a ticket.
    pub unauthenticated_frame_bytes_max: usize,
    /// Bytes of a frame, head included, afterwards. Default 256 KiB.
    pub frame_bytes_max: usize,
    /// Bytes of an answer on any link, head included. Default 1 MiB, beyond which Mars' clients end the link.
    pub answer_bytes_max: usize,
    /// Calls of one link that are being served. Beyond, nothing is read from it. Default 64.
    pub calls_per_link_max: usize,
    /// Bytes of answers that a client has not taken. Beyond, nothing is read from it. Default 256 KiB.
    pub unwritten_bytes_max: usize,
    /// Bytes of such answers, beyond which further ones are replaced by refusals. Default 4 MiB: what a link costs at worst.
    pub untaken_bytes_max: usize,

    /// What users' levels under overload are drawn with, anew each hour. Default empty: anybody who reads the source can tell which
    /// accounts fare better this hour. Any text will do, the same for all nodes.
    pub priority_secret: String,

    /// Calls of one command that a user may make at once. Default 1,000.
    pub user_burst: u32,
    /// Microseconds that give one of them back. Default 2,000: 500 a second, far above what a person does, and far below what a node
    /// bears.
    pub user_refill_us: u64,
    /// Tickets that an address may show, and calls of one command without a ticket that it may make, at once. Default 10,000: many users
    /// may share it, and they come back together.
    pub address_burst: u32,
    /// Microseconds that give one of them back. Default 1,000: 1,000 a second.
    pub address_refill_us: u64,
    /// Pairs of user and command, and of address and command, that are counted at once. Default 200,000.
    pub rate_keys_max: usize,

    /// TLS handshakes that are computed in one turn of the scheduler. Default 2, a processor each: live links wait no longer than for
    /// those.
    pub handshakes_at_once: usize,
    /// Tickets being verified at once; further ones wait. Default 256.
    pub verifies_max: usize,
    /// Milliseconds that a verified ticket is believed on the short link. Default 5,000: how late a revocation may be heard there.
    pub ticket_cache_ms: u64,
    /// Tickets so remembered. Default 10,000.
    pub ticket_cache_max: usize,

    /// Milliseconds that the push service may keep us waiting for events. Default 25,000.
    pub push_wait_ms: u32,
    /// Milliseconds between two questions after the newest versions of users whose links showed a heartbeat. Default 1,000.
    pub check_interval_ms: u64,
    /// Users in one such question. Default 1,000.
    pub check_users_max: usize,
    /// Such questions each interval. Default 5: 15,000 links are compared in three seconds when the push service has forgotten.
    pub checks_per_interval_max: usize,
    /// Links in one registration. Default 1,000.
    pub register_links_max: usize,

    /// Milliseconds that a connection of the short link may wait between two requests. Default 60,000.
    pub short_idle_timeout_ms: u64,
    /// Milliseconds that a request's body may take. Default 30,000: the largest, at what the slowest mobile network brings.
    pub short_body_timeout_ms: u64,
    /// Bytes of a request's first line and headers, 8,192 or more. Default 8,192.
    pub short_head_bytes_max: usize,
    /// Where pages must come from whose scripts open a WebSocket: `https://chat.example.org`. Default empty: from anywhere, since a
    /// ticket is no cookie and nobody else's page has it.
    pub websocket_origins: Vec<String>,

    /// Links that are sent away a second when the node leaves: their clients come to other nodes at that pace. Default 5,000, which a node
    /// that verifies tickets bears.
    pub drain_links_per_s: u64,
    /// Milliseconds within which all are sent away, however many. Default 10,000.
    pub drain_window_ms: u64,
    /// Milliseconds that links get at the end to be answered what they asked. Default 5,000.
    pub drain_timeout_ms: u64,
}

impl Config {
    /// Whether the bounds make sense together.
    ///
    /// # Errors
    /// `InvalidArgument` with the one that does not.
    pub(crate) fn check(&self) -> Result<(), Status> {
        let wrong = [
            (
                !(64..=64 * 1024).contains(&self.unauthenticated_frame_bytes_max),
                "unauthenticated_frame_bytes_max is not 64 to 65536",
            ),
            (
                self.unauthenticated_frame_bytes_max > self.frame_bytes_max,
                "unauthenticated_frame_bytes_max is above frame_bytes_max",
            ),
            (self.calls_per_link_max == 0, "calls_per_link_max is 0"),
            (
                self.short_head_bytes_max < 8_192,
                "short_head_bytes_max is below 8192",
            ),
            (self.check_interval_ms == 0, "check_interval_ms is 0"),
        ];
        match wrong.into_iter().find(|(is_wrong, _)| *is_wrong) {
            Some((_, message)) => Err(Status::invalid_argument(message)),
            None => Ok(()),
        }
    }
}

impl Default for Config {
    fn default() -> Config {
        Config {
            node: "access".to_owned(),
            plaintext_anywhere: false,
            links_max: 200_000,
            unauthenticated_max: 8_192,
            unauthenticated_per_address_max: 1_024,
            first_frame_timeout_ms: 5_000,
            unauthenticated_timeout_ms: 30_000,
            idle_timeout_ms: 900_000,
            progress_timeout_ms: 10_000,
            progress_bytes_min: 1_024,
            write_stall_timeout_ms: 30_000,
            unauthenticated_frame_bytes_max: 4 * 1024,
            frame_bytes_max: 256 * 1024,
            answer_bytes_max: 1024 * 1024,
            calls_per_link_max: 64,
            unwritten_bytes_max: 256 * 1024,
            untaken_bytes_max: 4 * 1024 * 1024,
            priority_secret: String::new(),
            user_burst: 1_000,
            user_refill_us: 2_000,
            address_burst: 10_000,
            address_refill_us: 1_000,
            rate_keys_max: 200_000,
            handshakes_at_once: 2,
            verifies_max: 256,
            ticket_cache_ms: 5_000,
            ticket_cache_max: 10_000,
            push_wait_ms: 25_000,
            check_interval_ms: 1_000,
            check_users_max: 1_000,
            checks_per_interval_max: 5,
            register_links_max: 1_000,
            short_idle_timeout_ms: 60_000,
            short_body_timeout_ms: 30_000,
            short_head_bytes_max: 8 * 1024,
            websocket_origins: Vec::new(),
            drain_links_per_s: 5_000,
            drain_window_ms: 10_000,
            drain_timeout_ms: 5_000,
        }
    }
}
