//! The services behind the node, as far as it can tell.

use im_idl::account::*;
use im_idl::base::{Caller, Empty, Uins, Versions};
use im_idl::message::{
    AnnounceRequest, MarkReadRequest, MarkReadResponse, Message, MessageServer, RecallRequest,
    RecallResponse, SendRequest, SendResponse,
};
use im_idl::push::{
    Event, KickRequest, NotifyRequest, Push, PushServer, WaitRequest, WaitResponse,
};
use im_idl::session;
use im_idl::session::{Link, Session, SessionServer};
use im_idl::sync::{NewestResponse, Sync, SyncRequest, SyncResponse, SyncServer};
use im_serve::Peers;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use svrkit_rt::testing::serve;
use svrkit_rt::{Channel, Code, Context, Priority, Server, Status};
use tokio::sync::{Notify, Semaphore};
use tokio::time::timeout;

/// A call as a logic service saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) caller: Caller,
    pub(crate) priority: Priority,
    pub(crate) routing_key: u64,
    pub(crate) metadata: Vec<String>,
}

impl Seen {
    fn of(context: &Context) -> Seen {
        let metadata = context.metadata.iter();
        Seen {
            caller: Caller::perhaps(context).unwrap(),
            priority: context.priority,
            routing_key: context.routing_key,
            metadata: metadata.map(|(key, _)| key.to_owned()).collect(),
        }
    }
}

/// What a test knows and decides.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) seen: Mutex<Vec<Seen>>,
    pub(crate) verified: AtomicUsize,
    pub(crate) verifying_most: AtomicUsize,
    verifying: AtomicUsize,
    pub(crate) renewed: AtomicUsize,
    pub(crate) sessions: Mutex<Sessions>,
    pub(crate) session_is_away: AtomicBool,
    pub(crate) kicks: Mutex<Vec<KickRequest>>,
    mailboxes: Mutex<Mailboxes>,
    posted: Notify,
    pub(crate) newest: Mutex<HashMap<u64, Versions>>,
    pub(crate) compared: AtomicUsize,
    pub(crate) sync_is_away: AtomicBool,
}

#[derive(Default)]
pub(crate) struct Sessions {
    pub(crate) epoch: u64,
    pub(crate) registrations: usize,
    pub(crate) links: BTreeMap<(u64, String), Link>,
    known: Vec<String>,
}

#[derive(Default)]
struct Mailboxes {
    epoch: u64,
    events: HashMap<String, Vec<Event>>,
}

#[derive(Clone)]
pub(crate) struct Fakes {
    pub(crate) state: Arc<State>,
    /// One for each message to 2 that may be answered.
    pub(crate) gate: Arc<Semaphore>,
    channels: BTreeMap<&'static str, Channel>,
}

impl Fakes {
    pub(crate) fn new() -> Fakes {
        let state = Arc::new(State::default());
        state.sessions().epoch = 1;
        state.mailboxes.lock().unwrap().epoch = 1;
        let gate = Arc::new(Semaphore::new(0));
        let (s, g) = (state.clone(), gate.clone());
        let session = serve(Server::new().service(SessionServer::new(FakeSession(s.clone()))));
        let push = serve(Server::new().service(PushServer::new(FakePush(s.clone()))));
        let logic = Server::new()
            .service(AccountServer::new(FakeAccount(s.clone())))
            .service(MessageServer::new(FakeMessage(s.clone(), g)))
            .service(SyncServer::new(FakeSync(s)));
        let logic = serve(logic);
        let channels = [
            ("account", &logic),
            ("contact", &logic),
            ("group", &logic),
            ("message", &logic),
            ("sync", &logic),
            ("session", &session),
            ("push", &push),
        ];
        let channels = channels.map(|(name, channel)| (name, channel.clone()));
        Fakes {
            state,
            gate,
            channels: channels.into(),
        }
    }

    pub(crate) fn peers(&self) -> Peers {
        let channels = self.channels.iter();
        channels.fold(Peers::new(), |peers, (name, channel)| {
            peers.with(*name, channel.clone())
        })
    }

    /// Calls of messages, so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state.seen.lock().unwrap().clone()
    }

    /// As the push service does: events to the node of each of a user's links.
    pub(crate) fn notify(&self, uin: u64, messages: u64) {
        let versions = Some(version(messages));
        self.post(
            uin,
            |_| true,
            |link| Event {
                link: link.link,
                uin,
                versions,
                kick_reason: String::new(),
            },
        );
    }

    pub(crate) fn kick(&self, uin: u64, reason: &str) {
        self.post(
            uin,
            |_| true,
            |link| Event {
                link: link.link,
                uin,
                versions: None,
                kick_reason: reason.to_owned(),
            },
        );
    }

    fn post(&self, uin: u64, which: impl Fn(&Link) -> bool, event: impl Fn(&Link) -> Event) {
        let sessions = self.state.sessions();
        let links = sessions.links.values();
        for link in links.filter(|link| link.uin == uin && which(link)) {
            self.state.post(&link.node, event(link));
        }
    }

    /// The session service forgets everything.
    pub(crate) fn restart_session(&self) {
        let mut sessions = self.state.sessions();
        *sessions = Sessions {
            epoch: sessions.epoch + 1,
            ..Sessions::default()
        };
    }

    /// The session service forgets a node whose lease is over.
    pub(crate) fn forget_nodes(&self) {
        let mut sessions = self.state.sessions();
        sessions.known.clear();
        sessions.links.clear();
    }

    /// The push service forgets everything.
    pub(crate) fn restart_push(&self) {
        let mut mailboxes = self.state.mailboxes.lock().unwrap();
        mailboxes.epoch += 1;
        mailboxes.events.clear();
        drop(mailboxes);
        self.state.posted.notify_waiters();
    }

    pub(crate) fn set_newest(&self, uin: u64, messages: u64) {
        let mut newest = self.state.newest.lock().unwrap();
        newest.insert(uin, version(messages));
    }
}

pub(crate) fn version(messages: u64) -> Versions {
    Versions {
        messages,
        ..Versions::default()
    }
}

impl State {
    pub(crate) fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap()
    }

    /// What there is for a node, or nothing at all once another life has begun.
    fn take(&self, node: &str, epoch: u64) -> Option<Vec<Event>> {
        let mut mailboxes = self.mailboxes.lock().unwrap();
        let events = mailboxes.events.remove(node);
        events.or_else(|| (mailboxes.epoch != epoch).then(Vec::new))
    }

    fn post(&self, node: &str, event: Event) {
        let mut mailboxes = self.mailboxes.lock().unwrap();
        mailboxes
            .events
            .entry(node.to_owned())
            .or_default()
            .push(event);
        drop(mailboxes);
        self.posted.notify_waiters();
    }
}

fn not_faked<T>() -> Result<T, Status> {
    Err(Status::unimplemented("not faked"))
}

struct FakeAccount(Arc<State>);

impl Account for FakeAccount {
    async fn register(&self, _: &mut Context, _: RegisterRequest) -> Result<LoginResponse, Status> {
        not_faked()
    }

    /// Tells what it saw of the caller.
    async fn login(&self, ctx: &mut Context, r: LoginRequest) -> Result<LoginResponse, Status> {
        self.0.seen.lock().unwrap().push(Seen::of(ctx));
        Ok(LoginResponse {
            uin: 0,
            ticket: r.name,
            ..LoginResponse::default()
        })
    }

    async fn renew_ticket(
        &self,
        ctx: &mut Context,
        _: RenewTicketRequest,
    ) -> Result<LoginResponse, Status> {
        let caller = Caller::of(ctx)?;
        Ok(LoginResponse {
            uin: caller.uin,
            ..LoginResponse::default()
        })
    }

    async fn logout(&self, _: &mut Context, _: LogoutRequest) -> Result<LogoutResponse, Status> {
        not_faked()
    }

    async fn change_password(
        &self,
        _: &mut Context,
        _: ChangePasswordRequest,
    ) -> Result<ChangePasswordResponse, Status> {
        not_faked()
    }

    async fn get_profile(
        &self,
        _: &mut Context,
        _: GetProfileRequest,
    ) -> Result<GetProfileResponse, Status> {
        not_faked()
    }

    async fn update_profile(
        &self,
        _: &mut Context,
        _: UpdateProfileRequest,
    ) -> Result<UpdateProfileResponse, Status> {
        not_faked()
    }

    async fn list_devices(
        &self,
        _: &mut Context,
        _: ListDevicesRequest,
    ) -> Result<ListDevicesResponse, Status> {
        not_faked()
    }

    async fn remove_device(
        &self,
        _: &mut Context,
        _: RemoveDeviceRequest,
    ) -> Result<RemoveDeviceResponse, Status> {
        not_faked()
    }

    async fn delete_account(
        &self,
        _: &mut Context,
        _: DeleteAccountRequest,
    ) -> Result<DeleteAccountResponse, Status> {
        not_faked()
    }

    /// As many bytes as the cursor has zeros asked for: `cursor` is a number.
    async fn export(&self, _: &mut Context, r: ExportRequest) -> Result<ExportResponse, Status> {
        let bytes = String::from_utf8(r.cursor.to_vec())
            .unwrap()
            .parse()
            .unwrap();
        Ok(ExportResponse {
            records: vec!["x".repeat(bytes)],
            ..ExportResponse::default()
        })
    }

    /// `UIN/DEVICE` is a ticket of that user's device.
    async fn verify(&self, _: &mut Context, r: VerifyRequest) -> Result<VerifyResponse, Status> {
        let state = &self.0;
        state.verified.fetch_add(1, SeqCst);
        let verifying = state.verifying.fetch_add(1, SeqCst) + 1;
        state.verifying_most.fetch_max(verifying, SeqCst);
        tokio::time::sleep(Duration::from_millis(10)).await;
        state.verifying.fetch_sub(1, SeqCst);
        let whose = r.ticket.split_once('/');
        let whose = whose.and_then(|(uin, device)| Some((uin.parse().ok()?, device)));
        let Some((uin, device)) = whose else {
            return Err(
                Status::unauthenticated("not a ticket").with_reason("im.account", "TICKET_INVALID")
            );
        };
        Ok(VerifyResponse {
            uin,
            device: device.to_owned(),
            expires_ms: 0,
        })
    }
}

struct FakeMessage(Arc<State>, Arc<Semaphore>);

impl Message for FakeMessage {
    /// To 1: answered at once. To 2: when the gate lets it. To 3: refused.
    async fn send(&self, ctx: &mut Context, r: SendRequest) -> Result<SendResponse, Status> {
        self.0.seen.lock().unwrap().push(Seen::of(ctx));
        Caller::of(ctx)?;
        match r.to {
            2 => self.1.acquire().await.unwrap().forget(),
            3 => {
                return Err(Status::new(Code::PermissionDenied, "you are no friends")
                    .with_reason("im.message", "NOT_FRIENDS"));
            }
            _ => {}
        }
        Ok(SendResponse {
            time_ms: r.client_message_id,
            ..SendResponse::default()
        })
    }

    async fn recall(&self, _: &mut Context, _: RecallRequest) -> Result<RecallResponse, Status> {
        not_faked()
    }

    async fn mark_read(
        &self,
        _: &mut Context,
        _: MarkReadRequest,
    ) -> Result<MarkReadResponse, Status> {
        not_faked()
    }

    async fn announce(&self, _: &mut Context, _: AnnounceRequest) -> Result<Empty, Status> {
        not_faked()
    }
}

struct FakeSync(Arc<State>);

impl Sync for FakeSync {
    async fn sync(&self, _: &mut Context, _: SyncRequest) -> Result<SyncResponse, Status> {
        Ok(SyncResponse::default())
    }

    async fn newest(&self, _: &mut Context, r: Uins) -> Result<NewestResponse, Status> {
        if self.0.sync_is_away.load(SeqCst) {
            return Err(Status::unavailable("away"));
        }
        self.0.compared.fetch_add(r.uins.len(), SeqCst);
        let newest = self.0.newest.lock().unwrap();
        let of = |uin: &u64| newest.get(uin).copied().unwrap_or_default();
        let versions = r.uins.iter().map(of).collect();
        Ok(NewestResponse { versions })
    }
}

struct FakeSession(Arc<State>);

impl FakeSession {
    fn here(&self) -> Result<MutexGuard<'_, Sessions>, Status> {
        match self.0.session_is_away.load(SeqCst) {
            true => Err(Status::unavailable("away")),
            false => Ok(self.0.sessions()),
        }
    }
}

impl Session for FakeSession {
    async fn register(
        &self,
        _: &mut Context,
        r: session::RegisterRequest,
    ) -> Result<session::RegisterResponse, Status> {
        let mut sessions = self.here()?;
        sessions.registrations += 1;
        sessions.known.push(r.node.clone());
        let mut displaced = Vec::new();
        for mut link in r.links {
            link.node = r.node.clone();
            let key = (link.uin, link.device.clone());
            match sessions.links.get(&key) {
                Some(old) if old.opened_ms > link.opened_ms => displaced.push(link),
                Some(old) if (&old.node, old.link) != (&link.node, link.link) => {
                    displaced.push(old.clone());
                    sessions.links.insert(key, link);
                }
                _ => {
                    sessions.links.insert(key, link);
                }
            }
        }
        let epoch = sessions.epoch;
        Ok(session::RegisterResponse { epoch, displaced })
    }

    async fn unregister(
        &self,
        _: &mut Context,
        r: session::UnregisterRequest,
    ) -> Result<Empty, Status> {
        let mut sessions = self.here()?;
        for link in r.links {
            let key = (link.uin, link.device.clone());
            let is_it = |known: &Link| known.node == r.node && known.link == link.link;
            if sessions.links.get(&key).is_some_and(is_it) {
                sessions.links.remove(&key);
            }
        }
        Ok(Empty {})
    }

    async fn renew(
        &self,
        _: &mut Context,
        r: session::RenewRequest,
    ) -> Result<session::RenewResponse, Status> {
        let sessions = self.here()?;
        self.0.renewed.fetch_add(1, SeqCst);
        Ok(session::RenewResponse {
            epoch: sessions.epoch,
            known: sessions.known.contains(&r.node),
            lease_ms: 9_000,
        })
    }

    async fn lookup(&self, _: &mut Context, _: Uins) -> Result<session::LookupResponse, Status> {
        not_faked()
    }

    async fn online(&self, _: &mut Context, _: Uins) -> Result<Uins, Status> {
        not_faked()
    }

    async fn count(&self, _: &mut Context, _: Empty) -> Result<session::CountResponse, Status> {
        not_faked()
    }
}

struct FakePush(Arc<State>);

impl Push for FakePush {
    async fn notify(&self, _: &mut Context, _: NotifyRequest) -> Result<Empty, Status> {
        not_faked()
    }

    async fn kick(&self, _: &mut Context, r: KickRequest) -> Result<Empty, Status> {
        let event = Event {
            link: r.link,
            uin: r.uin,
            versions: None,
            kick_reason: r.reason.clone(),
        };
        self.0.post(&r.node, event);
        self.0.kicks.lock().unwrap().push(r);
        Ok(Empty {})
    }

    async fn wait(&self, _: &mut Context, r: WaitRequest) -> Result<WaitResponse, Status> {
        let began = self.0.mailboxes.lock().unwrap().epoch;
        let wait = Duration::from_millis(r.wait_ms.into());
        let news = async {
            loop {
                let posted = self.0.posted.notified();
                if let Some(events) = self.0.take(&r.node, began) {
                    return events;
                }
                posted.await;
            }
        };
        let events = timeout(wait, news).await.unwrap_or_default();
        let epoch = self.0.mailboxes.lock().unwrap().epoch;
        Ok(WaitResponse {
            events,
            taken: r.taken + 1,
            epoch,
        })
    }
}
