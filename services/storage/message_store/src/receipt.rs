//! Who has read what.

use crate::layout;
use crate::row;
use crate::store::{ATTEMPTS_MAX, Store, contended, lost};
use bytes::{BufMut, Bytes};
use im_engine::{Batch, Condition};
use im_idl::ids;
use im_idl::message_store::{AppendReceiptRequest, AppendReceiptResponse};
use svrkit_rt::{Status, clock};

impl Store {
    /// A receipt into the inbox of him whose message was read. Of one reader in one chat only the newest is kept: it takes the place of
    /// the one before, as a new entry.
    pub(crate) async fn append_receipt(
        &self,
        request: AppendReceiptRequest,
    ) -> Result<AppendReceiptResponse, Status> {
        let receipt = request
            .receipt
            .ok_or_else(|| Status::invalid_argument("receipt is missing"))?;
        if !ids::is_uin(request.to) || !ids::is_uin(receipt.reader) {
            return Err(Status::invalid_argument("sender or reader is nobody"));
        }
        let inbox = layout::inbox(request.to);
        let key = layout::receipt(receipt.chat, receipt.reader);
        for _ in 0..ATTEMPTS_MAX {
            let now_ms = clock::now_ms();
            let got = self.engine.get(inbox.clone(), vec![key.clone()], 0).await?;
            let before = got.rows.into_iter().flatten().next();
            let is_known = |row: &im_engine::Row| {
                message_and_time(&row.value).is_some_and(|(id, _)| id == receipt.client_message_id)
            };
            if before.as_ref().is_some_and(is_known) {
                let version = got.version;
                return Ok(AppendReceiptResponse { version });
            }
            let mut batch = Batch::new(inbox.clone());
            batch = match before {
                None => batch.when(Condition::Absent { key: key.clone() }),
                Some(before) => {
                    let version = before.version;
                    let key = key.clone();
                    // The row was written with its entry, so its version is the entry's.
                    batch
                        .when(Condition::RowAt { key, version })
                        .delete(layout::entry(version))
                }
            };
            batch = batch
                .append(layout::ENTRIES, row::receipt(now_ms, &receipt))
                .put(key.clone(), value(receipt.client_message_id, now_ms));
            match self.engine.write(vec![batch]).await.pop() {
                Some(Ok(version)) => {
                    self.rows.count_appended(1);
                    return Ok(AppendReceiptResponse { version });
                }
                Some(Err(error)) => drop(lost(error)?),
                None => break,
            }
        }
        Err(contended())
    }
}

fn value(client_message_id: u64, time_ms: u64) -> Bytes {
    let mut value = Vec::with_capacity(16);
    value.put_u64(client_message_id);
    value.put_u64(time_ms);
    value.into()
}

/// What a receipt's row says: the message, and when its reader said so.
pub(crate) fn message_and_time(value: &[u8]) -> Option<(u64, u64)> {
    let (message, time_ms) = value.split_at_checked(8)?;
    layout::last_number(message).zip(layout::last_number(time_ms))
}
