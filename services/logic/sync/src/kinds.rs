//! Which kinds of data a client asks for.

use im_idl::base::Versions;
use im_idl::sync::Kind;
use svrkit_rt::Status;

/// Kinds that are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kinds {
    pub(crate) account: bool,
    pub(crate) contacts: bool,
    /// Of an old client: in its contacts.
    pub(crate) groups: bool,
    pub(crate) messages: bool,
}

impl Kinds {
    /// Those of a selector. Bits that are not known are left out: a newer client may ask an older server.
    ///
    /// # Errors
    /// `InvalidArgument` when nothing is left.
    pub(crate) fn of(selector: u32, is_old: bool) -> Result<Kinds, Status> {
        let has = |kind: Kind| selector == 0 || selector & kind as u32 != 0;
        let contacts = has(Kind::Contacts);
        let kinds = Kinds {
            account: has(Kind::Account),
            contacts,
            groups: if is_old { contacts } else { has(Kind::Groups) },
            messages: has(Kind::Messages),
        };
        let Kinds {
            account,
            contacts,
            groups,
            messages,
        } = kinds;
        if !(account || contacts || groups || messages) {
            return Err(Status::invalid_argument(
                "selector has no kind that is known",
            ));
        }
        Ok(kinds)
    }

    /// Whether messages are all that is asked for.
    pub(crate) fn only_messages(&self) -> bool {
        !self.account && !self.contacts && !self.groups
    }

    /// Whether `newest` is beyond `has` in any of these.
    pub(crate) fn any_newer(&self, newest: &Versions, has: &Versions) -> bool {
        self.account && newest.account > has.account
            || self.contacts && newest.contacts > has.contacts
            || self.groups && newest.groups > has.groups
            || self.messages && newest.messages > has.messages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(kinds: Kinds) -> [bool; 4] {
        [kinds.account, kinds.contacts, kinds.groups, kinds.messages]
    }

    #[test]
    fn a_selector_is_a_sum_of_kinds() {
        let of = |selector, is_old| Kinds::of(selector, is_old).map(bits).ok();
        assert_eq!(of(0, false), Some([true; 4]));
        assert_eq!(of(8, false), Some([false, false, false, true]));
        assert_eq!(of(8 + 1 + 64, false), Some([true, false, false, true]));
        assert_eq!(of(64, false), None);
        assert!(Kinds::of(8, false).unwrap().only_messages());
    }

    #[test]
    fn an_old_client_has_groups_among_its_contacts() {
        let of = |selector| Kinds::of(selector, true).map(bits).ok();
        assert_eq!(of(2), Some([false, true, true, false]));
        assert_eq!(of(8), Some([false, false, false, true]));
        assert_eq!(of(4), None);
    }
}
