//! Devices and users that go.

use crate::layout;
use crate::store::{Store, contended};
use im_engine::Batch;
use im_idl::message_store::{EraseRequest, ForgetDeviceRequest};
use svrkit_rt::Status;

impl Store {
    /// A device holds nothing back any more.
    pub(crate) async fn forget_device(&self, request: ForgetDeviceRequest) -> Result<(), Status> {
        let ForgetDeviceRequest { uin, device } = request;
        if device.is_empty() {
            return Err(Status::invalid_argument("device has no name"));
        }
        let _alone = self.tidying.write().await;
        let batch = Batch::new(layout::inbox(uin)).quiet();
        let batch = batch.delete(layout::device(&device));
        self.write_one(batch).await?;
        self.with_devices(uin, |devices| devices.forget(&device))
            .await
    }

    /// Everything of a user goes but his inbox's version: a version never comes twice.
    pub(crate) async fn erase(&self, request: EraseRequest) -> Result<(), Status> {
        let inbox = layout::inbox(request.uin);
        let step = self.config.delete_rows_max.max(1);
        let _alone = self.tidying.write().await;
        let versions = self.engine.versions(vec![inbox.clone()]).await?;
        let newest = versions.first().copied().unwrap_or(0);
        let floor = self.with_devices(request.uin, |devices| devices.floor());
        let mut floor = floor.await?;
        // In steps, so that a full inbox is not one giant commit.
        while floor < newest {
            let to = newest.min(floor + step);
            let batch = Batch::new(inbox.clone()).quiet();
            let end = layout::entry(to + 1);
            let batch = batch.delete_range(layout::entry(floor + 1), Some(end));
            self.write_one(batch).await?;
            floor = to;
        }
        let rest = Batch::new(inbox).quiet();
        self.write_one(rest.delete_range("", None)).await?;
        self.devices.remove(request.uin);
        Ok(())
    }

    async fn write_one(&self, batch: Batch) -> Result<u64, Status> {
        let answer = self.engine.write(vec![batch]).await.pop();
        Ok(answer.ok_or_else(contended)??)
    }
}
