//! Devices of accounts.

use crate::refused::Refused;
use crate::rows;
use crate::service::{Store, write};
use im_engine::{Batch, Condition, WriteError};
use im_idl::account_store::{Device, PutDeviceRequest, PutDeviceResponse};
use im_idl::base::Empty;
use svrkit_rt::Status;

/// Changes of one account that may come between reading and writing it.
const ATTEMPTS_MAX: usize = 8;

impl Store {
    pub(crate) async fn put_device(
        &self,
        request: PutDeviceRequest,
    ) -> Result<PutDeviceResponse, Status> {
        let device = request.device.ok_or(Refused::Incomplete)?;
        if device.device.is_empty() {
            return Err(Refused::Incomplete.into());
        }
        let (key, value) = (rows::device(&device.device), rows::write(&device));
        for _ in 0..ATTEMPTS_MAX {
            let loaded = self.load(request.uin).await?;
            let read_at = loaded.version;
            let (_, devices) = loaded.living()?;
            if request.expected_version != 0 && request.expected_version != read_at {
                break;
            }
            let known = devices.iter().any(|it| it.device == device.device);
            if !known && devices.len() >= self.config.devices_max {
                return Err(Refused::DevicesMax.into());
            }
            let batch = Batch::new(rows::account(request.uin))
                .when(Condition::PartitionAt(read_at))
                .put(key.clone(), value.clone());
            match write(&self.engine, batch).await {
                Ok(serial) => return Ok(PutDeviceResponse { serial }),
                Err(WriteError::Condition { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Refused::Changed.into())
    }

    /// A device with its serial. One row: an account that is being erased has none.
    pub(crate) async fn device(&self, uin: u64, device: &str) -> Result<Option<Device>, Status> {
        let keys = vec![rows::device(device)];
        let got = self.engine.get(rows::account(uin), keys, 0).await?;
        let Some(row) = got.rows.into_iter().next().flatten() else {
            return Ok(None);
        };
        let device = rows::read(&row.value)?;
        let serial = row.version;
        Ok(Some(Device { serial, ..device }))
    }

    pub(crate) async fn delete_device(&self, uin: u64, device: &str) -> Result<Empty, Status> {
        if self.device(uin, device).await?.is_some() {
            let batch = Batch::new(rows::account(uin)).delete(rows::device(device));
            write(&self.engine, batch).await?;
        }
        Ok(Empty {})
    }
}
