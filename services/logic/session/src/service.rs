//! The calls.

use crate::config::Config;
use crate::table::Table;
use im_idl::base::{Empty, Uins};
use im_idl::session::{
    CountResponse, LookupResponse, RegisterRequest, RegisterResponse, RenewRequest, RenewResponse,
    Session, SessionServer, UnregisterRequest,
};
use im_serve::Peers;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use svrkit_rt::{Context, Server, Status};
use tokio::time::Instant;

svrkit_rt::monitor! {
    /// Users with a device online.
    static USERS_ONLINE: Gauge = "im_users_online";
    /// Devices online: links whose user is known.
    static DEVICES_ONLINE: Gauge = "im_devices_online";
    /// Access nodes that hold them.
    static ACCESS_NODES: Gauge = "im_access_nodes";
}

/// Bytes of a node's or a device's name. The longest in use are a tenth of it.
const NAME_BYTES_MAX: usize = 256;
/// How often leases are looked at: a link may outlive its node by an eighth of a lease, and the look costs nothing.
const LOOKS_PER_LEASE: u32 = 8;

/// Whom the service calls: nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Deps;

impl Deps {
    /// As other services; nothing can go wrong.
    ///
    /// # Errors
    /// None.
    pub fn connect(_peers: &Peers) -> Result<Deps, Status> {
        Ok(Deps)
    }
}

/// The service with an empty table and a new epoch.
///
/// # Errors
/// `InvalidArgument` when a bound in `config` is 0.
pub async fn build(config: Config, _deps: Deps) -> Result<Server, Status> {
    config.check()?;
    let lease_ms = config.lease_ms;
    let links = Arc::new(Links {
        epoch: fastrand::u64(1..),
        lease_ms,
        table: Mutex::new(Table::new(config)),
    });
    let look = Duration::from_millis(lease_ms.into()) / LOOKS_PER_LEASE;
    tokio::spawn(expire(Arc::downgrade(&links), look));
    Ok(Server::new().service(SessionServer::from_arc(links)))
}

struct Links {
    epoch: u64,
    lease_ms: u32,
    /// One lock: the hot call, a lookup, takes it once for hundreds of users and holds it for some tens of microseconds. Shards would
    /// turn that into one turn a shard and make a device's two links meet under two locks.
    table: Mutex<Table>,
}

impl Links {
    fn table(&self) -> MutexGuard<'_, Table> {
        // What a panic left behind is at worst one link too many or too few, which the next registration mends.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session for Links {
    async fn register(
        &self,
        _ctx: &mut Context,
        request: RegisterRequest,
    ) -> Result<RegisterResponse, Status> {
        check_name("node", &request.node)?;
        for link in &request.links {
            check_name("device", &link.device)?;
        }
        let now = Instant::now();
        let displaced = self.table().register(now, &request.node, request.links)?;
        let epoch = self.epoch;
        Ok(RegisterResponse { epoch, displaced })
    }

    async fn unregister(
        &self,
        _ctx: &mut Context,
        request: UnregisterRequest,
    ) -> Result<Empty, Status> {
        self.table().unregister(&request.node, &request.links);
        Ok(Empty {})
    }

    async fn renew(
        &self,
        _ctx: &mut Context,
        request: RenewRequest,
    ) -> Result<RenewResponse, Status> {
        Ok(RenewResponse {
            epoch: self.epoch,
            known: self.table().renew(Instant::now(), &request.node),
            lease_ms: self.lease_ms,
        })
    }

    async fn lookup(&self, _ctx: &mut Context, request: Uins) -> Result<LookupResponse, Status> {
        let links = self.table().lookup(&request.uins);
        Ok(LookupResponse { links })
    }

    async fn online(&self, _ctx: &mut Context, request: Uins) -> Result<Uins, Status> {
        let uins = self.table().online(&request.uins);
        Ok(Uins { uins })
    }

    async fn count(&self, _ctx: &mut Context, _request: Empty) -> Result<CountResponse, Status> {
        Ok(self.table().count())
    }
}

fn check_name(what: &str, name: &str) -> Result<(), Status> {
    if name.is_empty() || name.len() > NAME_BYTES_MAX {
        let message = format!("{what} is empty or over {NAME_BYTES_MAX} bytes");
        return Err(Status::invalid_argument(message));
    }
    Ok(())
}

/// Ends with the service.
async fn expire(links: Weak<Links>, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        let Some(links) = links.upgrade() else {
            return;
        };
        links.table().expire(Instant::now());
        show(&links.table().count());
    }
}

/// Shows who is there. Now and then, not at each link: a table that is busy has no time for it.
fn show(count: &CountResponse) {
    USERS_ONLINE.set(count.users.cast_signed());
    DEVICES_ONLINE.set(count.links.cast_signed());
    ACCESS_NODES.set(count.nodes.cast_signed());
}
