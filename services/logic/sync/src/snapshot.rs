//! What a device has, as bytes that it keeps for us.
//!
//! One byte for the format and how the client sees groups, four that bind it to user and device, four varints: 25 bytes or so, that
//! travel with every heartbeat's worth of asking.

use im_idl::base::Versions;
use prost::encoding::{decode_varint, encode_varint};

/// How a client sees groups. The number is the snapshot's first byte, and with it its format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// As groups.
    Groups = 1,
    /// As contacts that stand in for them.
    StandIns = 2,
}

/// What a device has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Snapshot {
    pub(crate) view: View,
    pub(crate) has: Versions,
}

impl Snapshot {
    /// Of a device that has nothing.
    pub(crate) fn empty(view: View) -> Snapshot {
        let has = Versions::default();
        Snapshot { view, has }
    }

    /// What a device of this user presents; `None` when it is not one that this device was given.
    pub(crate) fn decode(mut bytes: &[u8], uin: u64, device: &str) -> Option<Snapshot> {
        let (view, rest) = bytes.split_first()?;
        let view = match view {
            1 => View::Groups,
            2 => View::StandIns,
            _ => return None,
        };
        let (bound, rest) = rest.split_first_chunk()?;
        if *bound != binding(uin, device) {
            return None;
        }
        bytes = rest;
        let mut next = || decode_varint(&mut bytes).ok();
        let has = Versions {
            account: next()?,
            contacts: next()?,
            groups: next()?,
            messages: next()?,
        };
        bytes.is_empty().then_some(Snapshot { view, has })
    }

    /// As the device keeps it.
    pub(crate) fn encode(&self, uin: u64, device: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(32);
        bytes.push(self.view as u8);
        bytes.extend(binding(uin, device));
        let has = &self.has;
        for version in [has.account, has.contacts, has.groups, has.messages] {
            encode_varint(version, &mut bytes);
        }
        bytes
    }

    /// The same for a client that sees groups in this way. What it has of them in the other way is of no use to it.
    pub(crate) fn seen(mut self, view: View) -> Snapshot {
        if self.view != view {
            self.has.groups = 0;
            self.view = view;
        }
        self
    }
}

/// FNV-1a: against mistakes, not against attacks.
fn binding(uin: u64, device: &str) -> [u8; 4] {
    let bytes = uin.to_be_bytes().into_iter().chain(device.bytes());
    let step = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    bytes.fold(0x811c_9dc5, step).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot() -> Snapshot {
        Snapshot {
            view: View::Groups,
            has: Versions {
                account: 3,
                contacts: 250,
                groups: 0,
                messages: 1 << 40,
            },
        }
    }

    #[test]
    fn it_comes_back_to_its_own_device_only() {
        let bytes = snapshot().encode(10_001, "phone");
        assert!(bytes.len() <= 16, "{}", bytes.len());
        assert_eq!(Snapshot::decode(&bytes, 10_001, "phone"), Some(snapshot()));
        assert_eq!(Snapshot::decode(&bytes, 10_001, "tablet"), None);
        assert_eq!(Snapshot::decode(&bytes, 10_002, "phone"), None);
    }

    #[test]
    fn bytes_of_any_kind_are_read_or_not_but_never_wrongly() {
        let bytes = snapshot().encode(10_001, "phone");
        for len in 0..bytes.len() {
            assert_eq!(Snapshot::decode(&bytes[..len], 10_001, "phone"), None);
        }
        let longer = [&bytes[..], &[0]].concat();
        assert_eq!(Snapshot::decode(&longer, 10_001, "phone"), None);
        let mut endless = bytes[..5].to_vec();
        endless.extend([0xff; 64]);
        assert_eq!(Snapshot::decode(&endless, 10_001, "phone"), None);
    }

    #[test]
    fn another_view_begins_again_with_groups() {
        let mut of_groups = snapshot();
        of_groups.has.groups = 7;
        assert_eq!(of_groups.seen(View::Groups), of_groups);
        let seen = of_groups.seen(View::StandIns);
        assert_eq!((seen.has.groups, seen.has.contacts), (0, 250));
        assert_eq!(seen.view, View::StandIns);
    }
}
