//! How many users there are.
//!
//! Nobody needs it to decide anything, so it is not kept: it is counted once, in the background, and followed from there on.

use crate::rows;
use im_engine::{Engine, EngineError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};
use std::time::Duration;
use tokio::time::sleep;

svrkit_rt::monitor! {
    /// Users who have an account.
    static USERS: Gauge = "im_users_registered";
}

/// Accounts looked at in one go, and the pause after it: a million take a few minutes, and nobody notices.
const PAGE: usize = 256;
const PAUSE: Duration = Duration::from_millis(20);

/// Accounts since the process began; of the others once they are counted.
#[derive(Debug, Default)]
pub(crate) struct Registered {
    accounts: AtomicI64,
    is_counted: AtomicBool,
}

impl Registered {
    /// An account came into being, by this process.
    pub(crate) fn created(&self) {
        self.change(1);
    }

    /// An account is gone.
    pub(crate) fn erased(&self) {
        self.change(-1);
    }

    fn change(&self, by: i64) {
        let accounts = self.accounts.fetch_add(by, Relaxed) + by;
        if self.is_counted.load(Relaxed) {
            USERS.set(accounts);
        }
    }

    /// Counts the accounts with a number below `next`: those that were there when the process began, as it takes its numbers from there
    /// on. One that is erased in this very moment may be missed.
    pub(crate) async fn count(self: Arc<Registered>, engine: Engine, next: u64) {
        match count(&engine, next).await {
            Ok(accounts) => {
                self.is_counted.store(true, Relaxed);
                self.change(accounts);
            }
            Err(error) => {
                tracing::warn!(%error, "users cannot be counted: there is no figure of them")
            }
        }
    }
}

async fn count(engine: &Engine, next: u64) -> Result<i64, EngineError> {
    let prefix = rows::account_prefix();
    let end = rows::account(next);
    let mut after = None;
    let mut accounts = 0;
    loop {
        let page = engine
            .partitions(prefix.clone(), after.take(), PAGE)
            .await?;
        for partition in page.iter().filter(|partition| **partition < end) {
            let got = engine
                .get(partition.clone(), vec![rows::ACCOUNT], 0)
                .await?;
            accounts += i64::from(got.rows.iter().any(Option::is_some));
        }
        match page.last() {
            Some(last) if *last < end => after = Some(last.clone()),
            _ => return Ok(accounts),
        }
        sleep(PAUSE).await;
    }
}
