//! Users' lists of groups.

use crate::layout::{self, MEMBERSHIP, SHOWN, key, number};
use crate::rows::{self, write};
use bytes::Bytes;
use im_engine::{Batch, Condition, Engine, EngineError, Row, Scan, WriteError};
use im_idl::group::{Membership, Role};
use im_idl::group_store::{Count, ListResponse};
use prost::Message;
use svrkit_rt::Status;

/// Lists in one call to the engine: enough that syncs cost little a list, few enough that a group of thousands is not one long write.
const LISTS_PER_WRITE_MAX: usize = 500;
/// How many changes of a list pass between two looks at how many tombstones it has.
const CHANGES_PER_TRIM: u64 = 64;

/// Somebody's membership as his list is to show it.
pub(crate) struct Shown {
    pub(crate) uin: u64,
    pub(crate) role: i32,
}

/// What became of lists.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// Users whose lists changed, with their lists' versions.
    pub(crate) lists: Vec<(u64, u64)>,
    /// Why some were not written.
    pub(crate) failed: Option<EngineError>,
}

/// Shows in each user's list what `group`, called `name`, was at `version`. A list that shows a newer state stays.
pub(crate) async fn show(
    engine: &Engine,
    group: u64,
    name: &str,
    version: u64,
    shown: &[Shown],
) -> Written {
    let mut written = Written::default();
    for shown in shown.chunks(LISTS_PER_WRITE_MAX) {
        let batches = shown.iter().map(|shown| {
            let membership = Membership {
                role: shown.role,
                name: name.to_owned(),
                ..Membership::default()
            };
            let mark = key(SHOWN, group);
            Batch::new(layout::user(shown.uin))
                .when(Condition::Below {
                    key: mark.clone(),
                    mark: version,
                })
                .put(mark, number(version))
                .put(key(MEMBERSHIP, group), membership.encode_to_vec())
        });
        let answers = engine.write(batches.collect()).await;
        for (shown, answer) in shown.iter().zip(answers) {
            match answer {
                Ok(version) => written.lists.push((shown.uin, version)),
                Err(WriteError::Condition { .. }) => {}
                Err(WriteError::Engine(error)) => written.failed = Some(error),
            }
        }
    }
    written
}

/// Drops the oldest tombstones of a list beyond `tombstones_max`. Looks only now and then, by the list's version.
pub(crate) async fn trim(
    engine: &Engine,
    uin: u64,
    version: u64,
    tombstones_max: usize,
) -> Result<(), Status> {
    if !version.is_multiple_of(CHANGES_PER_TRIM) {
        return Ok(());
    }
    let (rows, _) = memberships(engine, uin).await?;
    let mut tombstones = Vec::new();
    for row in rows {
        if membership(&row)?.role == Role::None as i32 {
            tombstones.push(row);
        }
    }
    let surplus = tombstones.len().saturating_sub(tombstones_max);
    if surplus == 0 {
        return Ok(());
    }
    tombstones.sort_unstable_by_key(|row| row.version);
    let mut batch = Batch::new(layout::user(uin)).quiet();
    for row in tombstones.drain(..surplus) {
        let group = layout::number_of(&row.key)?;
        // He may be back in it by now.
        let unchanged = Condition::RowAt {
            key: row.key.clone(),
            version: row.version,
        };
        batch = batch
            .when(unchanged)
            .delete(row.key)
            .delete(key(SHOWN, group));
    }
    match write(engine, batch).await {
        // The next look drops them.
        Ok(_) | Err(WriteError::Condition { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Memberships that changed after a version, oldest change first.
pub(crate) async fn list(
    engine: &Engine,
    uin: u64,
    after_version: u64,
    rows_max: usize,
) -> Result<ListResponse, Status> {
    let (mut rows, mut version) = memberships(engine, uin).await?;
    rows.retain(|row| row.version > after_version);
    rows.sort_unstable_by_key(|row| row.version);
    let more = rows.len() > rows_max;
    rows.truncate(rows_max);
    if more && let Some(last) = rows.last() {
        version = last.version;
    }
    let groups = rows.iter().map(membership).collect::<Result<_, _>>()?;
    Ok(ListResponse {
        groups,
        version,
        more,
    })
}

/// In how many groups somebody is.
pub(crate) async fn count(engine: &Engine, uin: u64) -> Result<Count, Status> {
    let mut count = Count::default();
    for row in memberships(engine, uin).await?.0 {
        let role = membership(&row)?.role;
        count.joined += u32::from(role != Role::None as i32);
        count.owned += u32::from(role == Role::Owner as i32);
    }
    Ok(count)
}

/// Forgets a list.
///
/// # Errors
/// `FailedPrecondition` while it has a group; `Aborted` when it changes right now.
pub(crate) async fn erase(engine: &Engine, uin: u64) -> Result<(), Status> {
    let (rows, version) = memberships(engine, uin).await?;
    for row in &rows {
        if membership(row)?.role != Role::None as i32 {
            return Err(Status::failed_precondition("still in a group"));
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    let batch = Batch::new(layout::user(uin))
        .when(Condition::PartitionAt(version))
        .delete_range(Bytes::new(), None)
        .quiet();
    write(engine, batch).await?;
    Ok(())
}

/// All memberships, and the list's version. One that changes while they are read has a later version, so the next question by version
/// brings it.
async fn memberships(engine: &Engine, uin: u64) -> Result<(Vec<Row>, u64), EngineError> {
    let scan = Scan::prefix(layout::user(uin), vec![MEMBERSHIP]);
    rows::read(engine, scan).await
}

fn membership(row: &Row) -> Result<Membership, Status> {
    let membership: Membership = layout::message(&row.value)?;
    Ok(Membership {
        group: layout::number_of(&row.key)?,
        version: row.version,
        ..membership
    })
}
