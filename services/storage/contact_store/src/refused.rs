//! Why the store says no.

/// Why the store says no; travels as domain and reason of a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, svrkit::ErrorCode)]
#[error_code(domain = "im.contact_store")]
pub enum Refused {
    /// A list has as many contacts as it may.
    #[error_code(code = ResourceExhausted, message = "the list has too many contacts")]
    ContactsMax,
    /// A list has as many unanswered questions as it may.
    #[error_code(code = ResourceExhausted, message = "the list has too many unanswered questions")]
    QuestionsMax,
    /// It is not at the version that the caller expects, or did not stand still long enough.
    #[error_code(code = Aborted, message = "the list has changed since it was read")]
    Changed,
    /// A side is not about the other of the pair, or both are the same user.
    #[error_code(code = InvalidArgument, message = "the sides are not those of a pair")]
    NotAPair,
    /// The request asks for too many at once.
    #[error_code(code = InvalidArgument, message = "the request asks for too many at once")]
    TooMany,
}
