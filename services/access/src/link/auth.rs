//! A ticket becomes a link's user.

use crate::handle::{Handle, Identity};
use crate::node::{Node, address_text};
use bytes::Bytes;
use im_idl::access::{AuthRequest, AuthResponse};
use im_idl::base::Caller;
use prost::Message;
use std::net::IpAddr;
use std::sync::Arc;
use svrkit_rt::{Status, clock};

/// Whose a link is.
#[derive(Debug)]
pub(super) struct Authenticated {
    uin: u64,
    device: String,
}

impl Authenticated {
    pub(super) fn answer(self, idle_timeout_ms: u64) -> AuthResponse {
        AuthResponse {
            uin: self.uin,
            device: self.device,
            server_time_ms: clock::now_ms(),
            idle_timeout_ms: u32::try_from(idle_timeout_ms).unwrap_or(u32::MAX),
            error: None,
        }
    }
}

/// Has the ticket verified and the link registered. A link stays its user's device's: another ticket of the same is welcome (it was
/// renewed), any other is refused.
///
/// # Errors
/// The refusal of either service; `PermissionDenied` for another user's or device's ticket.
pub(super) async fn authenticate(
    node: Arc<Node>,
    handle: Arc<Handle>,
    request: Bytes,
    client_version: u32,
    address: Option<IpAddr>,
) -> Result<Authenticated, Status> {
    let invalid = |e| Status::invalid_argument(format!("request is no im.access.AuthRequest: {e}"));
    let ticket = AuthRequest::decode(request).map_err(invalid)?.ticket;
    // Before the ticket is found good: a kick that comes between must find the link older than itself.
    let opened_ms = clock::now_ms();
    let whose = node.tickets.verify(ticket).await?;
    let caller = Caller {
        uin: whose.uin,
        device: whose.device.clone(),
        client_version,
        address: address_text(address),
    };
    let identity = handle.belongs_to(Identity::new(&caller, opened_ms));
    if identity.uin != whose.uin || identity.caller().device != whose.device {
        let message = "the link belongs to another user or device";
        return Err(Status::permission_denied(message));
    }
    if !handle.is_joined() {
        node.presence.join(handle).await?;
    }
    Ok(Authenticated {
        uin: whose.uin,
        device: whose.device,
    })
}
