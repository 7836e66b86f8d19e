//! A group as rules see it.

use crate::refusal::Refusal;
use im_idl::group::{Info, JoinQuestion, Member, Role};
use std::collections::BTreeMap;

/// A group at one version.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Group {
    pub(crate) version: u64,
    pub(crate) info: Info,
    /// All of them, by number.
    pub(crate) members: BTreeMap<u64, Member>,
    /// Who asks to be let in. Empty for rules that do not look at it.
    pub(crate) questions: BTreeMap<u64, JoinQuestion>,
}

impl Group {
    /// The role of a user; [`Role::None`] when he is not in the group.
    pub(crate) fn role(&self, uin: u64) -> Role {
        let member = self.members.get(&uin);
        member.map_or(Role::None, Member::role)
    }

    /// Whether a user is in the group.
    pub(crate) fn has(&self, uin: u64) -> bool {
        self.members.contains_key(&uin)
    }

    /// The role of somebody who must have `least`.
    ///
    /// # Errors
    /// [`Refusal::NotAMember`], [`Refusal::AdminsOnly`], [`Refusal::OwnerOnly`].
    pub(crate) fn require(&self, uin: u64, least: Role) -> Result<Role, Refusal> {
        require(self.role(uin), least)
    }
}

/// As [`Group::require`], for a role that is known.
pub(crate) fn require(role: Role, least: Role) -> Result<Role, Refusal> {
    match role {
        Role::None => Err(Refusal::NotAMember),
        role if role >= least => Ok(role),
        _ if least == Role::Owner => Err(Refusal::OwnerOnly),
        _ => Err(Refusal::AdminsOnly),
    }
}
