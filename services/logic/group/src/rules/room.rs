//! Whether users still fit.

use crate::config::Config;
use crate::newcomers::Newcomers;
use crate::refusal::Refusal;

/// Whether `uins` fit into a group of `members`, and the group into their lists.
pub(crate) fn admit(
    members: usize,
    uins: &[u64],
    known: &Newcomers,
    config: &Config,
) -> Result<(), Refusal> {
    if members + uins.len() > config.members_max {
        return Err(Refusal::GroupFull);
    }
    let full = |uin: &u64| known.count(*uin).joined >= config.groups_joined_max;
    if uins.iter().any(full) {
        return Err(Refusal::TooManyGroups);
    }
    Ok(())
}

/// Whether somebody may own one more group.
pub(crate) fn own(uin: u64, known: &Newcomers, config: &Config) -> Result<(), Refusal> {
    if known.count(uin).owned >= config.groups_owned_max {
        return Err(Refusal::TooManyOwned);
    }
    Ok(())
}
