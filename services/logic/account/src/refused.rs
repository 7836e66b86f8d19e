//! Why the service says no.

/// Why the service says no. Clients see domain and reason: `im.account/NAME_TAKEN`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, svrkit::ErrorCode)]
#[error_code(domain = "im.account")]
pub enum Refused {
    /// Not a name that an account can have.
    #[error_code(
        code = InvalidArgument,
        message = "a name is 3 to 32 letters, digits, underscores, hyphens or dots"
    )]
    NameInvalid,
    /// Not a password that an account can have.
    #[error_code(code = InvalidArgument, message = "a password is 8 to 128 bytes")]
    PasswordInvalid,
    /// Not what an installation may call itself.
    #[error_code(
        code = InvalidArgument,
        message = "a device is 1 to 64 letters, digits, underscores or hyphens"
    )]
    DeviceInvalid,
    /// Not what a device may be called by its user.
    #[error_code(
        code = InvalidArgument,
        message = "a device's name is at most 64 bytes without control characters"
    )]
    DeviceNameInvalid,
    /// Not what somebody may call himself.
    #[error_code(
        code = InvalidArgument,
        message = "a nickname is at most 64 bytes without control characters"
    )]
    NicknameInvalid,
    /// Not what somebody may say of himself.
    #[error_code(
        code = InvalidArgument,
        message = "a signature is at most 256 bytes without control characters"
    )]
    SignatureInvalid,
    /// Not where a page of an export ended.
    #[error_code(code = InvalidArgument, message = "the cursor is not from an earlier page")]
    CursorInvalid,
    /// Somebody has that name.
    #[error_code(code = AlreadyExists, message = "the name is taken")]
    NameTaken,
    /// Unknown name or wrong password: which, nobody is told.
    #[error_code(code = Unauthenticated, message = "wrong name or password")]
    LoginFailed,
    /// The ticket is forged, expired or revoked: which, nobody is told.
    #[error_code(code = Unauthenticated, message = "the ticket is not valid, log in")]
    TicketInvalid,
    /// The caller is who he is, and does not know his password.
    #[error_code(code = PermissionDenied, message = "wrong password")]
    WrongPassword,
    /// Nobody has that number or name.
    #[error_code(code = NotFound, message = "no such user")]
    NoSuchUser,
    /// The account has as many devices as it may.
    #[error_code(code = ResourceExhausted, message = "too many devices, remove one first")]
    DevicesMax,
    /// Somebody else's change came in between, several times.
    #[error_code(code = Aborted, message = "the account changed meanwhile, try again")]
    Conflict,
}
