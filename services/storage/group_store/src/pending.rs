//! Changes that users' lists may not show yet: written down before they happen, shown, and forgotten.

use crate::layout::{self, Concerned, INFO, Intent, MEMBER, PENDING, UNSETTLED, key, message};
use crate::lists::{self, Shown};
use crate::rows::{self, write};
use bytes::Bytes;
use im_engine::{Batch, Condition, Engine, Row, Scan, WriteError};
use im_idl::group::{Info, Member};
use std::collections::BTreeMap;
use svrkit_rt::{Status, clock};

/// Changes of one group shown at once. There is more than one only after the engine refused to write lists for a while.
const CHANGES_PER_LOOK_MAX: usize = 100;
/// How long a change may be under way between its intent and its batch, with a wide margin: the calls that make them last seconds.
const INTENT_KEEP_MS: u64 = 3_600_000;

/// Shows changes to users' lists.
pub(crate) struct Pending {
    engine: Engine,
    tombstones_max: usize,
}

/// What lists were brought up to date, and what that made superfluous.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    /// Users whose lists changed, with their lists' versions.
    pub(crate) lists: Vec<(u64, u64)>,
    /// Whether there are changes beyond those that were shown.
    pub(crate) more: bool,
    /// Forgets what has served.
    served: Vec<Batch>,
}

impl Pending {
    pub(crate) fn new(engine: Engine, tombstones_max: usize) -> Pending {
        Pending {
            engine,
            tombstones_max,
        }
    }

    /// Writes down that a change is about to give `group` this version, and lists are to show it.
    pub(crate) async fn intend(&self, group: u64, version: u64) -> Result<(), Status> {
        let intent = Intent {
            version,
            begun_ms: clock::now_ms(),
        };
        let batch = Batch::new(UNSETTLED).put(group_key(group), intent.encode());
        write(&self.engine, batch).await?;
        Ok(())
    }

    /// Brings lists up to date with a group. Two at once do no harm.
    ///
    /// # Errors
    /// The engine's, when some lists were not written. Nothing is forgotten then.
    pub(crate) async fn settle(&self, group: u64) -> Result<Settled, Status> {
        // Before all else: only what was intended by now may be forgotten.
        let intent = self
            .engine
            .get(UNSETTLED, vec![group_key(group)], 0)
            .await?
            .rows
            .pop()
            .flatten();
        let scan = Scan {
            rows_max: CHANGES_PER_LOOK_MAX,
            ..Scan::prefix(layout::group(group), vec![PENDING])
        };
        let changes = self.engine.scan(scan).await?;
        let mut settled = Settled {
            more: changes.more,
            ..Settled::default()
        };
        if !changes.rows.is_empty() {
            let concerned = merge(&changes.rows)?;
            settled.lists = self.show(group, concerned).await?;
            let forget = Batch::new(layout::group(group)).quiet();
            let forget = changes
                .rows
                .into_iter()
                .map(|row| row.key)
                .fold(forget, Batch::delete);
            settled.served.push(forget);
        }
        if let Some(intent) = intent
            && !changes.more
            && is_over(&intent, changes.version, clock::now_ms())?
        {
            let unchanged = Condition::RowAt {
                key: intent.key.clone(),
                version: intent.version,
            };
            let forget = Batch::new(UNSETTLED).when(unchanged).delete(intent.key);
            settled.served.push(forget.quiet());
        }
        Ok(settled)
    }

    /// Forgets what has served. Nobody needs to wait for it: what it leaves behind is done again, to no effect.
    ///
    /// # Errors
    /// The engine's, when something is left behind.
    pub(crate) async fn forget(&self, settled: Settled) -> Result<(), Status> {
        let mut outcome = Ok(());
        if !settled.served.is_empty() {
            for answer in self.engine.write(settled.served).await {
                // Where a condition does not hold, there is another change to be shown first.
                if let Err(WriteError::Engine(error)) = answer {
                    outcome = Err(error.into());
                }
            }
        }
        for (uin, version) in settled.lists {
            let trimmed = lists::trim(&self.engine, uin, version, self.tombstones_max).await;
            if let Err(status) = trimmed {
                tracing::warn!(uin, %status, "old ended memberships stay for now");
            }
        }
        outcome
    }

    /// Groups that were written down.
    ///
    /// # Errors
    /// The engine's.
    pub(crate) async fn unsettled(&self) -> Result<Vec<u64>, Status> {
        let (rows, _) = rows::read(&self.engine, Scan::all(UNSETTLED)).await?;
        let group = |row: &Row| layout::number_of(&row.key);
        rows.iter().map(group).collect()
    }

    async fn show(&self, group: u64, concerned: Concerned) -> Result<Vec<(u64, u64)>, Status> {
        let Concerned { everyone, uins } = concerned;
        let keys = uins.iter().map(|uin| key(MEMBER, *uin));
        let keys = std::iter::once(INFO).chain(keys).collect();
        let got = self.engine.get(layout::group(group), keys, 0).await?;
        let mut rows = got.rows.into_iter();
        let Some(info) = rows.next().flatten() else {
            return Err(layout::damaged("a group without info"));
        };
        let info: Info = message(&info.value)?;
        // The lists show the state of this moment, the first that is looked at: who is read later may be newer, never older.
        let version = got.version;
        let mut roles = BTreeMap::new();
        for (uin, row) in uins.into_iter().zip(rows) {
            let member: Option<Member> = row.map(|row| message(&row.value)).transpose()?;
            roles.insert(uin, member.map_or(0, |member| member.role));
        }
        if everyone {
            self.read_all_roles(group, &mut roles).await?;
        }
        let shown = roles.into_iter().map(|(uin, role)| Shown { uin, role });
        let shown: Vec<Shown> = shown.collect();
        let written = lists::show(&self.engine, group, &info.name, version, &shown).await;
        match written.failed {
            None => Ok(written.lists),
            Some(error) => Err(error.into()),
        }
    }

    async fn read_all_roles(
        &self,
        group: u64,
        roles: &mut BTreeMap<u64, i32>,
    ) -> Result<(), Status> {
        let scan = Scan::prefix(layout::group(group), vec![MEMBER]);
        let (rows, _) = rows::read(&self.engine, scan).await?;
        for row in rows {
            let member: Member = message(&row.value)?;
            roles.insert(layout::number_of(&row.key)?, member.role);
        }
        Ok(())
    }
}

/// Whose lists all these changes concern.
fn merge(changes: &[Row]) -> Result<Concerned, Status> {
    let mut all = Concerned::default();
    for row in changes {
        let concerned = Concerned::decode(&row.value)?;
        all.everyone |= concerned.everyone;
        all.uins.extend(concerned.uins);
    }
    all.uins.sort_unstable();
    all.uins.dedup();
    Ok(all)
}

/// Whether an intended change is written or never will be: the group has come to its version, so that its condition holds no more.
fn is_over(intent: &Row, group_version: u64, now_ms: u64) -> Result<bool, Status> {
    let intent = Intent::decode(&intent.value)?;
    let abandoned = intent.begun_ms.saturating_add(INTENT_KEEP_MS) < now_ms;
    Ok(group_version >= intent.version || abandoned)
}

fn group_key(group: u64) -> Bytes {
    layout::number(group)
}
