//! Keys that tickets are signed with.

use crate::refused::Refused;
use crate::rows;
use crate::service::{Store, write};
use im_engine::{Batch, Condition, Scan};
use im_idl::account_store::{ListKeysResponse, RotateKeysRequest};
use im_idl::base::Empty;
use svrkit_rt::Status;

impl Store {
    pub(crate) async fn list_keys(&self) -> Result<ListKeysResponse, Status> {
        // A handful, sorted by number: the oldest comes first.
        let page = self.engine.scan(Scan::all(rows::KEYS)).await?;
        let keys = page.rows.iter().map(|row| rows::read(&row.value));
        Ok(ListKeysResponse {
            keys: keys.collect::<Result<_, _>>()?,
            version: page.version,
        })
    }

    pub(crate) async fn rotate_keys(&self, request: RotateKeysRequest) -> Result<Empty, Status> {
        let add = request.add.ok_or(Refused::Incomplete)?;
        let mut batch =
            Batch::new(rows::KEYS).when(Condition::PartitionAt(request.expected_version));
        for id in request.forget {
            batch = batch.delete(rows::key(id));
        }
        let batch = batch.put(rows::key(add.id), rows::write(&add));
        write(&self.engine, batch).await?;
        Ok(Empty {})
    }
}
