//! Who others are.

use crate::refusal::Refusal;
use im_idl::account_store::{Account, AccountStoreClient, GetRequest};
use im_idl::base::Uins;
use im_idl::contact::{Entry, Relation};
use im_idl::ids;
use std::collections::HashMap;
use svrkit_rt::{Code, Status};

/// Accounts, as far as others may see them.
#[derive(Clone, Debug)]
pub(crate) struct People {
    accounts: AccountStoreClient,
}

impl People {
    pub(crate) fn new(accounts: AccountStoreClient) -> People {
        People { accounts }
    }

    /// The user of a number or a name.
    ///
    /// # Errors
    /// [`Refusal::Nobody`], [`Refusal::NoSuchUser`]; those of the store.
    pub(crate) async fn find(&self, uin: u64, name: &str) -> Result<Account, Status> {
        if (uin == 0) == name.is_empty() {
            return Err(Refusal::Nobody.into());
        }
        if uin != 0 && !ids::is_uin(uin) {
            return Err(Refusal::NoSuchUser.into());
        }
        let name = name.to_owned();
        let found = self.accounts.get(GetRequest { uin, name }).await;
        let account = match found {
            Ok(found) => found.account,
            Err(status) if status.code() == Code::NotFound => None,
            Err(status) => return Err(status),
        };
        let there = account.filter(|account| !account.erasing);
        there.ok_or_else(|| Refusal::NoSuchUser.into())
    }

    /// Fills in how contacts call themselves. Who is gone needs no name.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn name(&self, contacts: &mut [Entry]) -> Result<(), Status> {
        let there = contacts
            .iter()
            .filter(|entry| entry.relation() != Relation::None || entry.blocked);
        let uins: Vec<u64> = there.map(|entry| entry.uin).collect();
        if uins.is_empty() {
            return Ok(());
        }
        let accounts = self.accounts.get_many(Uins { uins }).await?.accounts;
        let mut accounts: HashMap<u64, Account> =
            accounts.into_iter().map(|it| (it.uin, it)).collect();
        for entry in contacts {
            if let Some(account) = accounts.remove(&entry.uin) {
                (entry.name, entry.nickname) = (account.name, account.nickname);
            }
        }
        Ok(())
    }
}
