//! Messages taken back.

use crate::layout::{self, Way};
use crate::row::{self, Known};
use crate::store::{ATTEMPTS_MAX, Store, contended, lost};
use bytes::Bytes;
use im_engine::{Batch, Condition, Op};
use im_idl::ids;
use im_idl::message::Recalled;
use im_idl::message_store::{RecallRequest, RecallResponse};
use svrkit_rt::{Status, clock};

/// Within this time a message can be taken back: as long as its receiver may still think that he misread.
const RECALL_MS: u64 = 2 * 60 * 1000;
const DOMAIN: &str = "im.message";

/// A message as one partition knows it.
struct Found {
    partition: Bytes,
    /// The partition's version.
    version: u64,
    /// Key and version of its dedupe row.
    key: Bytes,
    row_version: u64,
    known: Known,
}

impl Store {
    /// Takes a message back, once: repeated, it answers the same.
    pub(crate) async fn recall(&self, request: RecallRequest) -> Result<RecallResponse, Status> {
        if !ids::is_uin(request.sender) || request.client_message_id == 0 {
            return Err(Status::invalid_argument("sender or message is nobody's"));
        }
        match request.chat {
            chat if ids::is_group(chat) => self.recall_of_group(request).await,
            chat if ids::is_uin(chat) => self.recall_of_two(request).await,
            _ => Err(Status::invalid_argument("chat is nobody")),
        }
    }

    async fn recall_of_two(&self, request: RecallRequest) -> Result<RecallResponse, Status> {
        let (sender, receiver) = (request.sender, request.chat);
        for _ in 0..ATTEMPTS_MAX {
            let now_ms = clock::now_ms();
            let theirs = self.find(layout::inbox(receiver), Way::Received, sender, &request);
            let theirs = theirs.await?.ok_or_else(unknown)?;
            theirs.check_age(now_ms)?;
            // There only when he had another device.
            let mine = self.find(layout::inbox(sender), Way::Sent, receiver, &request);
            let mine = mine.await?;
            let sender_version = mine.as_ref().map_or(0, |found| found.version);
            let mut versions = [theirs.version, sender_version];

            // Each for itself, so that a repetition does what an earlier try has left undone.
            let mut batches = Vec::new();
            let mut open = Vec::new();
            let sides = [(Some(theirs), sender), (mine, receiver)];
            for (side, (found, chat)) in sides.into_iter().enumerate() {
                if let Some(found) = found.filter(|found| found.known.recalled_at.is_none()) {
                    let gone = Op::Delete {
                        key: layout::entry(found.known.version),
                    };
                    batches.push(found.recall(gone, now_ms, recalled(&request, chat, now_ms)));
                    open.push(side);
                }
            }
            let mut lost_one = false;
            for (side, answer) in open.into_iter().zip(self.engine.write(batches).await) {
                match answer {
                    Ok(version) => versions[side] = version,
                    Err(error) => {
                        lost(error)?;
                        lost_one = true;
                    }
                }
            }
            if !lost_one {
                let [receiver_version, sender_version] = versions;
                return Ok(RecallResponse {
                    receiver_version,
                    sender_version,
                    ..RecallResponse::default()
                });
            }
        }
        Err(contended())
    }

    async fn recall_of_group(&self, request: RecallRequest) -> Result<RecallResponse, Status> {
        let group = request.chat;
        for _ in 0..ATTEMPTS_MAX {
            let now_ms = clock::now_ms();
            let log = layout::group_log(group);
            let found = self.find(log, Way::Received, request.sender, &request);
            let found = found.await?.ok_or_else(unknown)?;
            found.check_age(now_ms)?;
            let seq = found.known.version;
            let group_seq = match found.known.recalled_at {
                Some(group_seq) => group_seq,
                None => {
                    // Its place stays: index rows point there.
                    let erased = Op::Put {
                        key: layout::entry(seq),
                        value: row::erased(found.known.time_ms),
                    };
                    let recalled = recalled(&request, group, now_ms);
                    let batch = found.recall(erased, now_ms, recalled);
                    let answer = self.engine.write(vec![batch]).await.pop();
                    match answer.ok_or_else(contended)? {
                        Ok(group_seq) => group_seq,
                        Err(error) => {
                            lost(error)?;
                            continue;
                        }
                    }
                }
            };
            self.bodies.erase(group, seq);
            return Ok(RecallResponse {
                group_seq,
                fanned_seq: self.with_fanned(group, |fanned| fanned.seq).await?,
                ..RecallResponse::default()
            });
        }
        Err(contended())
    }

    async fn find(
        &self,
        partition: Bytes,
        way: Way,
        peer: u64,
        request: &RecallRequest,
    ) -> Result<Option<Found>, Status> {
        let keys = layout::dedupes(clock::now_ms(), way, peer, request.client_message_id);
        let got = self.engine.get(partition.clone(), keys.into(), 0).await?;
        let Some(row) = got.rows.into_iter().flatten().next() else {
            return Ok(None);
        };
        Ok(Some(Found {
            known: Known::of(&row)?,
            partition,
            version: got.version,
            key: row.key,
            row_version: row.version,
        }))
    }
}

impl Found {
    fn check_age(&self, now_ms: u64) -> Result<(), Status> {
        let in_time = now_ms.saturating_sub(self.known.time_ms) <= RECALL_MS;
        if in_time || self.known.recalled_at.is_some() {
            return Ok(());
        }
        let status = Status::failed_precondition("it was sent more than two minutes ago");
        Err(status.with_reason(DOMAIN, "TOO_OLD"))
    }

    /// Does `erase` to the message, and says so in a new entry.
    fn recall(self, erase: Op, now_ms: u64, recalled: Recalled) -> Batch {
        let mut batch = Batch::new(self.partition).when(Condition::RowAt {
            key: self.key.clone(),
            version: self.row_version,
        });
        batch.ops.push(erase);
        batch
            .append(layout::ENTRIES, row::recalled(now_ms, &recalled))
            .put(self.key, self.known.recalled_value())
    }
}

/// The entry as it stands in `chat`.
fn recalled(request: &RecallRequest, chat: u64, time_ms: u64) -> Recalled {
    Recalled {
        sender: request.sender,
        chat,
        client_message_id: request.client_message_id,
        time_ms,
    }
}

fn unknown() -> Status {
    Status::not_found("no such message").with_reason(DOMAIN, "NO_SUCH_MESSAGE")
}
