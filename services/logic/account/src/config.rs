//! Settings.

use serde::{Deserialize, Serialize};

/// Settings of the service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Memory of one password hash (argon2id), KiB. Default 19,456: with `iterations` and `lanes` the recommendation of OWASP.
    pub memory_kib: u32,
    /// Passes over that memory. Default 2.
    pub iterations: u32,
    /// Lanes of it. Default 1: more would take a second core for one login.
    pub lanes: u32,
    /// Passwords hashed at once, each on a thread of its own. Default 1: half of a small machine goes on serving during a flood of
    /// logins, which then costs 19 MiB. 0: nobody registers or logs in.
    pub hash_threads_max: usize,
    /// Calls that wait for one of those threads; further ones are refused as `Overloaded`. Default 128: at 40 ms a hash the last of them
    /// waits 5 s of the 10 s that a login has.
    pub hash_waiting_max: usize,
    /// Days that a ticket is valid. Default 30: a device that is used once a month stays logged in.
    pub ticket_days: u32,
    /// Days after which tickets are signed with a new key. Default 7: a stolen key is worth little for long, and five or six keys are
    /// kept.
    pub key_rotation_days: u32,
    /// Wrong passwords for one name at once. Default 10.
    pub name_failures_max: u32,
    /// Milliseconds that give one of those back. Default 30,000: 2,880 guesses a day are nothing against eight characters, and an
    /// owner who is locked out by somebody's guessing waits half a minute.
    pub name_failure_refill_ms: u64,
    /// Registrations and passwords tried from one address (of IPv6, one /64) at once. Default 30: an office behind one address.
    pub address_attempts_max: u32,
    /// Milliseconds that give one of those back. Default 2,000.
    pub address_attempt_refill_ms: u64,
    /// Names, and addresses, whose rates are known at once; further ones are refused until some are forgotten. Default 100,000: some
    /// 10 MiB at most.
    pub rate_keys_max: usize,
    /// Whether calls from this machine itself are free of the address's rate. Default true: whoever is on the machine has better ways
    /// in, and tests, load generators and first steps all come from there. False where a proxy on the machine hides who calls.
    pub exempt_loopback: bool,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            memory_kib: 19_456,
            iterations: 2,
            lanes: 1,
            hash_threads_max: 1,
            hash_waiting_max: 128,
            ticket_days: 30,
            key_rotation_days: 7,
            name_failures_max: 10,
            name_failure_refill_ms: 30_000,
            address_attempts_max: 30,
            address_attempt_refill_ms: 2_000,
            rate_keys_max: 100_000,
            exempt_loopback: true,
        }
    }
}
