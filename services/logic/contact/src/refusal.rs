//! What is refused, and why.

use svrkit::ErrorCode;
use svrkit_rt::Status;

/// Why somebody may not do something to a contact. As a status: domain `im.contact`, the variant's name in capitals as its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ErrorCode)]
#[error_code(domain = "im.contact")]
pub enum Refusal {
    /// There is none, or he is leaving.
    #[error_code(code = NotFound, message = "no such user")]
    NoSuchUser,
    /// He is not in the caller's list.
    #[error_code(code = NotFound, message = "not a contact")]
    NotAContact,
    /// He has not asked, or not any more.
    #[error_code(code = NotFound, message = "he has not asked")]
    NoSuchQuestion,
    /// He has blocked the caller.
    #[error_code(code = PermissionDenied, message = "he does not take questions of yours")]
    Refused,
    /// The caller has blocked him.
    #[error_code(code = FailedPrecondition, message = "unblock him first")]
    Blocked,
    /// One is no contact of oneself.
    #[error_code(code = InvalidArgument, message = "that is yourself")]
    Oneself,
    /// Neither a number nor a name, or both.
    #[error_code(code = InvalidArgument, message = "give his number or his name")]
    Nobody,
    /// A greeting is at most 200 bytes of text.
    #[error_code(code = InvalidArgument, message = "a greeting is at most 200 bytes of text")]
    BadGreeting,
    /// A remark is at most 64 bytes of text.
    #[error_code(code = InvalidArgument, message = "a remark is at most 64 bytes of text")]
    BadRemark,
    /// The list is full.
    #[error_code(code = ResourceExhausted, message = "too many contacts")]
    TooManyContacts,
    /// He has too many questions that he has not answered.
    #[error_code(code = ResourceExhausted, message = "too many others ask him")]
    TooManyAskHim,
    /// The caller has asked too often today. With a hint when to try again.
    #[error_code(code = ResourceExhausted, message = "too many questions today")]
    TooManyQuestions,
}

/// What a client is told of what the store said.
pub(crate) fn of_store(status: Status) -> Status {
    match (status.domain(), status.reason()) {
        ("im.contact_store", "CONTACTS_MAX") => Refusal::TooManyContacts.into(),
        ("im.contact_store", "QUESTIONS_MAX") => Refusal::TooManyAskHim.into(),
        _ => status,
    }
}
