//! Why the store says no.

/// Why the store says no; travels as domain and reason of a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, svrkit::ErrorCode)]
#[error_code(domain = "im.account_store")]
pub enum Refused {
    /// Somebody has that name.
    #[error_code(code = AlreadyExists, message = "the name is taken")]
    NameTaken,
    /// There is no such account, or it is being erased.
    #[error_code(code = NotFound, message = "no such account")]
    NoSuchAccount,
    /// The account has as many devices as it may.
    #[error_code(code = ResourceExhausted, message = "the account has too many devices")]
    DevicesMax,
    /// All numbers are given.
    #[error_code(code = ResourceExhausted, message = "there are no more numbers")]
    NumbersMax,
    /// It is not at the version that the caller expects.
    #[error_code(code = Aborted, message = "it has changed since it was read")]
    Changed,
    /// Only an account that is marked can be erased.
    #[error_code(code = FailedPrecondition, message = "the account is not marked for erasure")]
    NotMarked,
    /// The request leaves out what it needs.
    #[error_code(code = InvalidArgument, message = "the request is incomplete")]
    Incomplete,
    /// The request asks for too many at once.
    #[error_code(code = InvalidArgument, message = "the request asks for too many at once")]
    TooMany,
}
