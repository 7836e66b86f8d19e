//! New messages.

use crate::layout::{self, Way};
use crate::row::{self, Known};
use crate::store::{ATTEMPTS_MAX, Store, contended, lost};
use bytes::Bytes;
use im_engine::{Batch, Condition, WriteError};
use im_idl::ids;
use im_idl::message::Item;
use im_idl::message_store::{
    AppendGroupRequest, AppendGroupResponse, AppendRequest, AppendResponse,
};
use prost::Message;
use svrkit_rt::{Status, clock};

/// Bytes of one message. Content is far smaller: what is large is kept elsewhere and only named. Whatever comes, an answer to a reader
/// has room for one.
const ITEM_BYTES_MAX: usize = 64 * 1024;

impl Store {
    /// A single message into the receiver's inbox, and into the sender's own when he has a device beside the one that sends.
    pub(crate) async fn append(&self, request: AppendRequest) -> Result<AppendResponse, Status> {
        let receiver = request.receiver;
        let mut item = checked(request.item)?;
        if !ids::is_uin(receiver) || receiver == item.sender {
            return Err(Status::invalid_argument("receiver is nobody else"));
        }
        item.chat = item.sender;
        let id = item.client_message_id;
        let device = &request.sender_device;
        let copies = self.with_devices(item.sender, |devices| devices.has_other(device));
        let copy = copies.await?.then(|| Item {
            chat: receiver,
            ..item.clone()
        });
        for _ in 0..ATTEMPTS_MAX {
            let now_ms = clock::now_ms();
            let inbox = layout::inbox(receiver);
            let keys = layout::dedupes(now_ms, Way::Received, item.sender, id);
            let mut batches = vec![message(inbox.clone(), keys.clone(), now_ms, &item)];
            if let Some(copy) = &copy {
                let keys = layout::dedupes(now_ms, Way::Sent, receiver, id);
                batches.push(message(layout::inbox(item.sender), keys, now_ms, copy));
            }
            let mut answers = self.engine.write(batches).await.into_iter();
            let (received, sent) = (answers.next().ok_or_else(contended)?, answers.next());
            // The copy has conditions of its own: a repetition mends one that was not written.
            let sender_version = match sent {
                None => 0,
                Some(answer) => self.counted(answer).or_else(lost)?,
            };
            match self.counted(received) {
                Ok(receiver_version) => {
                    return Ok(AppendResponse {
                        time_ms: now_ms,
                        duplicate: false,
                        receiver_version,
                        sender_version,
                    });
                }
                Err(error) => {
                    let receiver_version = lost(error)?;
                    if let Some(known) = self.known(inbox, keys).await? {
                        return Ok(AppendResponse {
                            time_ms: known.time_ms,
                            duplicate: true,
                            receiver_version,
                            sender_version,
                        });
                    }
                }
            }
        }
        Err(contended())
    }

    /// A group message into the group's log.
    pub(crate) async fn append_group(
        &self,
        request: AppendGroupRequest,
    ) -> Result<AppendGroupResponse, Status> {
        let item = checked(request.item)?;
        let group = item.chat;
        if !ids::is_group(group) {
            return Err(Status::invalid_argument("chat is no group"));
        }
        for _ in 0..ATTEMPTS_MAX {
            let now_ms = clock::now_ms();
            let log = layout::group_log(group);
            let id = item.client_message_id;
            let keys = layout::dedupes(now_ms, Way::Received, item.sender, id);
            let batch = message(log.clone(), keys.clone(), now_ms, &item);
            let answer = self.engine.write(vec![batch]).await.pop();
            let (group_seq, time_ms, duplicate) = match answer.ok_or_else(contended)? {
                Ok(seq) => (seq, now_ms, false),
                Err(error) => {
                    lost(error)?;
                    let Some(known) = self.known(log, keys).await? else {
                        continue;
                    };
                    (known.version, known.time_ms, true)
                }
            };
            return Ok(AppendGroupResponse {
                group_seq,
                time_ms,
                duplicate,
                fanned_seq: self.with_fanned(group, |fanned| fanned.seq).await?,
            });
        }
        Err(contended())
    }

    /// What a message's dedupe rows say; `None` when they are gone.
    pub(crate) async fn known(
        &self,
        partition: Bytes,
        keys: [Bytes; 2],
    ) -> Result<Option<Known>, Status> {
        let got = self.engine.get(partition, keys.into(), 0).await?;
        let row = got.rows.into_iter().flatten().next();
        Ok(row.as_ref().map(Known::of).transpose()?)
    }

    fn counted(&self, answer: Result<u64, WriteError>) -> Result<u64, WriteError> {
        if answer.is_ok() {
            self.rows.count_appended(1);
        }
        answer
    }
}

/// A message, once.
fn message(partition: Bytes, keys: [Bytes; 2], time_ms: u64, item: &Item) -> Batch {
    let [today, yesterday] = keys;
    let absent = |key: &Bytes| Condition::Absent { key: key.clone() };
    Batch::new(partition)
        .when(absent(&today))
        .when(absent(&yesterday))
        .append(layout::ENTRIES, row::item(time_ms, item))
        .put(today, Known::value(time_ms))
}

fn checked(item: Option<Item>) -> Result<Item, Status> {
    let item = item.ok_or_else(|| Status::invalid_argument("item is missing"))?;
    if !ids::is_uin(item.sender) {
        return Err(Status::invalid_argument("sender is nobody"));
    }
    if item.client_message_id == 0 {
        return Err(Status::invalid_argument("client_message_id is 0"));
    }
    if item
        .content
        .as_ref()
        .is_none_or(|content| content.kind.is_none())
    {
        return Err(Status::invalid_argument("content is missing"));
    }
    if item.encoded_len() > ITEM_BYTES_MAX {
        return Err(Status::invalid_argument("item is too large"));
    }
    Ok(Item {
        time_ms: 0,
        group_seq: 0,
        ..item
    })
}
