//! How users call themselves, remembered for a while.

use im_idl::account_store::AccountStoreClient;
use im_idl::base::Uins;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use svrkit_rt::Status;
use tokio::time::Instant;

/// A user's names; both empty when there is no such user (any more).
#[derive(Debug, Default)]
pub(crate) struct Name {
    pub(crate) name: String,
    pub(crate) nickname: String,
}

/// Names of at most `max` users, each asked for again when it is too old.
pub(crate) struct Names {
    accounts: AccountStoreClient,
    lifetime: Duration,
    max: usize,
    /// A lock, and never over an await.
    known: Mutex<HashMap<u64, (Arc<Name>, Instant)>>,
}

impl Names {
    pub(crate) fn new(accounts: AccountStoreClient, lifetime: Duration, max: usize) -> Names {
        let known = Mutex::default();
        Names {
            accounts,
            lifetime,
            max,
            known,
        }
    }

    /// Names of all these users.
    ///
    /// # Errors
    /// What the store answers: a client keeps what it is told, so it is told names or nothing.
    pub(crate) async fn of(
        &self,
        uins: impl IntoIterator<Item = u64>,
    ) -> Result<HashMap<u64, Arc<Name>>, Status> {
        let (mut names, missing) = self.look(uins);
        if missing.is_empty() {
            return Ok(names);
        }
        let accounts = self.accounts.get_many(Uins {
            uins: missing.clone(),
        });
        for account in accounts.await?.accounts {
            let name = Name {
                name: account.name,
                nickname: account.nickname,
            };
            names.insert(account.uin, Arc::new(name));
        }
        for uin in &missing {
            names.entry(*uin).or_default();
        }
        self.keep(&names, &missing);
        Ok(names)
    }

    /// Those that are known, and those that are not.
    fn look(&self, uins: impl IntoIterator<Item = u64>) -> (HashMap<u64, Arc<Name>>, Vec<u64>) {
        let now = Instant::now();
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut names, mut missing) = (HashMap::new(), Vec::new());
        for uin in uins {
            match known.get(&uin) {
                Some((name, expires)) if *expires > now => {
                    names.insert(uin, name.clone());
                }
                _ => missing.push(uin),
            }
        }
        missing.sort_unstable();
        missing.dedup();
        (names, missing)
    }

    fn keep(&self, names: &HashMap<u64, Arc<Name>>, uins: &[u64]) {
        let now = Instant::now();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() + uins.len() > self.max {
            known.retain(|_, (_, expires)| *expires > now);
            // All in use: they are asked for again, which costs a call.
            if known.len() + uins.len() > self.max {
                known.clear();
            }
        }
        for uin in uins {
            if let Some(name) = names.get(uin) {
                known.insert(*uin, (name.clone(), now + self.lifetime));
            }
        }
    }
}
