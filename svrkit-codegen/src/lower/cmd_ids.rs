//! Method ids on the wire: chosen by hand or hashed, one method an id.

use std::collections::HashMap;

use super::Site;
use crate::diagnostic::Diagnostic;
use crate::lock::Lock;
use crate::options::MethodPolicy;

const CMD_ID: (i32, &str) = (1, "cmd_id");

/// The id of a method: what its policy says, else a hash of its name.
pub(crate) fn id_of(full_name: &str, policy: &MethodPolicy) -> u32 {
    policy.cmd_id.unwrap_or_else(|| hash(full_name))
}

/// FNV-1a, 32 bits, of `package.Service/Method`. Never 0, which no method may have.
///
/// On the wire for ever: whatever else changes, this does not.
pub(crate) fn hash(full_name: &str) -> u32 {
    const OFFSET_BASIS: u32 = 0x811c_9dc5;
    const PRIME: u32 = 0x0100_0193;
    let hash = full_name.bytes().fold(OFFSET_BASIS, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(PRIME)
    });
    hash.max(1)
}

pub(super) fn check(sites: &[Site<'_>], diagnostics: &mut Vec<Diagnostic>) {
    let mut by_id: HashMap<u32, &Site<'_>> = HashMap::new();
    for site in sites {
        let id = id_of(&site.full_name(), &site.policy);
        if id == 0 {
            diagnostics.push(
                site.option_place(&[CMD_ID])
                    .says("cmd_id is 0, which no method may have"),
            );
            continue;
        }
        let Some(other) = by_id.get(&id) else {
            by_id.insert(id, site);
            continue;
        };
        // The one to change is the one whose id nobody chose.
        let (wrong, right) = match (site.policy.cmd_id, other.policy.cmd_id) {
            (Some(_), None) => (*other, site),
            _ => (site, *other),
        };
        let right = right.full_name();
        let message = match wrong.policy.cmd_id {
            Some(_) => format!("cmd_id {id} already belongs to {right}"),
            None => format!(
                "the hash of {} is {id}, which already belongs to {right}: set a cmd_id by hand",
                wrong.full_name()
            ),
        };
        diagnostics.push(wrong.option_place(&[CMD_ID]).says(message));
    }
}

/// Holds the ids against those that were given away before.
pub(super) fn check_lock(sites: &[Site<'_>], lock: &Lock, diagnostics: &mut Vec<Diagnostic>) {
    for site in sites {
        let name = site.full_name();
        let id = id_of(&name, &site.policy);
        let place = || site.option_place(&[CMD_ID]);
        if let Some(was) = lock.id_of(&name).filter(|&was| was != id) {
            diagnostics.push(place().says(format!(
                "the id of {name} is {id} and was {was} in {}: callers out there still say {was}",
                lock.shown()
            )));
        }
        if let Some(owner) = lock.owner_of(id).filter(|owner| owner.full_name != name) {
            let once = if owner.is_retired { "retired " } else { "" };
            diagnostics.push(place().says(format!(
                "the id of {name} is {id}, which belongs to {once}{} in {}: choose another",
                owner.full_name,
                lock.shown()
            )));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_fnv_1a() {
        // Vectors of the algorithm's authors.
        assert_eq!(hash(""), 0x811c_9dc5);
        assert_eq!(hash("a"), 0xe40c_292c);
        assert_eq!(hash("foobar"), 0xbf9c_f968);
    }
}
