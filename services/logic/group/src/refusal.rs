//! What is refused, and why.

use svrkit::ErrorCode;

/// Why somebody may not do something to a group. As a status: domain `im.group`, the variant's name in capitals as its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ErrorCode)]
#[error_code(domain = "im.group")]
pub enum Refusal {
    /// There is none, or it has ended.
    #[error_code(code = NotFound, message = "no such group")]
    NoSuchGroup,
    /// Whom it is about is not in the group.
    #[error_code(code = NotFound, message = "no such member")]
    NoSuchMember,
    /// He has not asked to be let in.
    #[error_code(code = NotFound, message = "nobody of this number asks to be let in")]
    NoSuchQuestion,
    /// The caller is not in the group.
    #[error_code(code = PermissionDenied, message = "not a member of the group")]
    NotAMember,
    /// Only admins and the owner may.
    #[error_code(code = PermissionDenied, message = "only admins may do that")]
    AdminsOnly,
    /// Only the owner may.
    #[error_code(code = PermissionDenied, message = "only the owner may do that")]
    OwnerOnly,
    /// Whom it is about has the caller's role, or a higher one.
    #[error_code(code = PermissionDenied, message = "only to members of lower role")]
    RoleNotLower,
    /// Somebody who is to come in does not have the caller as a friend, or has blocked him.
    #[error_code(code = PermissionDenied, message = "only friends can be brought into a group")]
    NotAFriend,
    /// No more members fit.
    #[error_code(code = ResourceExhausted, message = "the group is full")]
    GroupFull,
    /// Somebody who is to come in is in as many groups as one can be.
    #[error_code(code = ResourceExhausted, message = "in too many groups already")]
    TooManyGroups,
    /// Whoever is to own it owns as many groups as one can.
    #[error_code(code = ResourceExhausted, message = "owns too many groups already")]
    TooManyOwned,
    /// Too many wait to be let in.
    #[error_code(code = ResourceExhausted, message = "too many ask to be let in")]
    TooManyQuestions,
    /// The owner has a higher role than he asks for himself.
    #[error_code(code = FailedPrecondition, message = "hand the group over first")]
    HandOverFirst,
    /// A name is 1 to 64 bytes, without control characters and not blank.
    #[error_code(code = InvalidArgument, message = "a group's name is 1 to 64 bytes of text")]
    BadName,
    /// A notice is at most 2 KiB of text.
    #[error_code(code = InvalidArgument, message = "a notice is at most 2 KiB of text")]
    BadNotice,
    /// A greeting is at most 200 bytes of text.
    #[error_code(code = InvalidArgument, message = "a greeting is at most 200 bytes of text")]
    BadGreeting,
    /// Member, admin or owner.
    #[error_code(code = InvalidArgument, message = "no such role")]
    BadRole,
    /// It names nobody, too many, or a number that is no user's.
    #[error_code(code = InvalidArgument, message = "names nobody, too many or no users")]
    BadUins,
    /// Nobody is silenced for more than 30 days.
    #[error_code(code = InvalidArgument, message = "at most 30 days")]
    MutedTooLong,
}
