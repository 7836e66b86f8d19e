//! A whole backend in memory, and people who use it.

use bytes::Bytes;
use im::OneProcess;
use im_client::{Client, Config, LocalStore, Message, Record, Registration, State};
use im_idl::base::Uins;
use im_idl::contact::{AcceptRequest, AskRequest, Relation};
use im_idl::group::{CreateRequest, Role};
use im_idl::message::{Content, Item, content};
use im_idl::session::SessionClient;
use im_serve::{Listeners, Settings};
use std::future::Future;
use std::io;
use std::time::Duration;
use svrkit_rt::{BoxFuture, Channel, Connect, MemoryConnector, Status, Stream, memory};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// Longer than the longest heartbeat: what takes more than that is not repaired by one.
const PATIENCE: Duration = Duration::from_secs(11 * 60);

/// Everybody's password.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// Every service over the memory transport, with engines in memory.
pub(crate) struct Backend {
    long: MemoryConnector,
    /// Keeps the short link's listener.
    _short: MemoryConnector,
    settings: watch::Sender<Settings>,
    process: OneProcess,
    /// The centre of the monitor keeps its past on a disk.
    _data: TempDir,
}

impl Backend {
    pub(crate) async fn start() -> Backend {
        Backend::start_with(&[], |_, _, channel| channel).await
    }

    /// With settings of its own, and a say in who calls whom by which channel.
    pub(crate) async fn start_with(
        set: &[(&str, &str)],
        rewire: impl Fn(&str, &str, Channel) -> Channel,
    ) -> Backend {
        let (long, to_long) = memory();
        let (short, to_short) = memory();
        let mut settings = Settings::default();
        let cheap = [
            ("engine.kind", "memory"),
            // Stories are about messages; passwords have tests of their own.
            ("account.memory_kib", "8"),
            ("account.iterations", "1"),
            // A story's week would be sixty thousand reports to a disk.
            ("counters.enabled", "false"),
        ];
        let data = tempfile::tempdir().unwrap();
        let data_dir = data.path().to_str().unwrap();
        for (key, value) in cheap.iter().chain(&[("data_dir", data_dir)]).chain(set) {
            settings.set(key, value).unwrap();
        }
        let (settings, changes) = watch::channel(settings);
        let listeners = Listeners { long, short };
        let process = OneProcess::start_with(changes, listeners, rewire).await;
        Backend {
            long: to_long,
            _short: to_short,
            settings,
            process: process.unwrap(),
            _data: data,
        }
    }

    /// Changes a setting of the running backend.
    pub(crate) fn set(&self, key: &str, value: &str) {
        self.settings
            .send_modify(|settings| settings.set(key, value).unwrap());
    }

    /// A channel to a service, behind the access layer's back.
    pub(crate) fn channel(&self, service: &str) -> Channel {
        self.process.channel(service).unwrap()
    }

    /// What clients connect by.
    pub(crate) fn connector(&self) -> MemoryConnector {
        self.long.clone()
    }

    /// A device that nobody uses yet.
    pub(crate) async fn device(&self, config: Config) -> Client {
        let connect = OverMemory(self.long.clone());
        let client = Client::builder().connect(connect).config(config);
        client.start().await.unwrap()
    }

    /// A new user, online.
    pub(crate) async fn register(&self, name: &str) -> Client {
        self.register_with(name, Config::default()).await
    }

    pub(crate) async fn register_with(&self, name: &str, config: Config) -> Client {
        let client = self.device(config).await;
        let registration = Registration {
            name: name.to_owned(),
            password: PASSWORD.to_owned(),
            ..Registration::default()
        };
        client.register(registration).await.unwrap();
        soon(client.online()).await.unwrap();
        client
    }

    /// Another device of a user, online.
    pub(crate) async fn login(&self, name: &str) -> Client {
        let client = self.device(Config::default()).await;
        client.login(name, PASSWORD, "").await.unwrap();
        soon(client.online()).await.unwrap();
        client
    }
}

/// Opens links in memory.
pub(crate) struct OverMemory(pub(crate) MemoryConnector);

impl Connect for OverMemory {
    fn connect(&self) -> BoxFuture<io::Result<Stream>> {
        let stream = self.0.connect();
        Box::pin(async { stream })
    }
}

pub(crate) fn uin(client: &Client) -> u64 {
    client.state(State::uin)
}

/// Waits for what must come by itself. The clock jumps when nobody has anything to do, so what never comes fails soon.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    let came = timeout(PATIENCE, what).await;
    came.expect("it did not come within a heartbeat and some")
}

/// Waits until a device knows something.
pub(crate) async fn until<T>(client: &Client, look: impl FnMut(&State) -> Option<T>) -> T {
    soon(client.until(look)).await.unwrap()
}

/// Makes two users friends, and waits until both know.
pub(crate) async fn befriend(a: &Client, b: &Client) {
    let ask = AskRequest {
        uin: uin(b),
        greeting: "hello".to_owned(),
        ..AskRequest::default()
    };
    a.call(ask).await.unwrap();
    b.call(AcceptRequest { uin: uin(a) }).await.unwrap();
    for (one, other) in [(a, b), (b, a)] {
        relation(one, uin(other), Relation::Friend).await;
    }
}

/// Waits until `client` has synced that relation to `peer`.
pub(crate) async fn relation(client: &Client, peer: u64, relation: Relation) {
    let is_so = |state: &State| {
        let entry = state.contacts().get(&peer);
        let now = entry.map_or(Relation::None, |entry| entry.relation());
        (now == relation).then_some(())
    };
    until(client, is_so).await;
}

/// A group of `owner` and `members`, who are his friends, known to all.
pub(crate) async fn group(owner: &Client, members: &[&Client]) -> u64 {
    let create = CreateRequest {
        name: "us".to_owned(),
        members: members.iter().map(|member| uin(member)).collect(),
        ..CreateRequest::default()
    };
    let group = owner.call(create).await.unwrap().info.unwrap().group;
    for member in members.iter().chain([&owner]) {
        let knows = |state: &State| {
            let role = state.groups().get(&group)?.role;
            (role != Role::None as i32).then_some(())
        };
        until(member, knows).await;
    }
    group
}

/// Sends and waits for the acknowledgement.
pub(crate) async fn say(from: &Client, chat: u64, text: &str) -> Result<(), Status> {
    let sent = from.send_text(chat, text).await?;
    soon(sent.acknowledged()).await.map(drop)
}

/// Waits until a chat has (at least) so many texts, and returns all it has, oldest first.
pub(crate) async fn hears(client: &Client, chat: u64, count: usize) -> Vec<String> {
    let enough = |state: &State| {
        let texts = texts_of(state, chat);
        (texts.len() >= count).then_some(texts)
    };
    until(client, enough).await
}

pub(crate) fn texts(client: &Client, chat: u64) -> Vec<String> {
    client.state(|state| texts_of(state, chat))
}

fn texts_of(state: &State, chat: u64) -> Vec<String> {
    let messages = state
        .chats()
        .get(&chat)
        .into_iter()
        .flat_map(|c| c.messages());
    messages
        .filter_map(|message: &Message| text(&message.item))
        .collect()
}

/// A text message's text.
pub(crate) fn text(item: &Item) -> Option<String> {
    match item.content.as_ref()?.kind.as_ref()? {
        content::Kind::Text(text) => Some(text.clone()),
        _ => None,
    }
}

pub(crate) fn text_content(text: &str) -> Content {
    Content {
        kind: Some(content::Kind::Text(text.to_owned())),
    }
}

/// Waits until everything new has come to a device, and nothing more does.
pub(crate) async fn caught_up(client: &Client) -> Bytes {
    loop {
        let before = client.state(|state| state.snapshot().clone());
        client.sync().await;
        soon(client.online()).await.unwrap();
        let after = client.state(|state| state.snapshot().clone());
        if before == after {
            return after;
        }
    }
}

/// A device that is switched off, with what it knows.
pub(crate) struct Pocketed(Record);

impl Pocketed {
    /// Switches a device off, and waits until the backend has noticed.
    pub(crate) async fn of(backend: &Backend, client: Client) -> Pocketed {
        let record = client.state(State::to_record);
        let (uins, device) = client.state(|state| {
            let device = state.identity().unwrap().device.clone();
            (vec![state.uin()], device)
        });
        drop(client);
        let sessions = SessionClient::new(backend.channel("session"));
        loop {
            let uins = uins.clone();
            let links = sessions.lookup(Uins { uins }).await.unwrap().links;
            if links.iter().all(|link| link.device != device) {
                return Pocketed(record);
            }
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Switches it on again.
    pub(crate) async fn back(self, backend: &Backend) -> Client {
        self.back_with(backend, Config::default()).await
    }

    pub(crate) async fn back_with(self, backend: &Backend, config: Config) -> Client {
        remembering(backend, self.0, config).await
    }
}

/// A second client with all that a device knows: a restored backup, say.
pub(crate) async fn copy_of(backend: &Backend, client: &Client) -> Client {
    remembering(backend, client.state(State::to_record), Config::default()).await
}

async fn remembering(backend: &Backend, record: Record, config: Config) -> Client {
    let connect = OverMemory(backend.connector());
    let client = Client::builder().connect(connect).config(config);
    let client = client.store(Remembered(record));
    let client = client.start().await.unwrap();
    soon(client.online()).await.unwrap();
    client
}

/// Knows one thing, and learns nothing.
struct Remembered(Record);

impl LocalStore for Remembered {
    fn load(&mut self) -> BoxFuture<io::Result<Vec<Record>>> {
        let records = vec![self.0.clone()];
        Box::pin(async { Ok(records) })
    }

    fn append(&mut self, _record: Record) -> BoxFuture<io::Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn replace(&mut self, _record: Record) -> BoxFuture<io::Result<()>> {
        Box::pin(async { Ok(()) })
    }
}
