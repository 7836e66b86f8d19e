//! Tickets: what stands in one, and how it is sealed. Pure.
//!
//! Bytes, then base64url without padding: version (1), number of the key (4), uin (8), serial of the device (8), expiry in ms (8),
//! length of the device (1), the device, and HMAC-SHA256 over all before it (32). Numbers are big-endian.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const VERSION: u8 = 1;
const TAG_BYTES: usize = 32;
/// Before the device.
const HEAD_BYTES: usize = 1 + 4 + 8 + 8 + 8 + 1;
/// A ticket of the longest device, as text: longer ones are not looked at.
const TEXT_BYTES_MAX: usize = (HEAD_BYTES + u8::MAX as usize + TAG_BYTES).div_ceil(3) * 4;

/// What a ticket says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claims {
    pub(crate) uin: u64,
    pub(crate) device: String,
    /// Of the device, when the ticket was given.
    pub(crate) serial: u64,
    pub(crate) expires_ms: u64,
}

/// A key that tickets are sealed with. Has no `Debug`: it is a secret.
#[derive(Clone)]
pub(crate) struct Seal {
    pub(crate) key: u32,
    mac: Hmac<Sha256>,
}

/// A ticket that nobody has looked at the seal of: nothing in it can be trusted.
pub(crate) struct Sealed {
    bytes: Vec<u8>,
}

impl Seal {
    pub(crate) fn new(key: u32, secret: &[u8]) -> Seal {
        let mac = Hmac::new_from_slice(secret).expect("HMAC takes keys of any length");
        Seal { key, mac }
    }

    /// The ticket. Devices are at most 255 bytes; longer ones are cut, and so never match.
    pub(crate) fn seal(&self, claims: &Claims) -> String {
        let device = claims.device.as_bytes();
        let device = &device[..device.len().min(u8::MAX.into())];
        let mut bytes = Vec::with_capacity(HEAD_BYTES + device.len() + TAG_BYTES);
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.key.to_be_bytes());
        bytes.extend_from_slice(&claims.uin.to_be_bytes());
        bytes.extend_from_slice(&claims.serial.to_be_bytes());
        bytes.extend_from_slice(&claims.expires_ms.to_be_bytes());
        bytes.push(device.len() as u8);
        bytes.extend_from_slice(device);
        let tag = self.mac.clone().chain_update(&bytes).finalize();
        bytes.extend_from_slice(&tag.into_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What it says, when this key sealed it. Takes the same time wherever the seal differs.
    pub(crate) fn open(&self, ticket: &Sealed) -> Option<Claims> {
        let (said, tag) = ticket.bytes.split_at(ticket.bytes.len() - TAG_BYTES);
        let mac = self.mac.clone().chain_update(said);
        mac.verify_slice(tag).ok()?;
        let mut said = Reader(&said[5..]);
        let claims = Claims {
            uin: u64::from_be_bytes(said.take()?),
            serial: u64::from_be_bytes(said.take()?),
            expires_ms: u64::from_be_bytes(said.take()?),
            device: {
                let [len] = said.take()?;
                let device = (said.0.len() == usize::from(len)).then_some(said.0)?;
                String::from_utf8(device.to_vec()).ok()?
            },
        };
        Some(claims)
    }
}

impl Sealed {
    /// A ticket as it came.
    pub(crate) fn read(text: &str) -> Option<Sealed> {
        if text.len() > TEXT_BYTES_MAX {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let whole = bytes.len() >= HEAD_BYTES + TAG_BYTES && bytes[0] == VERSION;
        whole.then_some(Sealed { bytes })
    }

    /// The key that it claims to be sealed with.
    pub(crate) fn key(&self) -> u32 {
        let [_, a, b, c, d, ..] = self.bytes[..] else {
            return 0;
        };
        u32::from_be_bytes([a, b, c, d])
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        Claims {
            uin: 10_001,
            device: "phone-1".into(),
            serial: 7,
            expires_ms: 1_800_000_000_000,
        }
    }

    #[test]
    fn what_was_sealed_comes_back() {
        let seal = Seal::new(3, b"secret");
        let ticket = seal.seal(&claims());
        assert!(
            ticket
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        );
        let sealed = Sealed::read(&ticket).unwrap();
        assert_eq!(sealed.key(), 3);
        assert_eq!(seal.open(&sealed), Some(claims()));
        let longest = Claims {
            device: "d".repeat(255),
            ..claims()
        };
        let sealed = Sealed::read(&seal.seal(&longest)).unwrap();
        assert_eq!(seal.open(&sealed), Some(longest));
    }

    #[test]
    fn no_bit_of_a_ticket_can_be_changed() {
        let seal = Seal::new(3, b"secret");
        let bytes = URL_SAFE_NO_PAD.decode(seal.seal(&claims())).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut forged = bytes.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            let opened =
                Sealed::read(&URL_SAFE_NO_PAD.encode(&forged)).and_then(|it| seal.open(&it));
            assert_eq!(opened, None, "bit {bit}");
        }
        let other = Seal::new(3, b"another");
        let sealed = Sealed::read(&seal.seal(&claims())).unwrap();
        assert_eq!(other.open(&sealed), None);
    }

    #[test]
    fn what_is_no_ticket_is_not_looked_at() {
        let ticket = Seal::new(3, b"secret").seal(&claims());
        for cut in 0..ticket.len() {
            let sealed = Sealed::read(&ticket[..cut]);
            let opened = sealed.and_then(|it| Seal::new(3, b"secret").open(&it));
            assert_eq!(opened, None, "{cut}");
        }
        for text in [
            "",
            "!",
            "====",
            &format!("{ticket}="),
            &"A".repeat(TEXT_BYTES_MAX + 4),
        ] {
            assert!(Sealed::read(text).is_none(), "{text}");
        }
    }
}
