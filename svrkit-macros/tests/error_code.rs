//! An error of a service reaches its caller as the same error.

use svrkit_rt::{Code, Status};

#[derive(Clone, Copy, Debug, PartialEq, svrkit::ErrorCode)]
#[error_code(domain = "im.account")]
enum AccountError {
    #[error_code(code = NotFound, message = "no such account")]
    NoSuchAccount,
    #[error_code(code = AlreadyExists, message = "name is taken")]
    NameTaken,
}

#[test]
fn an_error_becomes_a_status() {
    let status = Status::from(AccountError::NoSuchAccount);
    assert_eq!(status.code(), Code::NotFound);
    assert_eq!(status.message(), "no such account");
    assert_eq!(status.domain(), "im.account");
    assert_eq!(status.reason(), "NO_SUCH_ACCOUNT");
}

#[test]
fn question_mark_turns_it_into_a_status() {
    fn handler() -> Result<(), Status> {
        Err(AccountError::NameTaken)?
    }
    assert_eq!(handler().unwrap_err().reason(), "NAME_TAKEN");
}

#[test]
fn a_status_becomes_the_error_again() {
    for error in [AccountError::NoSuchAccount, AccountError::NameTaken] {
        assert_eq!(
            AccountError::try_from(&Status::from(error)).ok(),
            Some(error)
        );
    }
}

#[test]
fn a_status_of_somebody_else_does_not() {
    let foreign =
        Status::new(Code::NotFound, "no such account").with_reason("im.group", "NO_SUCH_ACCOUNT");
    assert!(AccountError::try_from(&foreign).is_err());
    let bare = Status::new(Code::NotFound, "no such account");
    assert!(AccountError::try_from(&bare).is_err());
}

#[test]
fn it_is_an_error_that_speaks() {
    let error: Box<dyn std::error::Error> = Box::new(AccountError::NameTaken);
    assert_eq!(error.to_string(), "name is taken");
}
