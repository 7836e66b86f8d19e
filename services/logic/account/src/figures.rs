//! What is counted of accounts.

svrkit_rt::monitor! {
    /// Accounts that were made.
    pub(crate) static REGISTERED: Counter = "im_accounts_registered";
    /// Logins with a password that was right.
    pub(crate) static LOGINS: Counter = "im_logins";
    /// Logins that were refused: an unknown name, or a wrong password.
    pub(crate) static FAILED_LOGINS: Counter = "im_failed_logins";
}
