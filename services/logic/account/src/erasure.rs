//! Deleting accounts: marked while the owner waits, erased behind.

use crate::service::Accounts;
use crate::text;
use im_idl::account::{DeleteAccountRequest, DeleteAccountResponse};
use im_idl::account_store::{BeginEraseRequest, EraseRequest};
use im_idl::base::{Caller, Empty, Uins, Versions};
use im_idl::group::{LeaveRequest, Role};
use im_idl::{contact_store, group_store, message_store};
use std::sync::{Arc, Weak};
use std::time::Duration;
use svrkit_rt::{Code, Status};
use tokio::sync::Notify;
use tokio::time::sleep;

/// Between looks at what is marked when all went well. An account marked here is erased at once; this is for those of other processes.
const PAUSE: Duration = Duration::from_secs(60);
/// After a failure; doubled for each further one in a row, up to [`PAUSE`].
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(1);
/// Groups asked for at once.
const GROUPS_PER_CALL: u32 = 500;

/// Erases what is marked until `accounts` is gone: now, then whenever one is marked, and from time to time.
pub(crate) async fn run(accounts: Weak<Accounts>, marked: Arc<Notify>) {
    let mut failures = 0;
    while let Some(accounts) = accounts.upgrade() {
        let erased = accounts.erase_marked().await;
        drop(accounts);
        let pause = match erased {
            Ok(()) => {
                failures = 0;
                PAUSE
            }
            Err(status) => {
                if failures == 0 {
                    tracing::warn!(%status, "accounts wait to be erased");
                }
                failures = (failures + 1).min(8);
                PAUSE.min(PAUSE_AFTER_FAILURE * (1 << (failures - 1)))
            }
        };
        tokio::select! {
            () = marked.notified() => {}
            // Spread, so that many processes do not come at once when a store is back.
            () = sleep(pause.mul_f64(0.5 + fastrand::f64())) => {}
        }
    }
}

impl Accounts {
    pub(crate) async fn delete_account(
        &self,
        caller: &Caller,
        request: DeleteAccountRequest,
    ) -> Result<DeleteAccountResponse, Status> {
        text::check_password(&request.password)?;
        let Some(read) = self.read(caller.uin).await? else {
            // Asked again: it is marked, or gone.
            return Ok(DeleteAccountResponse::default());
        };
        self.prove_password(caller, read, request.password).await?;
        let uin = caller.uin;
        let begin = BeginEraseRequest { uin };
        self.deps.account_store.begin_erase(begin).await?;
        self.kicks.all(uin);
        self.marked.notify_one();
        Ok(DeleteAccountResponse::default())
    }

    /// Erases all accounts that are marked. One that fails keeps no other from being erased.
    async fn erase_marked(&self) -> Result<(), Status> {
        let marked = self.deps.account_store.list_erasing(Empty {}).await?;
        let mut outcome = Ok(());
        for uin in marked.uins {
            if let Err(status) = self.erase(uin).await {
                outcome = Err(status);
            }
        }
        outcome
    }

    /// Each step can be done again, and the account's own rows go last: whatever ends this, the next one finds what is left.
    async fn erase(&self, uin: u64) -> Result<(), Status> {
        let deps = &self.deps;
        // It may be listed and not yet marked.
        deps.account_store
            .begin_erase(BeginEraseRequest { uin })
            .await?;
        // First the contacts: who is nobody's friend is written to by nobody and invited to no group.
        let erase = contact_store::EraseRequest { owner: uin };
        let changed = deps.contact_store.erase(erase).await?;
        self.tell_contacts(changed).await;
        self.leave_groups(uin).await?;
        let erase = group_store::EraseRequest { uin };
        deps.group_store.erase(erase).await?;
        let erase = message_store::EraseRequest { uin };
        deps.message_store.erase(erase).await?;
        deps.account_store.erase(EraseRequest { uin }).await?;
        Ok(())
    }

    /// Tells those who lost a contact. When that fails, their next heartbeat tells them.
    async fn tell_contacts(&self, changed: Uins) {
        if changed.uins.is_empty() {
            return;
        }
        let newest = self.deps.contact_store.versions(changed.clone()).await;
        let Ok(newest) = newest else { return };
        let news = |contacts| Versions {
            contacts,
            ..Versions::default()
        };
        let news = newest.versions.into_iter().map(news);
        self.notifier.notify(changed.uins.into_iter().zip(news));
    }

    async fn leave_groups(&self, uin: u64) -> Result<(), Status> {
        let caller = Caller {
            uin,
            ..Caller::default()
        };
        let mut after_version = 0;
        loop {
            let list = group_store::ListRequest {
                uin,
                after_version,
                rows_max: GROUPS_PER_CALL,
            };
            let page = self.deps.group_store.list(list).await?;
            let last = page.groups.last().map(|it| it.version);
            for membership in page.groups {
                if membership.role() != Role::None {
                    let group = membership.group;
                    let leave = caller.call(LeaveRequest { group })?;
                    let left = self.deps.group.leave_with(leave).await;
                    left.map(drop).or_else(was_not_in_it)?;
                }
            }
            match last {
                Some(last) if page.more && last > after_version => after_version = last,
                _ => return Ok(()),
            }
        }
    }
}

/// A list of groups may be behind the groups, where a crash came between both.
fn was_not_in_it(status: Status) -> Result<(), Status> {
    match status.code() {
        Code::NotFound | Code::PermissionDenied | Code::FailedPrecondition => Ok(()),
        _ => Err(status),
    }
}
