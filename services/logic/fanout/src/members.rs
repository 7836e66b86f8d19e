//! Who is in a group.

use im_idl::group_store::{GroupStoreClient, MembersRequest, MembersResponse};
use im_idl::ids;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use svrkit_rt::{Call, Code, Status};

/// Members of one page.
const PAGE_MEMBERS: u32 = 500;
/// Times that a group is read from the beginning when it changes while it is read. Then what was read will do: whoever comes or goes at
/// this very moment may get the message or not.
const READS_MAX: usize = 3;

/// Members of groups, and the last of them in memory by the group's version.
pub(crate) struct Members {
    store: GroupStoreClient,
    timeout: Duration,
    /// A lock, held for a look or an insertion only.
    cache: Mutex<Cache>,
}

/// Members of a group at a version.
#[derive(Clone, Debug)]
struct Known {
    version: u64,
    uins: Arc<[u64]>,
}

impl Members {
    /// Asks this store, and remembers so many members of all groups together.
    pub(crate) fn new(store: GroupStoreClient, timeout: Duration, members_max: usize) -> Members {
        let cache = Mutex::new(Cache::new(members_max));
        Members {
            store,
            timeout,
            cache,
        }
    }

    /// All members, by rising numbers, at `version` or a later one; the newest for 0. A group that is no more has none.
    ///
    /// # Errors
    /// The store's; `DeadlineExceeded` when it takes too long altogether.
    pub(crate) async fn of(&self, group: u64, version: u64) -> Result<Arc<[u64]>, Status> {
        let known = self.cache().get(group);
        if let Some(known) = &known
            && version > 0
            && known.version >= version
        {
            return Ok(known.uins.clone());
        }
        let read = tokio::time::timeout(self.timeout, self.read(group, known));
        let read = read
            .await
            .unwrap_or_else(|_| Err(Status::deadline_exceeded("the group store took too long")));
        match read {
            Ok(read) => {
                self.cache().put(group, read.clone());
                Ok(read.uins)
            }
            Err(status) if status.code() == Code::NotFound => Ok(Arc::default()),
            Err(status) => Err(status),
        }
    }

    async fn read(&self, group: u64, known: Option<Known>) -> Result<Known, Status> {
        let mut page = self.page(group, 0).await?;
        if let Some(known) = known.filter(|known| known.version == page.version) {
            return Ok(known);
        }
        for reads_left in (0..READS_MAX).rev() {
            let version = page.version;
            let mut uins: Vec<u64> = Vec::new();
            loop {
                let after = uins.last().copied().unwrap_or(0);
                let new = page.members.iter().map(|member| member.uin);
                uins.extend(new.filter(|uin| *uin > after && ids::is_uin(*uin)));
                let last = uins.last().copied().unwrap_or(0);
                if !page.more || last == after {
                    let uins = uins.into();
                    return Ok(Known { version, uins });
                }
                page = self.page(group, last).await?;
                if page.version != version && reads_left > 0 {
                    page = self.page(group, 0).await?;
                    break;
                }
            }
        }
        // The last reading does not end but with an answer.
        Err(Status::aborted("the group changes all the time"))
    }

    async fn page(&self, group: u64, after: u64) -> Result<MembersResponse, Status> {
        let request = MembersRequest {
            group,
            after,
            rows_max: PAGE_MEMBERS,
        };
        let call = Call::new(request).timeout(self.timeout);
        Ok(self.store.members_with(call).await?.message)
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        // Nothing in it can be half done.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Two halves: what was asked for since the younger one began, and what was before. When the younger is full it becomes the older, and
/// what nobody asked for meanwhile is forgotten.
struct Cache {
    half_max: usize,
    young: HashMap<u64, Known>,
    young_members: usize,
    old: HashMap<u64, Known>,
}

impl Cache {
    fn new(members_max: usize) -> Cache {
        Cache {
            half_max: members_max / 2,
            young: HashMap::new(),
            young_members: 0,
            old: HashMap::new(),
        }
    }

    fn get(&mut self, group: u64) -> Option<Known> {
        if let Some(known) = self.young.get(&group) {
            return Some(known.clone());
        }
        let known = self.old.remove(&group)?;
        self.put(group, known.clone());
        Some(known)
    }

    fn put(&mut self, group: u64, known: Known) {
        // An empty group takes some room, too.
        let members = known.uins.len() + 1;
        if members > self.half_max {
            return;
        }
        if self.young_members + members > self.half_max {
            self.old = std::mem::take(&mut self.young);
            self.young_members = 0;
        }
        self.young_members += members;
        if let Some(before) = self.young.insert(group, known) {
            self.young_members -= before.uins.len() + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(members: u64) -> Known {
        let uins = (0..members).collect();
        Known { version: 1, uins }
    }

    #[test]
    fn who_is_asked_for_stays_and_memory_is_bounded() {
        let mut cache = Cache::new(100);
        for group in 0..1_000 {
            cache.put(group, known(9));
            assert!(cache.get(0).is_some(), "asked for all the time");
            assert!(cache.young_members <= 50 && cache.old.len() <= 5);
        }
        assert!(cache.get(500).is_none());
        cache.put(7, known(60));
        assert!(cache.get(7).is_none(), "too large to be worth it");
    }
}
