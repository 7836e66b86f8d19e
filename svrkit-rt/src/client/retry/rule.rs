//! Whether a call that failed is made again, and where. A pure rule; the budget and the pause are its caller's.

use crate::status::{Code, Status};

/// What becomes of a call that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The caller gets the failure.
    Fail,
    /// It goes to the next instance as if nothing had happened: nothing was sent, nobody was asked.
    Next,
    /// It may be made again, anywhere.
    Again,
    /// It may be made once more, and only by another instance than this one.
    Elsewhere,
}

/// What is known of the attempt that failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt {
    /// Whether calling the method twice does no harm.
    pub(crate) idempotent: bool,
    /// Whether nothing of it left.
    pub(crate) unsent: bool,
    /// Whether the request still has its bytes.
    pub(crate) whole: bool,
    /// Whether somebody has refused the call for want of room before.
    pub(crate) refused_before: bool,
}

/// The rule. A method that is not idempotent is only called again when its handler certainly never ran.
///
/// - An instance that cannot be reached says nothing of the others: again.
/// - One that has too much to do is not asked again, and one other is: it may have room. Two that refuse are a service that is
///   overloaded, and asking more of it is what it can least bear. And so is a handler that ran and found no room behind it, which any
///   other instance would find no more of.
/// - A deadline that has passed leaves no time, and any other failure would be the same elsewhere.
pub(crate) fn verdict(status: &Status, attempt: Attempt) -> Verdict {
    if !attempt.whole {
        return Verdict::Fail;
    }
    let safe = attempt.idempotent || status.not_started();
    match status.code() {
        Code::Unavailable if attempt.unsent => Verdict::Next,
        // Refused on this side: for want of room here, or of time.
        _ if attempt.unsent => Verdict::Fail,
        Code::Unavailable if safe => Verdict::Again,
        Code::Overloaded if status.not_started() && !attempt.refused_before => Verdict::Elsewhere,
        _ => Verdict::Fail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: Attempt = Attempt {
        idempotent: false,
        unsent: false,
        whole: true,
        refused_before: false,
    };

    #[test]
    fn what_may_have_run_is_repeated_only_where_that_does_no_harm() {
        let broken = Status::unavailable("connection broken");
        assert_eq!(verdict(&broken, SENT), Verdict::Fail);
        let idempotent = Attempt {
            idempotent: true,
            ..SENT
        };
        assert_eq!(verdict(&broken, idempotent), Verdict::Again);
        let never_ran = broken.with_not_started();
        assert_eq!(verdict(&never_ran, SENT), Verdict::Again);
        let spent = Attempt {
            whole: false,
            ..idempotent
        };
        assert_eq!(verdict(&never_ran, spent), Verdict::Fail);
    }

    #[test]
    fn who_has_too_much_to_do_is_not_pressed() {
        let refused = Status::overloaded("no room").with_not_started();
        assert_eq!(verdict(&refused, SENT), Verdict::Elsewhere);
        let second = Attempt {
            refused_before: true,
            ..SENT
        };
        assert_eq!(verdict(&refused, second), Verdict::Fail);
        let behind = Status::overloaded("a callee of the callee has no room");
        let idempotent = Attempt {
            idempotent: true,
            ..SENT
        };
        assert_eq!(verdict(&behind, idempotent), Verdict::Fail);
    }

    #[test]
    fn what_never_left_goes_on_or_fails_here() {
        let unsent = Attempt {
            unsent: true,
            ..SENT
        };
        let closed = Status::unavailable("connection closed").with_not_started();
        assert_eq!(verdict(&closed, unsent), Verdict::Next);
        let full = Status::resource_exhausted("no room here").with_not_started();
        assert_eq!(verdict(&full, unsent), Verdict::Fail);
    }

    #[test]
    fn answers_are_final() {
        let idempotent = Attempt {
            idempotent: true,
            ..SENT
        };
        for status in [
            Status::not_found("no such user"),
            Status::deadline_exceeded("no answer in time").with_not_started(),
            Status::internal("handler panicked"),
            Status::aborted("somebody was faster"),
            Status::unauthenticated("not for strangers").with_not_started(),
            Status::permission_denied("not for this caller").with_not_started(),
        ] {
            assert_eq!(verdict(&status, idempotent), Verdict::Fail, "{status}");
        }
    }
}
