//! Series with names or labels that are known only when something happens.

use super::handles::Id;
use super::kind::{Kind, NameError};
use super::registry::{Declaration, Registry};
use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::LazyLock;

/// Series that a thread knows without asking the registry. Beyond, it forgets them all and learns anew.
const KNOWN_MAX: usize = 1_024;

/// Where hashes begin.
static KEY: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(0));

thread_local! {
    static KNOWN: RefCell<HashMap<u64, Known, IdentityBuilder>> = RefCell::default();
}

/// A series as it was asked for.
struct Known {
    name: Box<str>,
    labels: Box<[(Box<str>, Box<str>)]>,
    id: Id,
}

impl Known {
    fn is(&self, declaration: Declaration<'_>, labels: &[(&str, &str)]) -> bool {
        *self.name == *declaration.name
            && self.id.kind() == declaration.kind
            && self.labels.len() == labels.len()
            && self
                .labels
                .iter()
                .zip(labels)
                .all(|(own, asked)| *own.0 == *asked.0 && *own.1 == *asked.1)
    }
}

/// The id of a series, for names that are not known when the program is written; who knows the name declares it with
/// [`crate::monitor!`] and has only the labels to give ([`crate::monitor::Counter::labelled`]).
///
/// # Errors
/// When the name, the unit or a label is not as OpenMetrics wants it, or the name has another kind already.
pub fn series(
    kind: Kind,
    name: &str,
    unit: &str,
    help: &str,
    labels: &[(&str, &str)],
) -> Result<Id, NameError> {
    let declaration = Declaration {
        kind,
        name,
        unit,
        help,
    };
    find(declaration, labels)
}

pub(super) fn find(declaration: Declaration<'_>, labels: &[(&str, &str)]) -> Result<Id, NameError> {
    let hash = hash(declaration, labels);
    let known = KNOWN.try_with(|known| {
        let known = known.borrow();
        let found = known.get(&hash).filter(|k| k.is(declaration, labels));
        found.map(|known| known.id)
    });
    if let Ok(Some(id)) = known {
        return Ok(id);
    }
    let place = Registry::active().place(declaration, labels)?;
    let id = Id::new(declaration.kind, place.slot);
    // Series without a place of their own may be without number; remembering them would only drive out the others.
    if !place.overflow {
        let _ = KNOWN.try_with(|known| {
            let known = &mut *known.borrow_mut();
            if known.len() >= KNOWN_MAX {
                known.clear();
            }
            let boxed = |(key, value): &(&str, &str)| ((*key).into(), (*value).into());
            let series = Known {
                name: declaration.name.into(),
                labels: labels.iter().map(boxed).collect(),
                id,
            };
            known.insert(hash, series);
        });
    }
    Ok(id)
}

/// A folded multiplication for each eight bytes (after wyhash), keyed by chance because labels may come from outside. A tenth of what
/// the standard library's hash takes for a handful of short texts.
fn hash(declaration: Declaration<'_>, labels: &[(&str, &str)]) -> u64 {
    let mut hash = fold(*KEY, declaration.name.as_bytes());
    for (key, value) in labels {
        hash = fold(fold(hash, key.as_bytes()), value.as_bytes());
    }
    hash
}

fn fold(hash: u64, bytes: &[u8]) -> u64 {
    let step = |hash: u64, word: u64| {
        let product = (hash ^ word) as u128 * 0x9E37_79B9_7F4A_7C15;
        (product >> 64) as u64 ^ product as u64
    };
    let (words, rest) = bytes.as_chunks::<8>();
    let hash = words
        .iter()
        .fold(hash, |hash, word| step(hash, u64::from_ne_bytes(*word)));
    // With the length, so that texts are told apart that only differ in where they end.
    let last = rest
        .iter()
        .fold(bytes.len() as u64, |last, byte| last << 8 | *byte as u64);
    step(hash, last)
}

type IdentityBuilder = std::hash::BuildHasherDefault<Identity>;

/// For keys that are hashes already.
#[derive(Default)]
struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = fold(self.0, bytes);
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn what_differs_hashes_differently() {
        let declaration = |name| Declaration {
            kind: Kind::Counter,
            name,
            unit: "",
            help: "",
        };
        let mut hashes = HashSet::new();
        let texts = ["", "a", "aa", "b", "aaaaaaaa", "aaaaaaaaa", "a\0"];
        for name in texts {
            hashes.insert(hash(declaration(name), &[]));
            for key in texts {
                for value in texts {
                    hashes.insert(hash(declaration(name), &[(key, value)]));
                }
            }
        }
        assert_eq!(hashes.len(), texts.len().pow(3) + texts.len());
    }
}
