//! Index rows of a group's messages into its members' inboxes.

use crate::layout;
use crate::row;
use crate::store::{ATTEMPTS_MAX, Store};
use bytes::Bytes;
use im_engine::{Batch, Condition, WriteError};
use im_idl::ids;
use im_idl::message_store::{FanOutRequest, FanOutResponse};
use svrkit_rt::{Status, clock};

/// Members of one request: the largest group.
const MEMBERS_MAX: usize = 1_000;
/// Rows of one request.
const ROWS_MAX: usize = 500;
/// Index rows that one request writes, together 5 MiB of log.
const INDEX_ROWS_MAX: usize = 100_000;

/// A row to be indexed: its place in the log, and the index row's value.
type Indexed = (u64, Bytes);

impl Store {
    /// Rows of a group's log into inboxes, in order, once each. An inbox remembers the last row it got of a group, and takes only those
    /// after it.
    pub(crate) async fn fan_out(&self, request: FanOutRequest) -> Result<FanOutResponse, Status> {
        check(&request)?;
        let FanOutRequest {
            group,
            rows,
            members,
        } = request;
        let last = rows.last().map_or(0, |row| row.group_seq);
        self.with_fanned(group, |fanned| fanned.seq = fanned.seq.max(last))
            .await?;
        let now_ms = clock::now_ms();
        let value = |seq| (seq, row::index(now_ms, group, seq));
        let rows: Vec<Indexed> = rows.iter().map(|row| value(row.group_seq)).collect();
        let mark = layout::mark(group);

        let mut versions = vec![0; members.len()];
        // Places in `members`, with how many of the rows are there already.
        let mut open: Vec<(usize, usize)> = (0..members.len()).map(|place| (place, 0)).collect();
        for _ in 0..ATTEMPTS_MAX {
            let batches = open
                .iter()
                .map(|(place, skip)| batch(members[*place], &mark, &rows[*skip..]));
            let answers = self.engine.write(batches.collect()).await;
            let mut lost = Vec::new();
            let mut written = 0;
            for ((place, skip), answer) in open.into_iter().zip(answers) {
                match answer {
                    Ok(version) => {
                        versions[place] = version;
                        written += rows.len() - skip;
                    }
                    Err(WriteError::Condition { .. }) => lost.push(place),
                    Err(WriteError::Engine(error)) => {
                        tracing::debug!(group, uin = members[place], %error, "rows were not written");
                    }
                }
            }
            self.rows.count_appended(written as u64);
            open = Vec::new();
            for place in lost {
                let inbox = layout::inbox(members[place]);
                let got = self.engine.get(inbox, vec![mark.clone()], 0).await?;
                let row = got.rows.into_iter().flatten().next();
                let there = row.and_then(|row| layout::last_number(&row.value));
                let skip = rows.partition_point(|row| row.0 <= there.unwrap_or(0));
                if skip == rows.len() {
                    versions[place] = got.version;
                } else {
                    open.push((place, skip));
                }
            }
            if open.is_empty() {
                break;
            }
        }
        Ok(FanOutResponse { versions })
    }
}

fn batch(member: u64, mark: &Bytes, rows: &[Indexed]) -> Batch {
    let mut batch = Batch::new(layout::inbox(member));
    if let (Some(first), Some(last)) = (rows.first(), rows.last()) {
        let key = mark.clone();
        batch = batch.when(Condition::Below { key, mark: first.0 });
        for (_, value) in rows {
            batch = batch.append(layout::ENTRIES, value.clone());
        }
        batch = batch.put(mark.clone(), layout::number(last.0));
    }
    batch
}

fn check(request: &FanOutRequest) -> Result<(), Status> {
    let (rows, members) = (&request.rows, &request.members);
    if !ids::is_group(request.group) {
        return Err(Status::invalid_argument("group is no group"));
    }
    if rows.is_empty() || rows.len() > ROWS_MAX || members.len() > MEMBERS_MAX {
        return Err(Status::invalid_argument(
            "too many rows or members, or no rows",
        ));
    }
    if rows.len() * members.len() > INDEX_ROWS_MAX {
        return Err(Status::invalid_argument(
            "too many rows for so many members",
        ));
    }
    if rows[0].group_seq == 0 || !rows.is_sorted_by(|a, b| a.group_seq < b.group_seq) {
        return Err(Status::invalid_argument("rows do not rise"));
    }
    if !members.iter().all(|member| ids::is_uin(*member)) {
        return Err(Status::invalid_argument("a member is nobody"));
    }
    Ok(())
}
