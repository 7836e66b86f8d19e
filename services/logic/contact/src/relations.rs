//! Read, decide, write; again when somebody came between.

use crate::refusal::of_store;
use crate::rules::{Action, Change, Lost, Pair, check_blocks, decide, taken_back};
use im_idl::base::Versions;
use im_idl::contact::Entry;
use im_idl::contact_store::{ContactStoreClient, GetPairRequest, PutPairRequest, Side};
use im_serve::Notifier;
use std::time::Duration;
use svrkit_rt::{Code, Status, clock};
use tokio::time::sleep;

/// Tries of a change that others come before. The devices of two people do not change it more often at once.
const TRIES_MAX: u32 = 7;
/// The longest pause after a try, doubling with each: two who stood in each other's way shall not do it again.
const PAUSE_MS: u64 = 5;

/// Pairs, and who hears of their changes.
pub(crate) struct Relations {
    store: ContactStoreClient,
    notifier: Notifier,
}

/// A pair as it was read.
struct Read {
    pair: Pair,
    my_version: u64,
    their_version: u64,
}

impl Relations {
    pub(crate) fn new(store: ContactStoreClient, notifier: Notifier) -> Relations {
        Relations { store, notifier }
    }

    /// Does something about `peer` on behalf of `caller`, and returns what `caller` sees of him now.
    ///
    /// # Errors
    /// A refusal of the rules or of the store; `Aborted` when others came between each time.
    pub(crate) async fn change(
        &self,
        caller: u64,
        peer: u64,
        action: &Action,
    ) -> Result<Entry, Status> {
        let mut lost = Vec::new();
        for tries in 0..TRIES_MAX {
            let read = self.read(caller, peer).await?;
            if lost.is_empty() {
                check_blocks(&read.pair, action)?;
            }
            let change = match decide(&read.pair, action, clock::now_ms()) {
                Ok(change) => change,
                Err(refusal) => {
                    self.take_back(caller, peer, &lost).await?;
                    return Err(refusal.into());
                }
            };
            let wanted = match &change {
                Change::Nothing => return Ok(read.pair.mine),
                Change::Mine(mine) => Pair {
                    mine: mine.clone(),
                    theirs: read.pair.theirs.clone(),
                },
                Change::Both(pair) => pair.clone(),
            };
            match self.write(caller, peer, &read, change).await {
                Ok(version) => {
                    return Ok(Entry {
                        version,
                        ..wanted.mine
                    });
                }
                Err(status) if status.code() == Code::Aborted => {
                    let found = read.pair;
                    lost.push(Lost { found, wanted });
                    pause(tries).await;
                }
                Err(status) => return Err(of_store(status)),
            }
        }
        Err(Status::aborted("others changed it each time"))
    }

    /// Takes back what lost tries left, so that a refused call has done nothing.
    async fn take_back(&self, caller: u64, peer: u64, lost: &[Lost]) -> Result<(), Status> {
        if lost.is_empty() {
            return Ok(());
        }
        for tries in 0..TRIES_MAX {
            let read = self.read(caller, peer).await?;
            let Some(mine) = taken_back(&read.pair, lost) else {
                return Ok(());
            };
            match self.write(caller, peer, &read, Change::Mine(mine)).await {
                Err(status) if status.code() == Code::Aborted => pause(tries).await,
                answer => return answer.map(drop).map_err(of_store),
            }
        }
        Err(Status::aborted("others changed it each time"))
    }

    /// Writes a change of what was read, and tells those whose lists changed. The version of the caller's list.
    async fn write(
        &self,
        caller: u64,
        peer: u64,
        read: &Read,
        change: Change,
    ) -> Result<u64, Status> {
        let (mine, theirs) = match change {
            Change::Nothing => (None, None),
            Change::Mine(mine) => (Some(mine), None),
            Change::Both(pair) => (Some(pair.mine), Some(pair.theirs)),
        };
        let side = |entry, expected_version| Side {
            entry: Some(entry),
            expected_version,
        };
        let put = PutPairRequest {
            uin: caller,
            peer,
            mine: mine.map(|mine| side(mine, read.my_version)),
            theirs: theirs.map(|theirs| side(theirs, read.their_version)),
        };
        let put = self.store.put_pair(put).await?;
        let lists = [(caller, put.my_version), (peer, put.their_version)];
        let changed = lists.into_iter().filter(|(_, version)| *version > 0);
        self.notifier.notify(changed.map(|(uin, contacts)| {
            let versions = Versions {
                contacts,
                ..Versions::default()
            };
            (uin, versions)
        }));
        Ok(put.my_version)
    }

    async fn read(&self, uin: u64, peer: u64) -> Result<Read, Status> {
        let read = self.store.get_pair(GetPairRequest { uin, peer }).await?;
        let (mine, theirs) = (
            read.mine.unwrap_or_default(),
            read.theirs.unwrap_or_default(),
        );
        let stranger = |uin| Entry {
            uin,
            ..Entry::default()
        };
        Ok(Read {
            my_version: mine.expected_version,
            their_version: theirs.expected_version,
            pair: Pair {
                mine: mine.entry.unwrap_or_else(|| stranger(peer)),
                theirs: theirs.entry.unwrap_or_else(|| stranger(uin)),
            },
        })
    }
}

async fn pause(tries: u32) {
    let pause = fastrand::u64(..=PAUSE_MS << tries);
    sleep(Duration::from_millis(pause)).await;
}
