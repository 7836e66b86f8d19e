//! How often passwords may be tried.

use crate::config::Config;
use im_idl::base::Caller;
use im_idl::refusal::with_retry_after;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use svrkit_rt::{Rate, Status, TokenBuckets};

/// Bits of an IPv6 address that tell one customer of a provider from another.
const IPV6_PREFIX: u32 = 64;

/// Rates a name and an address.
pub(crate) struct Limits {
    exempt_loopback: bool,
    addresses: Mutex<TokenBuckets<IpAddr>>,
    names: Mutex<TokenBuckets<String>>,
}

impl Limits {
    pub(crate) fn new(config: &Config) -> Limits {
        let keys_max = config.rate_keys_max;
        let rate = |burst, refill_ms| Rate {
            burst,
            refill: Duration::from_millis(refill_ms),
        };
        let address = rate(
            config.address_attempts_max,
            config.address_attempt_refill_ms,
        );
        let name = rate(config.name_failures_max, config.name_failure_refill_ms);
        Limits {
            exempt_loopback: config.exempt_loopback,
            addresses: Mutex::new(TokenBuckets::new(address, keys_max)),
            names: Mutex::new(TokenBuckets::new(name, keys_max)),
        }
    }

    /// Counts an attempt of whoever calls.
    pub(crate) fn attempt(&self, caller: &Caller) -> Result<(), Status> {
        match counted(&caller.address, self.exempt_loopback) {
            None => Ok(()),
            Some(address) => lock(&self.addresses).take(address).map_err(refused),
        }
    }

    /// Counts a password tried for a name; [`Limits::proved`] takes it back.
    pub(crate) fn guess(&self, name: &str) -> Result<(), Status> {
        let taken = lock(&self.names).take(name.to_ascii_lowercase());
        taken.map_err(refused)
    }

    /// It was the right one: what was tried before is forgotten.
    pub(crate) fn proved(&self, name: &str) {
        lock(&self.names).forgive(&name.to_ascii_lowercase());
    }
}

/// Whose bucket an attempt is counted in. An address that cannot be read has the one of nobody in particular; a call that came over no
/// network has no address and counts as coming from this machine.
fn counted(address: &str, exempt_loopback: bool) -> Option<IpAddr> {
    if address.is_empty() {
        return (!exempt_loopback).then_some(IpAddr::from(Ipv6Addr::UNSPECIFIED));
    }
    let address: IpAddr = address.parse().unwrap_or(Ipv6Addr::UNSPECIFIED.into());
    let address = address.to_canonical();
    if exempt_loopback && address.is_loopback() {
        return None;
    }
    Some(match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let prefix = u128::MAX << (u128::BITS - IPV6_PREFIX);
            Ipv6Addr::from_bits(address.to_bits() & prefix).into()
        }
    })
}

fn refused(wait: Duration) -> Status {
    let wait_ms = u32::try_from(wait.as_millis()).unwrap_or(u32::MAX);
    let status = Status::resource_exhausted("too many attempts");
    with_retry_after(status, "im.account", "TOO_MANY_ATTEMPTS", wait_ms.max(1))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing in it can be half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_network_is_one_address_and_this_machine_is_none() {
        let counted = |address| counted(address, true).map(|it| it.to_string());
        assert_eq!(counted("2001:db8::1"), counted("2001:db8::ffff:2"));
        assert_ne!(counted("2001:db8::1"), counted("2001:db8:0:1::1"));
        assert_eq!(counted("192.0.2.1").unwrap(), "192.0.2.1");
        assert_eq!(counted("::ffff:192.0.2.1").unwrap(), "192.0.2.1");
        assert_ne!(counted("192.0.2.1"), counted("192.0.2.2"));
        assert_eq!(counted("nonsense"), counted("more nonsense"));
        for here in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", ""] {
            assert_eq!(counted(here), None, "{here}");
            assert!(super::counted(here, false).is_some(), "{here}");
        }
    }
}
