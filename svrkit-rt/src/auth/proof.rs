//! What a caller and a server tell each other to show that both have the caller's key, byte by byte. PROTOCOL.md has it in words.
//!
//! Both sides put a number of their own, used once, under the hash: nothing that was heard on one connection is of use on another. The
//! server goes first, so that a caller gives its proof to nobody who could not have made it. Labels tell the two proofs apart: neither can
//! be sent back as the other.

use super::keys::{CallerKey, Key, Keys};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::sync::Arc;

/// Bytes of the name of a key.
pub(crate) const KEY_ID_BYTES: usize = 8;
/// Bytes of a number used once.
pub(crate) const NONCE_BYTES: usize = 32;
/// Bytes of a proof.
const MAC_BYTES: usize = 32;

/// Which of the things a key is used for.
const KEY_ID: &[u8; 20] = b"svrkit auth 1 key id";
const SERVER: &[u8; 20] = b"svrkit auth 1 server";
const CALLER: &[u8; 20] = b"svrkit auth 1 caller";

/// What names a key without giving it away.
pub(crate) fn key_id(key: &[u8]) -> [u8; KEY_ID_BYTES] {
    let mac = mac(key, KEY_ID).finalize().into_bytes();
    *mac.first_chunk().expect("a hash is longer than an id")
}

/// A caller's part, between its two frames.
pub(crate) struct Identifying<'a> {
    name: &'a str,
    /// The same in both frames, though another one may take its place meanwhile.
    key: Arc<Key>,
    nonce: [u8; NONCE_BYTES],
}

impl<'a> Identifying<'a> {
    /// With a number that was never used before.
    pub(crate) fn new(caller: &'a CallerKey, nonce: [u8; NONCE_BYTES]) -> Identifying<'a> {
        Identifying {
            name: caller.name(),
            key: caller.key(),
            nonce,
        }
    }

    /// The body of an identify.
    pub(crate) fn identify(&self) -> Vec<u8> {
        [&self.key.id[..], &self.nonce, self.name.as_bytes()].concat()
    }

    /// The body of the proof that answers a challenge; `None` if that did not come from somebody with the key.
    pub(crate) fn proof(&self, challenge: &[u8]) -> Option<Vec<u8>> {
        let (server_nonce, server_mac) = challenge.split_at_checked(NONCE_BYTES)?;
        let transcript = Transcript {
            caller_nonce: &self.nonce,
            server_nonce,
            name: self.name,
        };
        let server = transcript.under(&self.key, SERVER);
        server.verify_slice(server_mac).ok()?;
        let proof = transcript.under(&self.key, CALLER).finalize().into_bytes();
        Some(proof.to_vec())
    }
}

/// A server's part, between a caller's two frames.
pub(crate) struct Challenged {
    name: String,
    key: Key,
    caller_nonce: [u8; NONCE_BYTES],
    server_nonce: [u8; NONCE_BYTES],
}

impl std::fmt::Debug for Challenged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Challenged({})", self.name)
    }
}

/// Why an identify is not answered with a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotChallenged {
    /// Its body is none.
    Malformed,
    /// There is no such caller, or it has no such key.
    Unknown,
}

impl Challenged {
    /// What becomes of an identify. `nonce` was never used before.
    ///
    /// # Errors
    /// There is nothing to challenge.
    pub(crate) fn by(
        identify: &[u8],
        keys: &Keys,
        nonce: [u8; NONCE_BYTES],
    ) -> Result<Challenged, NotChallenged> {
        let (id, rest) = identify
            .split_first_chunk()
            .ok_or(NotChallenged::Malformed)?;
        let (caller_nonce, name) = rest.split_first_chunk().ok_or(NotChallenged::Malformed)?;
        let name = std::str::from_utf8(name).map_err(|_| NotChallenged::Malformed)?;
        let key = keys.find(name, *id).ok_or(NotChallenged::Unknown)?;
        Ok(Challenged {
            name: name.to_owned(),
            key,
            caller_nonce: *caller_nonce,
            server_nonce: nonce,
        })
    }

    /// Who says it is there.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The body of the challenge.
    pub(crate) fn challenge(&self) -> Bytes {
        let mac = self.transcript().under(&self.key, SERVER);
        [&self.server_nonce[..], &mac.finalize().into_bytes()]
            .concat()
            .into()
    }

    /// Whether the caller has the key. The time it takes says nothing of how much of the proof is right.
    pub(crate) fn is_proven_by(&self, proof: &[u8]) -> bool {
        let mac = self.transcript().under(&self.key, CALLER);
        proof.len() == MAC_BYTES && mac.verify_slice(proof).is_ok()
    }

    fn transcript(&self) -> Transcript<'_> {
        Transcript {
            caller_nonce: &self.caller_nonce,
            server_nonce: &self.server_nonce,
            name: &self.name,
        }
    }
}

/// What both proofs are about. All but the last part are of fixed length.
struct Transcript<'a> {
    caller_nonce: &'a [u8],
    server_nonce: &'a [u8],
    name: &'a str,
}

impl Transcript<'_> {
    fn under(&self, key: &Key, label: &[u8; 20]) -> Hmac<Sha256> {
        mac(&key.bytes, label)
            .chain_update(self.caller_nonce)
            .chain_update(self.server_nonce)
            .chain_update(self.name.as_bytes())
    }
}

fn mac(key: &[u8], label: &[u8; 20]) -> Hmac<Sha256> {
    let mac = Hmac::new_from_slice(key).expect("HMAC takes keys of any length");
    Mac::chain_update(mac, label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(byte: u8) -> Keys {
        let hex = format!("{byte:02x}").repeat(32);
        Keys::parse(&format!("ada {hex}\nbob {hex}")).unwrap()
    }

    fn challenged(identify: &[u8], nonce: u8) -> Challenged {
        Challenged::by(identify, &keys(1), [nonce; NONCE_BYTES]).unwrap()
    }

    #[test]
    fn both_sides_show_the_key() {
        let key = keys(1).of("ada").unwrap();
        let identifying = Identifying::new(&key, [5; NONCE_BYTES]);
        let challenged = challenged(&identifying.identify(), 6);
        assert_eq!(challenged.name(), "ada");
        let proof = identifying.proof(&challenged.challenge()).unwrap();
        assert!(challenged.is_proven_by(&proof));
        assert!(!challenged.is_proven_by(&proof[1..]));
        assert!(!challenged.is_proven_by(&[]));
    }

    #[test]
    fn a_proof_is_of_no_use_elsewhere() {
        let key = keys(1).of("ada").unwrap();
        let identifying = Identifying::new(&key, [5; NONCE_BYTES]);
        let identify = identifying.identify();
        let first = challenged(&identify, 6);
        let proof = identifying.proof(&first.challenge()).unwrap();
        assert!(
            !challenged(&identify, 7).is_proven_by(&proof),
            "another time"
        );
        let bob = keys(1).of("bob").unwrap();
        let as_bob = Identifying::new(&bob, [5; NONCE_BYTES]).identify();
        assert!(!challenged(&as_bob, 6).is_proven_by(&proof), "another name");
        let own = &first.challenge()[NONCE_BYTES..];
        assert!(!first.is_proven_by(own), "the server's own");
    }

    #[test]
    fn who_has_another_key_gets_nowhere() {
        let wrong = keys(2).of("ada").unwrap();
        let identifying = Identifying::new(&wrong, [5; NONCE_BYTES]);
        let refused = Challenged::by(&identifying.identify(), &keys(1), [6; NONCE_BYTES]);
        assert_eq!(refused.err(), Some(NotChallenged::Unknown));
        // Even with the right name of the key, which is no secret.
        let mut identify = identifying.identify();
        let right = keys(1).of("ada").unwrap();
        identify[..KEY_ID_BYTES].copy_from_slice(&right.key().id);
        let challenged = challenged(&identify, 6);
        assert_eq!(identifying.proof(&challenged.challenge()), None);
    }

    /// Those in PROTOCOL.md.
    #[test]
    fn the_bytes_are_those_of_the_vectors() {
        let vectors = include_str!("../../tests/vectors/frames.txt");
        let body = |name: &str| {
            let (_, block) = vectors.split_once(&format!("name: {name}\n")).unwrap();
            let (_, body) = block.split_once("\nbody: ").unwrap();
            body.lines().next().unwrap().to_owned()
        };
        let hex = |bytes: &[u8]| -> String { bytes.iter().map(|b| format!("{b:02x}")).collect() };
        let count = |from: u8| std::array::from_fn(|n| from + n as u8);
        let (own, callers, servers): ([u8; 32], _, _) = (count(0), count(0x40), count(0x80));
        let keys = Keys::parse(&format!("im.access {}", hex(&own))).unwrap();
        let key = keys.of("im.access").unwrap();
        let identifying = Identifying::new(&key, callers);
        let identify = identifying.identify();
        assert_eq!(hex(&identify), body("identify"));
        let challenge = Challenged::by(&identify, &keys, servers)
            .unwrap()
            .challenge();
        assert_eq!(hex(&challenge), body("challenge"));
        assert_eq!(hex(&identifying.proof(&challenge).unwrap()), body("proof"));
    }

    #[test]
    fn any_bytes_are_told_what_they_are() {
        let key = keys(1).of("ada").unwrap();
        let identifying = Identifying::new(&key, [5; NONCE_BYTES]);
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..10_000 {
            let len = random.usize(..200);
            let bytes: Vec<u8> = (0..len).map(|_| random.u8(..)).collect();
            assert_eq!(identifying.proof(&bytes), None);
            assert!(Challenged::by(&bytes, &keys(1), [6; NONCE_BYTES]).is_err());
        }
    }
}
