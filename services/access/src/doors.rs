//! How many may stand in the hall: links that nobody has authenticated, of one address and in all.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Whom limits of an address count together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Origin {
    /// This process's memory, or a Unix socket.
    Here,
    V4(u32),
    /// The first 64 bits: a network's owner has all the addresses under them.
    V6(u64),
}

impl From<Option<IpAddr>> for Origin {
    fn from(address: Option<IpAddr>) -> Origin {
        match address.map(|address| address.to_canonical()) {
            None => Origin::Here,
            Some(IpAddr::V4(v4)) => Origin::V4(v4.to_bits()),
            Some(IpAddr::V6(v6)) => Origin::V6((Ipv6Addr::to_bits(v6) >> 64) as u64),
        }
    }
}

/// Counts links before they are authenticated.
#[derive(Debug)]
pub(crate) struct Doors {
    in_all_max: usize,
    per_origin_max: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    in_all: usize,
    by_origin: HashMap<Origin, usize>,
}

impl Doors {
    pub(crate) fn new(in_all_max: usize, per_origin_max: usize) -> Arc<Doors> {
        Arc::new(Doors {
            in_all_max,
            per_origin_max,
            state: Mutex::default(),
        })
    }

    /// Lets one in, if there is room.
    pub(crate) fn enter(self: &Arc<Doors>, origin: Origin) -> Option<Pass> {
        let mut state = self.state();
        let here = state.by_origin.get(&origin).copied().unwrap_or(0);
        if state.in_all >= self.in_all_max || here >= self.per_origin_max {
            return None;
        }
        state.in_all += 1;
        state.by_origin.insert(origin, here + 1);
        let doors = self.clone();
        Some(Pass { doors, origin })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the hall, given back when dropped: by authentication, or by leaving.
#[derive(Debug)]
pub(crate) struct Pass {
    doors: Arc<Doors>,
    origin: Origin,
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut state = self.doors.state();
        state.in_all -= 1;
        if let Some(here) = state.by_origin.get_mut(&self.origin) {
            *here -= 1;
            if *here == 0 {
                state.by_origin.remove(&self.origin);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v6(text: &str) -> Origin {
        Origin::from(Some(text.parse::<IpAddr>().unwrap()))
    }

    #[test]
    fn each_origin_and_all_have_their_bound() {
        let doors = Doors::new(3, 2);
        let (a, b) = (v6("2001:db8::1"), Origin::V4(7));
        let first = doors.enter(a).unwrap();
        let _second = doors.enter(a).unwrap();
        assert!(doors.enter(a).is_none(), "two of one origin");
        let _third = doors.enter(b).unwrap();
        assert!(doors.enter(b).is_none(), "three in all");
        drop(first);
        assert!(doors.enter(a).is_some());
        assert_eq!(doors.state().by_origin.len(), 2);
    }

    #[test]
    fn a_network_is_one_origin_and_a_mapped_address_is_itself() {
        assert_eq!(v6("2001:db8::1"), v6("2001:db8::ffff:1"));
        assert_ne!(v6("2001:db8::1"), v6("2001:db8:0:1::1"));
        assert_eq!(v6("::ffff:127.0.0.1"), v6("127.0.0.1"));
    }
}
