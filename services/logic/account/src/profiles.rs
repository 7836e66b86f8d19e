//! What users say of themselves.

use crate::login::Read;
use crate::refused::Refused;
use crate::service::Accounts;
use crate::text;
use im_idl::account::{
    GetProfileRequest, GetProfileResponse, Profile, UpdateProfileRequest, UpdateProfileResponse,
};
use im_idl::account_store::{Account, UpdateRequest};
use im_idl::base::{Caller, Versions};
use svrkit_rt::{Code, Status};

/// Changes of the account that may come between reading and writing it.
const ATTEMPTS_MAX: usize = 4;

impl Accounts {
    pub(crate) async fn get_profile(
        &self,
        caller: &Caller,
        request: GetProfileRequest,
    ) -> Result<GetProfileResponse, Status> {
        let read = match (request.uin, request.name.as_str()) {
            (0, "") => self.read(caller.uin).await?,
            (0, name) => self.read_name(name).await?,
            (uin, _) => self.read(uin).await?,
        };
        let account = read.ok_or(Refused::NoSuchUser)?.account;
        let profile = match account.uin == caller.uin {
            true => own_profile(account),
            false => shown_profile(account),
        };
        Ok(GetProfileResponse {
            profile: Some(profile),
            error: None,
        })
    }

    pub(crate) async fn update_profile(
        &self,
        caller: &Caller,
        request: UpdateProfileRequest,
    ) -> Result<UpdateProfileResponse, Status> {
        text::check_nickname(request.nickname())?;
        text::check_signature(request.signature())?;
        for _ in 0..ATTEMPTS_MAX {
            let read = self.read(caller.uin).await?.ok_or(Refused::NoSuchUser)?;
            let Read { account, version } = read;
            let changed = changed(account.clone(), &request);
            if changed != account {
                let update = UpdateRequest {
                    account: Some(changed.clone()),
                    expected_version: version,
                    revoke_except: None,
                };
                match self.deps.account_store.update(update).await {
                    Ok(updated) => self.tell_devices(caller.uin, updated.version),
                    Err(status) if status.code() == Code::Aborted => continue,
                    Err(status) => return Err(status),
                }
            }
            return Ok(UpdateProfileResponse {
                profile: Some(own_profile(changed)),
                error: None,
            });
        }
        Err(Refused::Conflict.into())
    }

    fn tell_devices(&self, uin: u64, account: u64) {
        let versions = Versions {
            account,
            ..Versions::default()
        };
        self.notifier.notify([(uin, versions)]);
    }
}

/// With what the request says, and the rest as it was.
fn changed(account: Account, request: &UpdateProfileRequest) -> Account {
    let nickname = match &request.nickname {
        None => account.nickname,
        Some(nickname) => text::nickname_or_name(nickname, &account.name),
    };
    Account {
        nickname,
        signature: request.signature.clone().unwrap_or(account.signature),
        read_receipts: request.read_receipts.unwrap_or(account.read_receipts),
        ..account
    }
}

/// What everybody may see.
fn shown_profile(account: Account) -> Profile {
    Profile {
        read_receipts: false,
        ..own_profile(account)
    }
}

/// What the user himself may see.
pub(crate) fn own_profile(account: Account) -> Profile {
    Profile {
        uin: account.uin,
        name: account.name,
        nickname: account.nickname,
        signature: account.signature,
        read_receipts: account.read_receipts,
        created_ms: account.created_ms,
    }
}
