//! The services around this one, as far as it can tell.

use im_idl::account_store::{self, Account, AccountStore, AccountStoreServer, GetManyResponse};
use im_idl::base::{Caller, Empty, Uins, UserVersions};
use im_idl::contact::Relation;
use im_idl::contact_store::{
    self, ContactStore, ContactStoreServer, RelationRequest, RelationResponse,
};
use im_idl::fanout::GroupTask;
use im_idl::group::{Info, Member, Role};
use im_idl::group_store::{self, GroupStore, GroupStoreServer, MemberRequest, MemberResponse};
use im_idl::message::{Content, Item, MessageClient, SendRequest, SendResponse, content};
use im_idl::message_store::{self, *};
use im_idl::push::{KickRequest, NotifyRequest, Push, PushServer, WaitRequest, WaitResponse};
use im_idl::queue::{self, EnqueueRequest, EnqueueResponse, Queue, QueueServer};
use im_message::{Config, Deps, build};
use im_serve::Peers;
use prost::Message;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use svrkit_rt::testing::serve;
use svrkit_rt::{Code, Context, Server, Status};
use tokio::time::sleep;

pub(crate) const ADA: u64 = 10_001;
pub(crate) const BOB: u64 = 10_002;
pub(crate) const CLEO: u64 = 10_003;
pub(crate) const GROUP: u64 = (1 << 48) + 7;

/// What a test decides, and what happened.
#[derive(Default)]
pub(crate) struct State {
    /// What an owner sees of a peer: relation, and whether he blocked him.
    pub(crate) relations: HashMap<(u64, u64), (Relation, bool)>,
    pub(crate) members: HashMap<u64, Member>,
    pub(crate) info: Info,
    pub(crate) wants_receipts: HashSet<u64>,
    /// What came into inboxes, with the device that sent it.
    pub(crate) appended: Vec<(u64, Item, String)>,
    pub(crate) log: Vec<Item>,
    pub(crate) fanned_seq: u64,
    pub(crate) receipts: Vec<AppendReceiptRequest>,
    pub(crate) recalls: Vec<RecallRequest>,
    pub(crate) tasks: Vec<GroupTask>,
    task_ids: HashSet<Vec<u8>>,
    pub(crate) tasks_max: usize,
    /// Newest version of messages that each user was told of.
    pub(crate) news: BTreeMap<u64, u64>,
    /// Calls take any time up to this.
    pub(crate) delay_ms: u64,
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
    /// Ada, Bob and Cleo are in the group; Ada and Bob are friends.
    pub(crate) fn new() -> World {
        let friend = (Relation::Friend, false);
        let member = |uin| {
            let mut member = Member {
                uin,
                ..Member::default()
            };
            member.set_role(Role::Member);
            (uin, member)
        };
        World(Arc::new(Mutex::new(State {
            relations: [((ADA, BOB), friend), ((BOB, ADA), friend)].into(),
            members: [ADA, BOB, CLEO].map(member).into(),
            tasks_max: 1_000,
            ..State::default()
        })))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(crate) async fn service(&self) -> MessageClient {
        self.service_with(Config::default()).await
    }

    pub(crate) async fn service_with(&self, config: Config) -> MessageClient {
        let channel = |server: Server| serve(server);
        let peers = Peers::new()
            .with(
                "account_store",
                channel(Server::new().service(AccountStoreServer::new(self.clone()))),
            )
            .with(
                "contact_store",
                channel(Server::new().service(ContactStoreServer::new(self.clone()))),
            )
            .with(
                "group_store",
                channel(Server::new().service(GroupStoreServer::new(self.clone()))),
            )
            .with(
                "message_store",
                channel(Server::new().service(MessageStoreServer::new(self.clone()))),
            )
            .with(
                "queue",
                channel(Server::new().service(QueueServer::new(self.clone()))),
            )
            .with(
                "push",
                channel(Server::new().service(PushServer::new(self.clone()))),
            );
        let deps = Deps::connect(&peers).unwrap();
        MessageClient::new(serve(build(config, deps).await.unwrap()))
    }

    async fn pause(&self) {
        let most = self.state().delay_ms;
        if most > 0 {
            sleep(Duration::from_millis(fastrand::u64(..most))).await;
        }
    }
}

/// A call by a user's phone.
pub(crate) fn by<M>(uin: u64, message: M) -> svrkit_rt::Call<M> {
    let caller = Caller {
        uin,
        device: "phone".to_owned(),
        ..Caller::default()
    };
    caller.call(message).unwrap()
}

pub(crate) fn text(text: &str) -> Option<Content> {
    let kind = Some(content::Kind::Text(text.to_owned()));
    Some(Content { kind })
}

pub(crate) async fn send(
    service: &MessageClient,
    from: u64,
    to: u64,
    id: u64,
) -> Result<SendResponse, Status> {
    let request = SendRequest {
        to,
        client_message_id: id,
        content: text("hello"),
    };
    Ok(service.send_with(by(from, request)).await?.message)
}

/// Why a call was refused: its code, and the name of the reason.
pub(crate) fn refusal<T: std::fmt::Debug>(answer: Result<T, Status>) -> (Code, String) {
    let status = answer.unwrap_err();
    let reason = status.reason().split(';').next().unwrap_or_default();
    (status.code(), reason.to_owned())
}

impl ContactStore for World {
    async fn relation(
        &self,
        _: &mut Context,
        request: RelationRequest,
    ) -> Result<RelationResponse, Status> {
        let key = (request.owner, request.peer);
        let (relation, blocked) = self
            .state()
            .relations
            .get(&key)
            .copied()
            .unwrap_or_default();
        let mut answer = RelationResponse::default();
        answer.set_relation(relation);
        answer.blocked = blocked;
        Ok(answer)
    }

    unused! {
        get_pair: contact_store::GetPairRequest => contact_store::GetPairResponse;
        put_pair: contact_store::PutPairRequest => contact_store::PutPairResponse;
        list: contact_store::ListRequest => contact_store::ListResponse;
        versions: Uins => UserVersions;
        erase: contact_store::EraseRequest => Uins;
    }
}

impl GroupStore for World {
    async fn member(
        &self,
        _: &mut Context,
        request: MemberRequest,
    ) -> Result<MemberResponse, Status> {
        if request.group != GROUP {
            return Err(Status::not_found("no such group"));
        }
        let state = self.state();
        Ok(MemberResponse {
            member: state.members.get(&request.uin).cloned(),
            info: Some(state.info.clone()),
            version: 33,
        })
    }

    unused! {
        new_number: Empty => group_store::NewNumberResponse;
        get: group_store::GetRequest => group_store::GetResponse;
        change: group_store::ChangeRequest => group_store::ChangeResponse;
        members: group_store::MembersRequest => group_store::MembersResponse;
        questions: group_store::QuestionsRequest => group_store::QuestionsResponse;
        list: group_store::ListRequest => group_store::ListResponse;
        versions: Uins => UserVersions;
        counts: Uins => group_store::CountsResponse;
        erase: group_store::EraseRequest => Empty;
    }
}

impl AccountStore for World {
    async fn get_many(&self, _: &mut Context, request: Uins) -> Result<GetManyResponse, Status> {
        let state = self.state();
        let account = |uin| Account {
            uin,
            read_receipts: state.wants_receipts.contains(&uin),
            ..Account::default()
        };
        Ok(GetManyResponse {
            accounts: request.uins.into_iter().map(account).collect(),
        })
    }

    unused! {
        create: account_store::CreateRequest => account_store::CreateResponse;
        get: account_store::GetRequest => account_store::GetResponse;
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
        versions: Uins => UserVersions;
    }
}

impl MessageStore for World {
    async fn append(
        &self,
        _: &mut Context,
        request: AppendRequest,
    ) -> Result<AppendResponse, Status> {
        let mut state = self.state();
        let item = request.item.unwrap();
        let appended = (request.receiver, item, request.sender_device);
        let duplicate = state.appended.contains(&appended);
        if !duplicate {
            state.appended.push(appended);
        }
        let receiver_version = state.appended.len() as u64;
        Ok(AppendResponse {
            time_ms: 1_000,
            duplicate,
            receiver_version,
            sender_version: 0,
        })
    }

    async fn append_group(
        &self,
        _: &mut Context,
        request: AppendGroupRequest,
    ) -> Result<AppendGroupResponse, Status> {
        self.pause().await;
        let answer = {
            let mut state = self.state();
            let item = request.item.unwrap();
            let place = state.log.iter().position(|there| *there == item);
            if place.is_none() {
                state.log.push(item);
            }
            AppendGroupResponse {
                group_seq: place.map_or(state.log.len(), |place| place + 1) as u64,
                time_ms: 1_000,
                duplicate: place.is_some(),
                fanned_seq: state.fanned_seq,
            }
        };
        self.pause().await;
        Ok(answer)
    }

    async fn recall(
        &self,
        _: &mut Context,
        request: RecallRequest,
    ) -> Result<RecallResponse, Status> {
        let mut state = self.state();
        state.recalls.push(request);
        Ok(RecallResponse {
            receiver_version: 21,
            sender_version: 22,
            group_seq: 5,
            fanned_seq: state.fanned_seq,
        })
    }

    async fn append_receipt(
        &self,
        _: &mut Context,
        request: AppendReceiptRequest,
    ) -> Result<AppendReceiptResponse, Status> {
        self.state().receipts.push(request);
        Ok(AppendReceiptResponse { version: 31 })
    }

    unused! {
        fan_out: FanOutRequest => FanOutResponse;
        read: ReadRequest => ReadResponse;
        forget_device: ForgetDeviceRequest => Empty;
        versions: Uins => UserVersions;
        erase: message_store::EraseRequest => Empty;
        stats: Empty => message_store::StatsResponse;
    }
}

impl Queue for World {
    async fn enqueue(
        &self,
        _: &mut Context,
        request: EnqueueRequest,
    ) -> Result<EnqueueResponse, Status> {
        self.pause().await;
        let mut state = self.state();
        if state.tasks.len() + request.tasks.len() > state.tasks_max {
            return Err(Status::resource_exhausted("the queue is full"));
        }
        let mut ids = Vec::new();
        for task in request.tasks {
            assert_eq!(
                (&*task.queue, &task.key[..]),
                ("fanout", &GROUP.to_be_bytes()[..])
            );
            let is_new = state.task_ids.insert(task.dedupe_id.to_vec());
            if is_new {
                let task = GroupTask::decode(task.payload).unwrap();
                state.tasks.push(task);
            }
            ids.push(if is_new { state.tasks.len() as u64 } else { 0 });
        }
        Ok(EnqueueResponse { ids })
    }

    unused! {
        take: queue::TakeRequest => queue::TakeResponse;
        finish: queue::FinishRequest => queue::FinishResponse;
        fail: queue::FailRequest => Empty;
        extend: queue::ExtendRequest => queue::ExtendResponse;
        list_dead: queue::ListDeadRequest => queue::ListDeadResponse;
        replay: queue::ReplayRequest => queue::ReplayResponse;
        stats: queue::StatsRequest => queue::StatsResponse;
    }
}

impl Push for World {
    async fn notify(&self, _: &mut Context, request: NotifyRequest) -> Result<Empty, Status> {
        let mut state = self.state();
        for news in request.news {
            let version = news.versions.unwrap().messages;
            state.news.insert(news.uin, version);
        }
        Ok(Empty {})
    }

    unused! {
        kick: KickRequest => Empty;
        wait: WaitRequest => WaitResponse;
    }
}
