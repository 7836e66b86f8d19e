//! A push service over a session service that tells what the test says, and an access node that polls.

use im_idl::base::{Empty, Uins, Versions};
use im_idl::push::{
    Event, KickRequest, News, NotifyRequest, PushClient, WaitRequest, WaitResponse,
};
use im_idl::session::{
    CountResponse, Link, LookupResponse, RegisterRequest, RegisterResponse, RenewRequest,
    RenewResponse, Session, SessionClient, SessionServer, UnregisterRequest,
};
use im_push::{Config, Deps, build};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use svrkit_rt::testing::serve;
use svrkit_rt::{Context, Server, Status, clock};
use tokio::time::sleep;

pub(crate) const ADA: u64 = 10_001;
pub(crate) const BOB: u64 = 10_002;

/// Where links are, as the test says.
#[derive(Default)]
pub(crate) struct Sessions {
    pub(crate) links: Mutex<Vec<Link>>,
    pub(crate) down: AtomicBool,
    pub(crate) lookups: AtomicUsize,
    /// How long a lookup takes, in milliseconds.
    pub(crate) lookup_ms: AtomicUsize,
}

impl Sessions {
    /// A link that opens now.
    pub(crate) fn open(&self, node: &str, uin: u64, device: &str, link: u64) {
        self.open_at(clock::now_ms(), node, uin, device, link);
    }

    pub(crate) fn open_at(&self, opened_ms: u64, node: &str, uin: u64, device: &str, link: u64) {
        self.links.lock().unwrap().push(Link {
            uin,
            device: device.to_owned(),
            link,
            opened_ms,
            client_version: 200,
            node: node.to_owned(),
        });
    }

    pub(crate) fn close_all(&self) {
        self.links.lock().unwrap().clear();
    }

    pub(crate) fn set_down(&self, down: bool) {
        self.down.store(down, SeqCst);
    }
}

/// Only lookups are made by a push service.
impl Session for Sessions {
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

    async fn lookup(&self, _ctx: &mut Context, request: Uins) -> Result<LookupResponse, Status> {
        self.lookups.fetch_add(1, SeqCst);
        sleep(Duration::from_millis(self.lookup_ms.load(SeqCst) as u64)).await;
        if self.down.load(SeqCst) {
            return Err(Status::unavailable("down"));
        }
        let links = self.links.lock().unwrap();
        let links = links.iter().filter(|link| request.uins.contains(&link.uin));
        let links = links.cloned().collect();
        Ok(LookupResponse { links })
    }

    async fn online(&self, _ctx: &mut Context, _request: Uins) -> Result<Uins, Status> {
        Err(Status::unimplemented("online"))
    }

    async fn count(&self, _ctx: &mut Context, _request: Empty) -> Result<CountResponse, Status> {
        Err(Status::unimplemented("count"))
    }
}

pub(crate) async fn push(config: Config) -> (PushClient, Arc<Sessions>) {
    let sessions = Arc::new(Sessions::default());
    let server = Server::new().service(SessionServer::from_arc(sessions.clone()));
    let session = SessionClient::new(serve(server));
    let server = build(config, Deps { session }).await.unwrap();
    (PushClient::new(serve(server)), sessions)
}

pub(crate) fn messages(messages: u64) -> Versions {
    Versions {
        messages,
        ..Versions::default()
    }
}

pub(crate) async fn notify(push: &PushClient, uin: u64, version: u64) {
    let versions = Some(messages(version));
    let news = vec![News { uin, versions }];
    push.notify(NotifyRequest { news }).await.unwrap();
}

pub(crate) fn kick(uin: u64, device: &str, reason: &str) -> KickRequest {
    KickRequest {
        uin,
        device: device.to_owned(),
        reason: reason.to_owned(),
        ..KickRequest::default()
    }
}

pub(crate) fn news_event(link: u64, uin: u64, version: u64) -> Event {
    Event {
        link,
        versions: Some(messages(version)),
        kick_reason: String::new(),
        uin,
    }
}

pub(crate) fn kick_event(link: u64, uin: u64, reason: &str) -> Event {
    Event {
        link,
        versions: None,
        kick_reason: reason.to_owned(),
        uin,
    }
}

/// An access node that has greeted the push service: it knows its epoch.
pub(crate) struct Node {
    push: PushClient,
    name: &'static str,
    pub(crate) taken: u64,
    pub(crate) epoch: u64,
}

impl Node {
    pub(crate) async fn greet(push: &PushClient, name: &'static str) -> Node {
        let mut node = Node::unknown(push, name);
        assert!(node.poll(30_000).await.is_empty());
        node
    }

    /// One that has not polled yet.
    pub(crate) fn unknown(push: &PushClient, name: &'static str) -> Node {
        let push = push.clone();
        Node {
            push,
            name,
            taken: 0,
            epoch: 0,
        }
    }

    pub(crate) async fn call(&self, wait_ms: u32) -> Result<WaitResponse, Status> {
        let node = self.name.to_owned();
        let taken = self.taken;
        let request = WaitRequest {
            node,
            wait_ms,
            taken,
        };
        self.push.wait(request).await
    }

    /// A poll whose answer arrives.
    pub(crate) async fn poll(&mut self, wait_ms: u32) -> Vec<Event> {
        let answer = self.call(wait_ms).await.unwrap();
        (self.taken, self.epoch) = (answer.taken, answer.epoch);
        answer.events
    }
}
