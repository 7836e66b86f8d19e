//! Series with names or labels that are known only when something happens.

use super::handles::Id;
use super::kind::{Kind, NameError};
use super::registry::{Declaration, Registry};
use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::LazyLock;

/// Series that a thread knows without asking the registry. Beyond, it forgets them all and learns anew.
const KNOWN_MAX: usize = 1_024;

/// Hashes with a key of the process, since labels may come from outside.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);

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

fn hash(declaration: Declaration<'_>, labels: &[(&str, &str)]) -> u64 {
    let mut hasher = HASHER.build_hasher();
    declaration.name.hash(&mut hasher);
    labels.hash(&mut hasher);
    hasher.finish()
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
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ *byte as u64;
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
