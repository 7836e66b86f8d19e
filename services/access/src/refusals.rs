//! What refused asks are told, encoded.

use bytes::Bytes;
use im_idl::refusal;
use std::sync::OnceLock;
use svrkit_rt::{Code, Status};

/// Ways to say that there is too much to do that are kept encoded: the node has three, and what it calls a few more. Nothing of what a
/// client says is in them. Further ones are encoded each time.
const WORDS_MAX: usize = 8;

/// Encodes refusals. An overload refuses ten times as much as is served, all of it in few words: these are encoded once.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    /// As they came up. Whichever comes first, a full queue or a password too many, must not keep the others out.
    overloaded: [OnceLock<(Status, Bytes)>; WORDS_MAX],
}

impl Refusals {
    /// The body of the answer to what is refused with `status`.
    pub(crate) fn body(&self, status: &Status) -> Bytes {
        if status.code() != Code::Overloaded {
            return refusal::body(status);
        }
        for words in &self.overloaded {
            let (said, body) = words.get_or_init(|| (status.clone(), refusal::body(status)));
            if said == status {
                return body.clone();
            }
        }
        refusal::body(status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_told_its_own_words() {
        let refusals = Refusals::default();
        // Twice as many as are kept.
        let many = (0..2 * WORDS_MAX).map(|n| Status::overloaded(format!("{n} are too many")));
        for status in many.chain([Status::unavailable("0 are too many")]) {
            for _ in 0..2 {
                assert_eq!(refusals.body(&status), refusal::body(&status));
            }
        }
    }

    #[test]
    fn what_is_said_again_is_encoded_once_whatever_was_said_first() {
        let refusals = Refusals::default();
        refusals.body(&Status::overloaded("too many passwords"));
        let usual = Status::overloaded("too much");
        let (first, again) = (refusals.body(&usual), refusals.body(&usual));
        assert_eq!(first.as_ptr(), again.as_ptr());
    }
}
