//! What calls that are not admitted are told, encoded.

use bytes::Bytes;
use im_idl::refusal;
use svrkit_rt::NotAdmitted;

/// The bodies of these answers. An overload sends ten times as many of them as others: they are encoded once.
#[derive(Debug)]
pub(crate) struct Refusals([Bytes; NotAdmitted::ALL.len()]);

impl Default for Refusals {
    fn default() -> Refusals {
        Refusals(NotAdmitted::ALL.map(|why| refusal::body(&why.into())))
    }
}

impl Refusals {
    /// What a call is told that is not admitted for this reason.
    pub(crate) fn body(&self, why: NotAdmitted) -> &Bytes {
        &self.0[why as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_told_its_own_reason() {
        let refusals = Refusals::default();
        for why in NotAdmitted::ALL {
            assert_eq!(refusals.body(why), &refusal::body(&why.into()));
        }
    }
}
