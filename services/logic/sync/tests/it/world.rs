//! The stores behind the service, as far as it can tell.

use im_idl::account_store::{
    self, Account, AccountStore, AccountStoreServer, GetManyResponse, GetRequest, GetResponse,
};
use im_idl::base::{Caller, Empty, Uins, UserVersions};
use im_idl::contact::{Entry as Contact, Relation};
use im_idl::contact_store::{self, ContactStore, ContactStoreServer};
use im_idl::group::{Membership, Role};
use im_idl::group_store::{self, GroupStore, GroupStoreServer};
use im_idl::message::{Content, Entry, Item, content, entry};
use im_idl::message_store::{self, *};
use im_idl::sync::{SyncClient, SyncRequest, SyncResponse};
use im_serve::Peers;
use im_sync::{Config, Deps, build};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use svrkit_rt::testing::serve;
use svrkit_rt::{Context, Server, Status};

pub(crate) const ADA: u64 = 10_001;
pub(crate) const BOB: u64 = 10_002;
pub(crate) const GROUP: u64 = (1 << 48) + 7;

/// What is kept of Ada, and what was asked.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) accounts: BTreeMap<u64, Account>,
    pub(crate) account_version: u64,
    pub(crate) contacts: Vec<Contact>,
    pub(crate) groups: Vec<Membership>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) reads: Vec<ReadRequest>,
    /// Calls by their names.
    pub(crate) calls: BTreeMap<&'static str, usize>,
}

#[derive(Clone)]
pub(crate) struct World(Arc<Mutex<State>>);

/// Methods that no story here calls.
macro_rules! unused {
    ($($method:ident: $request:ty => $response:ty;)*) => { $(
        async fn $method(&self, _: &mut Context, _: $request) -> Result<$response, Status> {
            Err(Status::unimplemented("not part of this story"))
        }
    )* };
}

impl World {
    /// Ada and Bob have accounts; nothing else is there.
    pub(crate) fn new() -> World {
        let account = |(uin, name): (u64, &str)| {
            let account = Account {
                uin,
                name: name.to_lowercase(),
                nickname: name.to_owned(),
                password_hash: "secret".to_owned(),
                ..Account::default()
            };
            (uin, account)
        };
        World(Arc::new(Mutex::new(State {
            accounts: [(ADA, "Ada"), (BOB, "Bob")].map(account).into(),
            account_version: 1,
            ..State::default()
        })))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// How often each was called since this was asked last.
    pub(crate) fn calls(&self) -> BTreeMap<&'static str, usize> {
        std::mem::take(&mut self.state().calls)
    }

    pub(crate) async fn service(&self) -> SyncClient {
        let channel = |server: Server| serve(server);
        let accounts = Server::new().service(AccountStoreServer::new(self.clone()));
        let contacts = Server::new().service(ContactStoreServer::new(self.clone()));
        let groups = Server::new().service(GroupStoreServer::new(self.clone()));
        let messages = Server::new().service(MessageStoreServer::new(self.clone()));
        let peers = Peers::new()
            .with("account_store", channel(accounts))
            .with("contact_store", channel(contacts))
            .with("group_store", channel(groups))
            .with("message_store", channel(messages));
        let deps = Deps::connect(&peers).unwrap();
        SyncClient::new(serve(build(Config::default(), deps).await.unwrap()))
    }

    pub(crate) fn add_message(&self, item: Item) {
        let mut state = self.state();
        let version = state.entries.last().map_or(1, |entry| entry.version + 2);
        let kind = Some(entry::Kind::Item(item));
        state.entries.push(Entry { version, kind });
    }

    pub(crate) fn add_contact(&self, uin: u64, relation: Relation) {
        let mut state = self.state();
        let version = state.contacts.len() as u64 + 1;
        let relation = relation.into();
        state.contacts.push(Contact {
            uin,
            relation,
            version,
            ..Contact::default()
        });
    }

    pub(crate) fn add_group(&self, group: u64, name: &str, role: Role) {
        let mut state = self.state();
        let version = state.groups.len() as u64 + 1;
        let (name, role) = (name.to_owned(), role.into());
        state.groups.push(Membership {
            group,
            role,
            name,
            version,
        });
    }

    fn called(&self, name: &'static str) -> MutexGuard<'_, State> {
        let mut state = self.state();
        *state.calls.entry(name).or_default() += 1;
        state
    }
}

/// Somebody's device.
#[derive(Clone)]
pub(crate) struct Device {
    pub(crate) service: SyncClient,
    pub(crate) caller: Caller,
    pub(crate) snapshot: Vec<u8>,
}

impl Device {
    pub(crate) async fn of(world: &World, client_version: u32) -> Device {
        Device {
            service: world.service().await,
            caller: Caller {
                uin: ADA,
                device: "phone".to_owned(),
                client_version,
                ..Caller::default()
            },
            snapshot: Vec::new(),
        }
    }

    /// Asks, and keeps the snapshot that comes.
    pub(crate) async fn sync(&mut self, selector: u32) -> SyncResponse {
        let request = SyncRequest {
            selector,
            ..SyncRequest::default()
        };
        let answer = self.ask(request).await.unwrap();
        if !answer.snapshot.is_empty() {
            self.snapshot = answer.snapshot.to_vec();
        }
        answer
    }

    /// Asks with its snapshot.
    pub(crate) async fn ask(&self, request: SyncRequest) -> Result<SyncResponse, Status> {
        let request = SyncRequest {
            snapshot: self.snapshot.clone().into(),
            ..request
        };
        let call = self.caller.call(request)?;
        Ok(self.service.sync_with(call).await?.message)
    }
}

pub(crate) fn item(sender: u64, chat: u64, id: u64, text: &str) -> Item {
    let kind = Some(content::Kind::Text(text.to_owned()));
    Item {
        sender,
        chat,
        client_message_id: id,
        content: Some(Content { kind }),
        ..Item::default()
    }
}

/// Of Ada the version, of others none.
fn versions(request: Uins, version: u64) -> Result<UserVersions, Status> {
    let of = |uin| if uin == ADA { version } else { 0 };
    let versions = request.uins.into_iter().map(of).collect();
    Ok(UserVersions { versions })
}

/// Rows after a version, and what to ask after next.
fn page<T: Clone>(
    rows: &[T],
    version: impl Fn(&T) -> u64,
    after: u64,
    max: u32,
) -> (Vec<T>, u64, bool) {
    let newer: Vec<T> = rows
        .iter()
        .filter(|row| version(row) > after)
        .cloned()
        .collect();
    let page: Vec<T> = newer.iter().take(max as usize).cloned().collect();
    let more = page.len() < newer.len();
    let newest = if more { page.last() } else { rows.last() };
    (page.clone(), newest.map_or(0, version), more)
}

impl AccountStore for World {
    async fn get(&self, _: &mut Context, request: GetRequest) -> Result<GetResponse, Status> {
        let state = self.called("accounts.get");
        let account = state.accounts.get(&request.uin).cloned();
        Ok(GetResponse {
            account: Some(account.ok_or_else(|| Status::not_found("nobody"))?),
            version: state.account_version,
        })
    }

    async fn get_many(&self, _: &mut Context, request: Uins) -> Result<GetManyResponse, Status> {
        let state = self.called("accounts.get_many");
        let uins = request.uins.iter();
        let accounts = uins.filter_map(|uin| state.accounts.get(uin).cloned());
        Ok(GetManyResponse {
            accounts: accounts.collect(),
        })
    }

    async fn versions(&self, _: &mut Context, request: Uins) -> Result<UserVersions, Status> {
        versions(request, self.called("accounts.versions").account_version)
    }

    unused! {
        create: account_store::CreateRequest => account_store::CreateResponse;
        update: account_store::UpdateRequest => account_store::UpdateResponse;
        put_device: account_store::PutDeviceRequest => account_store::PutDeviceResponse;
        get_device: account_store::GetDeviceRequest => account_store::GetDeviceResponse;
        list_devices: account_store::ListDevicesRequest => account_store::ListDevicesResponse;
        delete_device: account_store::DeleteDeviceRequest => Empty;
        list_keys: Empty => account_store::ListKeysResponse;
        rotate_keys: account_store::RotateKeysRequest => Empty;
        begin_erase: account_store::BeginEraseRequest => Empty;
        list_erasing: Empty => Uins;
        erase: account_store::EraseRequest => Empty;
    }
}

impl ContactStore for World {
    async fn list(
        &self,
        _: &mut Context,
        request: contact_store::ListRequest,
    ) -> Result<contact_store::ListResponse, Status> {
        let state = self.called("contacts.list");
        let (after, max) = (request.after_version, request.rows_max);
        let (contacts, version, more) = page(&state.contacts, |c| c.version, after, max);
        Ok(contact_store::ListResponse {
            contacts,
            version,
            more,
        })
    }

    async fn versions(&self, _: &mut Context, request: Uins) -> Result<UserVersions, Status> {
        let state = self.called("contacts.versions");
        versions(request, state.contacts.last().map_or(0, |c| c.version))
    }

    unused! {
        get_pair: contact_store::GetPairRequest => contact_store::GetPairResponse;
        put_pair: contact_store::PutPairRequest => contact_store::PutPairResponse;
        relation: contact_store::RelationRequest => contact_store::RelationResponse;
        erase: contact_store::EraseRequest => Uins;
    }
}

impl GroupStore for World {
    async fn list(
        &self,
        _: &mut Context,
        request: group_store::ListRequest,
    ) -> Result<group_store::ListResponse, Status> {
        let state = self.called("groups.list");
        let (after, max) = (request.after_version, request.rows_max);
        let (groups, version, more) = page(&state.groups, |g| g.version, after, max);
        Ok(group_store::ListResponse {
            groups,
            version,
            more,
        })
    }

    async fn versions(&self, _: &mut Context, request: Uins) -> Result<UserVersions, Status> {
        let state = self.called("groups.versions");
        versions(request, state.groups.last().map_or(0, |g| g.version))
    }

    unused! {
        new_number: Empty => group_store::NewNumberResponse;
        get: group_store::GetRequest => group_store::GetResponse;
        change: group_store::ChangeRequest => group_store::ChangeResponse;
        member: group_store::MemberRequest => group_store::MemberResponse;
        members: group_store::MembersRequest => group_store::MembersResponse;
        questions: group_store::QuestionsRequest => group_store::QuestionsResponse;
        counts: Uins => group_store::CountsResponse;
        erase: group_store::EraseRequest => Empty;
    }
}

impl MessageStore for World {
    async fn read(&self, _: &mut Context, request: ReadRequest) -> Result<ReadResponse, Status> {
        let mut state = self.called("messages.read");
        let (after, max) = (request.after_version, request.rows_max);
        state.reads.push(request);
        let (entries, version, more) = page(&state.entries, |e| e.version, after, max);
        Ok(ReadResponse {
            entries,
            version,
            more,
        })
    }

    async fn versions(&self, _: &mut Context, request: Uins) -> Result<UserVersions, Status> {
        let state = self.called("messages.versions");
        versions(request, state.entries.last().map_or(0, |e| e.version))
    }

    unused! {
        append: AppendRequest => AppendResponse;
        append_group: AppendGroupRequest => AppendGroupResponse;
        fan_out: FanOutRequest => FanOutResponse;
        recall: RecallRequest => RecallResponse;
        append_receipt: AppendReceiptRequest => AppendReceiptResponse;
        forget_device: ForgetDeviceRequest => Empty;
        erase: message_store::EraseRequest => Empty;
        stats: Empty => message_store::StatsResponse;
    }
}
