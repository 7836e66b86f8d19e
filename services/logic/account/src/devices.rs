//! A user's devices.

use crate::service::Accounts;
use crate::text;
use im_idl::account::{
    Device, ListDevicesResponse, LogoutResponse, RemoveDeviceRequest, RemoveDeviceResponse,
};
use im_idl::account_store::{DeleteDeviceRequest, ListDevicesRequest};
use im_idl::base::Caller;
use im_idl::message_store::ForgetDeviceRequest;
use svrkit_rt::Status;

impl Accounts {
    pub(crate) async fn list_devices(
        &self,
        caller: &Caller,
    ) -> Result<ListDevicesResponse, Status> {
        let list = ListDevicesRequest { uin: caller.uin };
        let listed = self.deps.account_store.list_devices(list).await?;
        let devices = listed.devices.into_iter().map(|it| Device {
            device: it.device,
            device_name: it.device_name,
            logged_in_ms: it.logged_in_ms,
        });
        Ok(ListDevicesResponse {
            devices: devices.collect(),
            error: None,
        })
    }

    pub(crate) async fn logout(&self, caller: &Caller) -> Result<LogoutResponse, Status> {
        self.remove(caller.uin, &caller.device).await?;
        Ok(LogoutResponse::default())
    }

    pub(crate) async fn remove_device(
        &self,
        caller: &Caller,
        request: RemoveDeviceRequest,
    ) -> Result<RemoveDeviceResponse, Status> {
        self.remove(caller.uin, &request.device).await?;
        Ok(RemoveDeviceResponse::default())
    }

    /// Ends a device's tickets, then its links, and has its inbox not wait for it.
    async fn remove(&self, uin: u64, device: &str) -> Result<(), Status> {
        // None would mean all of them to who kicks.
        text::check_device(device)?;
        let device = device.to_owned();
        let delete = DeleteDeviceRequest {
            uin,
            device: device.clone(),
        };
        self.deps.account_store.delete_device(delete).await?;
        self.kicks.device(uin, &device);
        let forget = ForgetDeviceRequest { uin, device };
        // Waited for, so that it is not forgotten after it has come back; but the ticket is dead, so it cannot be tried again, and a
        // device that is silent for long is forgotten anyway.
        if let Err(status) = self.deps.message_store.forget_device(forget).await {
            tracing::warn!(uin, %status, "an inbox waits for a device that is gone");
        }
        Ok(())
    }
}
