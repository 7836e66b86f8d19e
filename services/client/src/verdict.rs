//! What to do about a refusal.

use im_idl::base::Error;
use svrkit_rt::Code;

/// Attempts after which an error that nobody can explain is taken for an answer: the message may be what breaks the server.
const UNEXPLAINED_ATTEMPTS_MAX: u32 = 20;

/// Whether a refused message is worth sending again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The same again, later.
    Again,
    /// The ticket is no good: the same again after the user has logged in.
    AfterLogin,
    /// It will never be taken.
    ForGood,
}

impl Verdict {
    /// The verdict on `error`, which was the answer to attempt number `attempts` (the first is 1).
    pub fn on(error: &Error, attempts: u32) -> Verdict {
        let code = u16::try_from(error.code).map_or(Code::Unknown, Code::from_wire);
        match code {
            Code::Unavailable
            | Code::Overloaded
            | Code::DeadlineExceeded
            | Code::Aborted
            | Code::Cancelled => Verdict::Again,
            // Too much just now, or too large for ever: only the first says when to come again.
            Code::ResourceExhausted if error.retry_after_ms > 0 => Verdict::Again,
            Code::Unknown | Code::Internal if attempts < UNEXPLAINED_ATTEMPTS_MAX => Verdict::Again,
            Code::Unauthenticated => Verdict::AfterLogin,
            _ => Verdict::ForGood,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(code: Code, retry_after_ms: u32, attempts: u32) -> Verdict {
        let error = Error {
            code: code as u32,
            retry_after_ms,
            ..Error::default()
        };
        Verdict::on(&error, attempts)
    }

    #[test]
    fn what_may_pass_is_tried_again_and_what_cannot_is_not() {
        assert_eq!(on(Code::Unavailable, 0, 1_000), Verdict::Again);
        assert_eq!(on(Code::ResourceExhausted, 300, 1), Verdict::Again);
        assert_eq!(on(Code::ResourceExhausted, 0, 1), Verdict::ForGood);
        assert_eq!(on(Code::PermissionDenied, 0, 1), Verdict::ForGood);
        assert_eq!(on(Code::Unauthenticated, 0, 1), Verdict::AfterLogin);
    }

    #[test]
    fn a_message_that_breaks_the_server_does_not_block_its_chat_for_ever() {
        assert_eq!(on(Code::Internal, 0, 1), Verdict::Again);
        assert_eq!(on(Code::Internal, 0, 20), Verdict::ForGood);
    }
}
