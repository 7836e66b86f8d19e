//! The outcome of a call: a code, a message for people, and a reason for programs.

use std::borrow::Cow;
use std::fmt;

/// What went wrong, in gRPC's words (the numbers are gRPC's too) and one of our own: [`Code::Overloaded`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
#[non_exhaustive]
pub enum Code {
    /// The call succeeded. Never carried by a [`Status`] that a handler returns.
    Ok = 0,
    /// The caller gave up.
    Cancelled = 1,
    /// Nobody knows better.
    Unknown = 2,
    /// The request makes no sense, whatever the state of the system.
    InvalidArgument = 3,
    /// Time ran out; the work may or may not have been done.
    DeadlineExceeded = 4,
    /// What was asked for does not exist.
    NotFound = 5,
    /// What was to be created exists.
    AlreadyExists = 6,
    /// The caller is known, and may not.
    PermissionDenied = 7,
    /// A size or a number is over its limit.
    ResourceExhausted = 8,
    /// The system is not in the state that the request needs.
    FailedPrecondition = 9,
    /// A conflict with somebody else's change; try the whole operation again.
    Aborted = 10,
    /// Past the end.
    OutOfRange = 11,
    /// No such method here.
    Unimplemented = 12,
    /// A bug: a panic, a broken invariant.
    Internal = 13,
    /// The service cannot be reached now.
    Unavailable = 14,
    /// Data is lost or damaged.
    DataLoss = 15,
    /// The caller is not known.
    Unauthenticated = 16,
    /// The callee has more work than it can do and refused before it began: ask less, or later.
    Overloaded = 17,
}

pub(crate) const CODES: [(Code, &str); 18] = [
    (Code::Ok, "ok"),
    (Code::Cancelled, "cancelled"),
    (Code::Unknown, "unknown"),
    (Code::InvalidArgument, "invalid_argument"),
    (Code::DeadlineExceeded, "deadline_exceeded"),
    (Code::NotFound, "not_found"),
    (Code::AlreadyExists, "already_exists"),
    (Code::PermissionDenied, "permission_denied"),
    (Code::ResourceExhausted, "resource_exhausted"),
    (Code::FailedPrecondition, "failed_precondition"),
    (Code::Aborted, "aborted"),
    (Code::OutOfRange, "out_of_range"),
    (Code::Unimplemented, "unimplemented"),
    (Code::Internal, "internal"),
    (Code::Unavailable, "unavailable"),
    (Code::DataLoss, "data_loss"),
    (Code::Unauthenticated, "unauthenticated"),
    (Code::Overloaded, "overloaded"),
];

impl Code {
    /// The code with this number on the wire; a number we do not know is [`Code::Unknown`].
    pub fn from_wire(number: u16) -> Code {
        CODES
            .get(number as usize)
            .map_or(Code::Unknown, |(code, _)| *code)
    }

    /// The code of this name.
    pub fn from_name(name: &str) -> Option<Code> {
        let found = CODES.iter().find(|(_, own)| *own == name);
        found.map(|(code, _)| *code)
    }

    /// Whether the callee, or the way to it, is to blame. Otherwise the call succeeded, or the callee did as it should and said no: to a
    /// request that makes no sense, to somebody who may not, to what does not exist.
    pub fn is_fault(self) -> bool {
        match self {
            Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
            | Code::Overloaded => true,
            Code::Ok
            | Code::Cancelled
            | Code::InvalidArgument
            | Code::NotFound
            | Code::AlreadyExists
            | Code::PermissionDenied
            | Code::ResourceExhausted
            | Code::FailedPrecondition
            | Code::Aborted
            | Code::OutOfRange
            | Code::Unauthenticated => false,
        }
    }

    /// The name in snake case, as logs, JSON and the Connect protocol write it.
    pub fn name(self) -> &'static str {
        CODES[self as usize].1
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a call failed. Cheap to move (one pointer).
///
/// `message` is for people. A program that wants to tell failures apart looks at `domain` and `reason`, which
/// `#[derive(ErrorCode)]` fills from an enum and reads back into it.
#[derive(Clone, PartialEq, Eq)]
pub struct Status(Box<Inner>);

#[derive(Clone, Eq)]
struct Inner {
    code: Code,
    message: Cow<'static, str>,
    domain: Cow<'static, str>,
    reason: Cow<'static, str>,
    not_started: bool,
    is_callees: bool,
}

/// By what they say; who returned them to whom is no part of that.
impl PartialEq for Inner {
    fn eq(&self, other: &Inner) -> bool {
        let said = |inner: &Inner| (inner.code, inner.not_started);
        said(self) == said(other)
            && self.message == other.message
            && self.domain == other.domain
            && self.reason == other.reason
    }
}

impl Status {
    /// A failure with a message for people: lower case, no full stop.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Status {
        Status(Box::new(Inner {
            code,
            message: message.into(),
            domain: Cow::Borrowed(""),
            reason: Cow::Borrowed(""),
            not_started: false,
            is_callees: false,
        }))
    }

    /// Adds the machine-readable cause: `reason` is unique within `domain` (such as `"im.account"`, `"NAME_TAKEN"`).
    pub fn with_reason(
        mut self,
        domain: impl Into<Cow<'static, str>>,
        reason: impl Into<Cow<'static, str>>,
    ) -> Status {
        self.0.domain = domain.into();
        self.0.reason = reason.into();
        self
    }

    /// States that the handler never ran, so that even a method which is not idempotent may be called again.
    pub fn with_not_started(mut self) -> Status {
        self.0.not_started = true;
        self
    }

    /// Takes that back: an earlier attempt may have run.
    pub(crate) fn with_maybe_started(mut self) -> Status {
        self.0.not_started = false;
        self
    }

    /// Notes that this is how a call to somebody else ended.
    pub(crate) fn of_callee(mut self) -> Status {
        self.0.is_callees = true;
        self
    }

    /// What a handler returned, as its own caller gets it. That a callee's handler never ran says nothing of the one that called it.
    pub(crate) fn of_handler(self) -> Status {
        match self.0.is_callees {
            true => self.with_maybe_started(),
            false => self,
        }
    }

    /// The code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The message for people.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Whose reasons these are; empty when there is none.
    pub fn domain(&self) -> &str {
        &self.0.domain
    }

    /// The machine-readable cause within the domain; empty when there is none.
    pub fn reason(&self) -> &str {
        &self.0.reason
    }

    /// Whether the handler certainly never ran.
    pub fn not_started(&self) -> bool {
        self.0.not_started
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut s = f.debug_struct("Status");
        s.field("code", &self.code());
        s.field("message", &self.message());
        if !self.reason().is_empty() {
            s.field("domain", &self.domain());
            s.field("reason", &self.reason());
        }
        if self.not_started() {
            s.field("not_started", &true);
        }
        s.finish()
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code(), self.message())
    }
}

impl std::error::Error for Status {}

macro_rules! constructors {
    ($($name:ident $code:ident),* $(,)?) => {
        impl Status {
            $(
                #[doc = concat!("A status with [`Code::", stringify!($code), "`].")]
                pub fn $name(message: impl Into<Cow<'static, str>>) -> Status {
                    Status::new(Code::$code, message)
                }
            )*
        }
    };
}

constructors! {
    cancelled Cancelled,
    invalid_argument InvalidArgument,
    deadline_exceeded DeadlineExceeded,
    not_found NotFound,
    already_exists AlreadyExists,
    permission_denied PermissionDenied,
    resource_exhausted ResourceExhausted,
    failed_precondition FailedPrecondition,
    aborted Aborted,
    unimplemented Unimplemented,
    internal Internal,
    unavailable Unavailable,
    unauthenticated Unauthenticated,
    overloaded Overloaded,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_agree_with_the_table() {
        for (i, (code, name)) in CODES.iter().enumerate() {
            assert_eq!(*code as usize, i);
            assert_eq!(Code::from_wire(i as u16), *code);
            assert_eq!(code.name(), *name);
            assert_eq!(Code::from_name(name), Some(*code));
        }
        assert_eq!(Code::from_wire(999), Code::Unknown);
    }
}
