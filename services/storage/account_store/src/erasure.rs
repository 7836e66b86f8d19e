//! Forgetting accounts, in an order that a crash cannot spoil: listed, then marked; its name freed, then its rows deleted, then not
//! listed any more. Each step finds out for itself whether it was done, so all of them can be repeated.

use crate::refused::Refused;
use crate::rows::{self, DEVICES};
use crate::service::{Store, write};
use im_engine::{Batch, Condition, Scan, WriteError};
use im_idl::account_store::Account;
use im_idl::base::{Empty, Uins};
use svrkit_rt::Status;

/// Logins that may come between reading an account and marking it.
const ATTEMPTS_MAX: usize = 8;

impl Store {
    pub(crate) async fn begin_erase(&self, uin: u64) -> Result<Empty, Status> {
        for attempt in 0..ATTEMPTS_MAX {
            let loaded = self.load(uin).await?;
            let Some(account) = loaded.account.filter(|account| !account.erasing) else {
                return Ok(Empty {});
            };
            if attempt == 0 {
                // First, so that nothing is marked that nobody would find again. Whoever goes through the list marks what is not.
                let listed = Batch::new(rows::ERASING).put(rows::number(uin), "");
                write(&self.engine, listed).await?;
            }
            let account = Account {
                erasing: true,
                ..account
            };
            let (first, after) = (vec![DEVICES], vec![DEVICES + 1]);
            let mark = Batch::new(rows::account(uin))
                .when(Condition::PartitionAt(loaded.version))
                .put(rows::ACCOUNT, rows::write(&account))
                .delete_range(first, Some(after.into()));
            match write(&self.engine, mark).await {
                Ok(_) => return Ok(Empty {}),
                Err(WriteError::Condition { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Refused::Changed.into())
    }

    pub(crate) async fn list_erasing(&self) -> Result<Uins, Status> {
        // The first page: further ones come when these are erased.
        let page = self.engine.scan(Scan::all(rows::ERASING)).await?;
        let uins = page.rows.iter().map(|row| rows::read_number(&row.key));
        Ok(Uins {
            uins: uins.collect::<Result<_, _>>()?,
        })
    }

    pub(crate) async fn erase(&self, uin: u64) -> Result<Empty, Status> {
        if let Some(account) = self.load(uin).await?.account {
            if !account.erasing {
                return Err(Refused::NotMarked.into());
            }
            self.free_name(&account).await?;
            let everything = Batch::new(rows::account(uin)).delete_range("", None);
            write(&self.engine, everything).await?;
            self.registered.erased();
        }
        let listed = Batch::new(rows::ERASING).delete(rows::number(uin));
        write(&self.engine, listed).await?;
        Ok(Empty {})
    }

    /// Frees an account's name unless it was freed before; somebody else may have it by now.
    async fn free_name(&self, account: &Account) -> Result<(), Status> {
        let partition = rows::name(&account.name);
        let keys = vec![rows::OWNER];
        let got = self.engine.get(partition.clone(), keys, 0).await?;
        let Some(row) = got.rows.into_iter().next().flatten() else {
            return Ok(());
        };
        if rows::read_number(&row.value)? == account.uin {
            let still = Condition::PartitionAt(got.version);
            let free = Batch::new(partition).when(still).delete(rows::OWNER);
            write(&self.engine, free).await?;
        }
        Ok(())
    }
}
