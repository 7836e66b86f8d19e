//! Peers made up: contact lists, accounts, who is online, and who was told of news.

use im_idl::account_store::{self, Account, AccountStore, GetManyResponse};
use im_idl::base::{Empty, Uins, UserVersions};
use im_idl::contact::{Entry, Relation};
use im_idl::contact_store::{
    ContactStore, EraseRequest, GetPairRequest, GetPairResponse, ListRequest, ListResponse,
    PutPairRequest, PutPairResponse, RelationRequest, RelationResponse, Side,
};
use im_idl::push::{KickRequest, NotifyRequest, Push, WaitRequest, WaitResponse};
use im_idl::session::{
    CountResponse, LookupResponse, RegisterRequest, RegisterResponse, RenewRequest, RenewResponse,
    Session, UnregisterRequest,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use svrkit_rt::{Context, Status};
use tokio::time::sleep;

/// Lists as `contact_store` keeps them: each side is written under its own condition, so one may be written and not the other.
#[derive(Default)]
pub(crate) struct Lists {
    lists: Mutex<HashMap<u64, List>>,
    /// Writes that find one of the sides changed, whatever it is: so many.
    pub(crate) conflicts: AtomicUsize,
    /// Writes that end after their first side, so many.
    pub(crate) crashes: AtomicUsize,
    /// Somebody else's change of an entry in this list, in the middle of the next write.
    pub(crate) between: Mutex<Option<(u64, Entry)>>,
    pub(crate) full: AtomicBool,
    pub(crate) writes: AtomicUsize,
}

#[derive(Default)]
struct List {
    version: u64,
    entries: BTreeMap<u64, Entry>,
}

impl Lists {
    pub(crate) fn standing(&self, owner: u64, peer: u64) -> (Relation, bool) {
        let lists = self.lists.lock().unwrap();
        let entry = lists.get(&owner).and_then(|list| list.entries.get(&peer));
        entry.map_or((Relation::None, false), |e| (e.relation(), e.blocked))
    }

    pub(crate) fn version(&self, owner: u64) -> u64 {
        let lists = self.lists.lock().unwrap();
        lists.get(&owner).map_or(0, |list| list.version)
    }

    fn side(&self, owner: u64, peer: u64) -> Side {
        let lists = self.lists.lock().unwrap();
        let entry = lists.get(&owner).and_then(|list| list.entries.get(&peer));
        Side {
            entry: entry.cloned(),
            expected_version: entry.map_or(0, |entry| entry.version),
        }
    }

    fn write(&self, owner: u64, side: Option<Side>) -> Result<u64, Status> {
        let Some(side) = side else {
            return Ok(0);
        };
        let entry = side.entry.unwrap();
        let mut lists = self.lists.lock().unwrap();
        let list = lists.entry(owner).or_default();
        let version = list.entries.get(&entry.uin).map_or(0, |e| e.version);
        if version != side.expected_version {
            return Err(Status::aborted("changed"));
        }
        list.version += 1;
        let version = list.version;
        list.entries.insert(entry.uin, Entry { version, ..entry });
        Ok(version)
    }
}

fn take(times: &AtomicUsize) -> bool {
    let less = |left: usize| left.checked_sub(1);
    times.fetch_update(SeqCst, SeqCst, less).is_ok()
}

/// A moment in which others may come between.
async fn moment() {
    sleep(Duration::from_millis(fastrand::u64(1..4))).await;
}

impl ContactStore for Lists {
    async fn get_pair(
        &self,
        _ctx: &mut Context,
        request: GetPairRequest,
    ) -> Result<GetPairResponse, Status> {
        moment().await;
        let (uin, peer) = (request.uin, request.peer);
        Ok(GetPairResponse {
            mine: Some(self.side(uin, peer)),
            theirs: Some(self.side(peer, uin)),
        })
    }

    async fn put_pair(
        &self,
        _ctx: &mut Context,
        request: PutPairRequest,
    ) -> Result<PutPairResponse, Status> {
        self.writes.fetch_add(1, SeqCst);
        moment().await;
        if self.full.load(SeqCst) {
            let status = Status::resource_exhausted("full");
            return Err(status.with_reason("im.contact_store", "CONTACTS_MAX"));
        }
        if take(&self.conflicts) {
            return Err(Status::aborted("changed"));
        }
        let crashes = take(&self.crashes);
        let mine = self.write(request.uin, request.mine);
        if crashes {
            return Err(Status::unavailable("crashed"));
        }
        let between = self.between.lock().unwrap().take();
        if let Some((owner, entry)) = between {
            let expected_version = self.side(owner, entry.uin).expected_version;
            let side = Side {
                entry: Some(entry),
                expected_version,
            };
            self.write(owner, Some(side))?;
        }
        moment().await;
        let theirs = self.write(request.peer, request.theirs);
        Ok(PutPairResponse {
            my_version: mine?,
            their_version: theirs?,
        })
    }

    async fn relation(
        &self,
        _ctx: &mut Context,
        _request: RelationRequest,
    ) -> Result<RelationResponse, Status> {
        Err(Status::unimplemented("relation"))
    }

    async fn list(&self, _ctx: &mut Context, request: ListRequest) -> Result<ListResponse, Status> {
        let lists = self.lists.lock().unwrap();
        let Some(list) = lists.get(&request.owner) else {
            return Ok(ListResponse::default());
        };
        let new = list.entries.values().cloned();
        let new = new.filter(|entry| entry.version > request.after_version);
        let mut contacts: Vec<Entry> = new.collect();
        contacts.sort_by_key(|entry| entry.version);
        let more = contacts.len() > request.rows_max as usize;
        contacts.truncate(request.rows_max as usize);
        let version = match contacts.last() {
            Some(last) if more => last.version,
            _ => list.version,
        };
        Ok(ListResponse {
            contacts,
            version,
            more,
        })
    }

    async fn versions(&self, _ctx: &mut Context, _request: Uins) -> Result<UserVersions, Status> {
        Err(Status::unimplemented("versions"))
    }

    async fn erase(&self, _ctx: &mut Context, _request: EraseRequest) -> Result<Uins, Status> {
        Err(Status::unimplemented("erase"))
    }
}

/// Accounts by number.
#[derive(Default)]
pub(crate) struct Accounts {
    pub(crate) accounts: Mutex<BTreeMap<u64, Account>>,
}

impl AccountStore for Accounts {
    async fn get(
        &self,
        _ctx: &mut Context,
        request: account_store::GetRequest,
    ) -> Result<account_store::GetResponse, Status> {
        let accounts = self.accounts.lock().unwrap();
        let is_meant = |a: &&Account| match request.uin {
            0 => a.name.eq_ignore_ascii_case(&request.name),
            uin => a.uin == uin,
        };
        let account = accounts.values().find(is_meant).cloned();
        let account = account.ok_or_else(|| Status::not_found("no such account"))?;
        Ok(account_store::GetResponse {
            account: Some(account),
            version: 1,
        })
    }

    async fn get_many(&self, _ctx: &mut Context, request: Uins) -> Result<GetManyResponse, Status> {
        let accounts = self.accounts.lock().unwrap();
        let found = request.uins.iter().filter_map(|uin| accounts.get(uin));
        let accounts = found.cloned().collect();
        Ok(GetManyResponse { accounts })
    }

    async fn create(
        &self,
        _ctx: &mut Context,
        _request: account_store::CreateRequest,
    ) -> Result<account_store::CreateResponse, Status> {
        Err(Status::unimplemented("create"))
    }

    async fn update(
        &self,
        _ctx: &mut Context,
        _request: account_store::UpdateRequest,
    ) -> Result<account_store::UpdateResponse, Status> {
        Err(Status::unimplemented("update"))
    }

    async fn put_device(
        &self,
        _ctx: &mut Context,
        _request: account_store::PutDeviceRequest,
    ) -> Result<account_store::PutDeviceResponse, Status> {
        Err(Status::unimplemented("put_device"))
    }

    async fn get_device(
        &self,
        _ctx: &mut Context,
        _request: account_store::GetDeviceRequest,
    ) -> Result<account_store::GetDeviceResponse, Status> {
        Err(Status::unimplemented("get_device"))
    }

    async fn list_devices(
        &self,
        _ctx: &mut Context,
        _request: account_store::ListDevicesRequest,
    ) -> Result<account_store::ListDevicesResponse, Status> {
        Err(Status::unimplemented("list_devices"))
    }

    async fn delete_device(
        &self,
        _ctx: &mut Context,
        _request: account_store::DeleteDeviceRequest,
    ) -> Result<Empty, Status> {
        Err(Status::unimplemented("delete_device"))
    }

    async fn list_keys(
        &self,
        _ctx: &mut Context,
        _request: Empty,
    ) -> Result<account_store::ListKeysResponse, Status> {
        Err(Status::unimplemented("list_keys"))
    }

    async fn rotate_keys(
        &self,
        _ctx: &mut Context,
        _request: account_store::RotateKeysRequest,
    ) -> Result<Empty, Status> {
        Err(Status::unimplemented("rotate_keys"))
    }

    async fn begin_erase(
        &self,
        _ctx: &mut Context,
        _request: account_store::BeginEraseRequest,
    ) -> Result<Empty, Status> {
        Err(Status::unimplemented("begin_erase"))
    }

    async fn list_erasing(&self, _ctx: &mut Context, _request: Empty) -> Result<Uins, Status> {
        Err(Status::unimplemented("list_erasing"))
    }

    async fn erase(
        &self,
        _ctx: &mut Context,
        _request: account_store::EraseRequest,
    ) -> Result<Empty, Status> {
        Err(Status::unimplemented("erase"))
    }

    async fn versions(&self, _ctx: &mut Context, _request: Uins) -> Result<UserVersions, Status> {
        Err(Status::unimplemented("versions"))
    }
}

/// Who is online.
#[derive(Default)]
pub(crate) struct Presence {
    pub(crate) online: Mutex<BTreeSet<u64>>,
}

impl Session for Presence {
    async fn online(&self, _ctx: &mut Context, request: Uins) -> Result<Uins, Status> {
        let online = self.online.lock().unwrap();
        let uins = request.uins.into_iter().filter(|uin| online.contains(uin));
        let uins = uins.collect();
        Ok(Uins { uins })
    }

    async fn register(
        &self,
        _ctx: &mut Context,
        _request: RegisterRequest,
    ) -> Result<RegisterResponse, Status> {
        Err(Status::unimplemented("register"))
    }

    async fn unregister(
        &self,
        _ctx: &mut Context,
        _request: UnregisterRequest,
    ) -> Result<Empty, Status> {
        Err(Status::unimplemented("unregister"))
    }

    async fn renew(
        &self,
        _ctx: &mut Context,
        _request: RenewRequest,
    ) -> Result<RenewResponse, Status> {
        Err(Status::unimplemented("renew"))
    }

    async fn lookup(&self, _ctx: &mut Context, _request: Uins) -> Result<LookupResponse, Status> {
        Err(Status::unimplemented("lookup"))
    }

    async fn count(&self, _ctx: &mut Context, _request: Empty) -> Result<CountResponse, Status> {
        Err(Status::unimplemented("count"))
    }
}

/// Newest version of each list that somebody was told of.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) contacts: Mutex<BTreeMap<u64, u64>>,
}

impl Push for Told {
    async fn notify(&self, _ctx: &mut Context, request: NotifyRequest) -> Result<Empty, Status> {
        let mut contacts = self.contacts.lock().unwrap();
        for news in request.news {
            let version = news.versions.unwrap().contacts;
            let newest = contacts.entry(news.uin).or_default();
            *newest = version.max(*newest);
        }
        Ok(Empty {})
    }

    async fn kick(&self, _ctx: &mut Context, _request: KickRequest) -> Result<Empty, Status> {
        Err(Status::unimplemented("kick"))
    }

    async fn wait(
        &self,
        _ctx: &mut Context,
        _request: WaitRequest,
    ) -> Result<WaitResponse, Status> {
        Err(Status::unimplemented("wait"))
    }
}
