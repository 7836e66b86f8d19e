//! A new password.

use crate::login::Read;
use crate::refused::Refused;
use crate::service::Accounts;
use crate::text;
use im_idl::account::{ChangePasswordRequest, ChangePasswordResponse};
use im_idl::account_store::{Account, UpdateRequest};
use im_idl::base::Caller;
use svrkit_rt::{Code, Status};

/// Changes of the account that may come between proving the old password and writing the new one.
const ATTEMPTS_MAX: usize = 4;

impl Accounts {
    pub(crate) async fn change_password(
        &self,
        caller: &Caller,
        request: ChangePasswordRequest,
    ) -> Result<ChangePasswordResponse, Status> {
        text::check_password(&request.old_password)?;
        text::check_password(&request.new_password)?;
        let read = self.read(caller.uin).await?.ok_or(Refused::NoSuchUser)?;
        let read = self
            .prove_password(caller, read, request.old_password)
            .await?;
        let password_hash = self.hasher.hash(request.new_password).await?;
        self.write_password(caller, read, password_hash).await?;
        self.kicks.all_but(caller.uin, &caller.device);
        Ok(ChangePasswordResponse::default())
    }

    /// Refuses who does not know the password of his own account.
    pub(crate) async fn prove_password(
        &self,
        caller: &Caller,
        read: Read,
        password: String,
    ) -> Result<Read, Status> {
        self.limits.attempt(caller)?;
        self.limits.guess(&read.account.name)?;
        let hash = Some(read.account.password_hash.as_str());
        if !self.hasher.matches(password, hash).await? {
            return Err(Refused::WrongPassword.into());
        }
        self.limits.proved(&read.account.name);
        Ok(read)
    }

    async fn write_password(
        &self,
        caller: &Caller,
        read: Read,
        password_hash: String,
    ) -> Result<(), Status> {
        let proved = read.account.password_hash.clone();
        let mut read = read;
        for _ in 0..ATTEMPTS_MAX {
            let update = UpdateRequest {
                account: Some(Account {
                    password_hash: password_hash.clone(),
                    ..read.account
                }),
                expected_version: read.version,
                // In the same write: whoever got in by the old password is out when the new one holds.
                revoke_except: Some(caller.device.clone()),
            };
            match self.deps.account_store.update(update).await {
                Ok(_) => return Ok(()),
                Err(status) if status.code() == Code::Aborted => {}
                Err(status) => return Err(status),
            }
            read = self.read(caller.uin).await?.ok_or(Refused::NoSuchUser)?;
            if read.account.password_hash != proved {
                break;
            }
        }
        Err(Refused::Conflict.into())
    }
}
