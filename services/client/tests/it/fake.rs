//! An access layer with as much behind it as a client sees, and faults on demand.

use bytes::{Buf, Bytes, BytesMut};
use im_client::{
    CLIENT_VERSION, Client, ClientBuilder, Config, Frame, Registration, Request, SEQ_PUSH,
    decode_frame, encode_frame,
};
use im_idl::access::{AuthRequest, AuthResponse, Command, Kick, Notify};
use im_idl::account::{
    GetProfileRequest, GetProfileResponse, LoginRequest, LoginResponse, Profile, RegisterRequest,
    RenewTicketRequest,
};
use im_idl::base::{Error, Refusal, Versions};
use im_idl::contact::{self, AcceptRequest, AskRequest, OnlineRequest, OnlineResponse, Relation};
use im_idl::group::{CreateRequest, CreateResponse, Membership, Role};
use im_idl::message::{
    Content, Entry, Item, MarkReadRequest, SendRequest, SendResponse, content, entry,
};
use im_idl::sync::{SyncRequest, SyncResponse};
use prost::Message;
use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use svrkit_rt::{BoxFuture, Code, Connect, Io, Stream, clock};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// The user that every client here is.
pub(crate) const ME: u64 = 10_001;
/// A friend.
pub(crate) const BOB: u64 = 10_002;
/// Another.
pub(crate) const EVE: u64 = 10_003;
/// How long a ticket lives.
pub(crate) const TICKET_MS: u64 = 24 * 3_600_000;

#[derive(Clone, Default)]
pub(crate) struct Fake {
    inner: Arc<Mutex<Inner>>,
}

/// What has happened, and what is to happen.
#[derive(Default)]
pub(crate) struct Inner {
    /// When links were opened, or tried to be.
    pub(crate) connects: Vec<Instant>,
    /// When heartbeats came.
    pub(crate) heartbeats: Vec<Instant>,
    /// Every message that came in, as often as it came.
    pub(crate) arrived: Vec<(u64, u64)>,
    /// Every message, once.
    pub(crate) stored: Vec<(u64, u64)>,
    /// Calls that came in, by command id.
    pub(crate) calls: Vec<u32>,
    /// Snapshots that were shown, as versions.
    pub(crate) shown: Vec<u64>,
    inbox: Vec<Entry>,
    /// What the next sync brings beside messages.
    contacts: Vec<contact::Entry>,
    groups: Vec<Membership>,
    tickets: u64,
    revoked: HashSet<String>,
    links: Vec<mpsc::UnboundedSender<Say>>,

    /// Nobody listens.
    pub(crate) is_down: bool,
    /// Authentication is refused with this.
    pub(crate) auth_error: Option<Error>,
    /// Sends to this chat are refused with this.
    pub(crate) send_error: HashMap<u64, Error>,
    /// Sends to these chats are not answered.
    pub(crate) mute: HashSet<u64>,
    /// So many sends are stored, and the link breaks before the answer.
    pub(crate) lose_acknowledgements: u32,
    /// So many calls of any kind break the link.
    pub(crate) break_on_calls: u32,
    /// Heartbeats are not answered.
    pub(crate) is_deaf: bool,
    /// Messages in one answer of a sync.
    pub(crate) page: usize,
    /// Syncs that fail with `Unavailable`.
    pub(crate) failing_syncs: u32,
}

/// What a link is told to say.
enum Say {
    Push(Command, Bytes),
    Close,
}

impl Fake {
    pub(crate) fn new() -> Fake {
        let fake = Fake::default();
        fake.lock().page = 100;
        fake
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    /// A client that is to use this.
    pub(crate) fn builder(&self) -> ClientBuilder {
        Client::builder().connect(self.clone())
    }

    /// A client that has registered and is online.
    pub(crate) async fn client(&self, config: Config) -> Client {
        let client = self.builder().config(config).start().await.unwrap();
        register(&client).await;
        client
    }

    /// A message in the inbox of the only user, without a word to him. Returns its version.
    pub(crate) fn put(&self, sender: u64, id: u64, text: &str) -> u64 {
        self.put_in(sender, sender, id, text)
    }

    /// As [`Fake::put`], in a chat.
    pub(crate) fn put_in(&self, chat: u64, sender: u64, id: u64, text: &str) -> u64 {
        let mut inner = self.lock();
        let version = inner.newest() + 1;
        let item = Item {
            sender,
            chat,
            client_message_id: id,
            time_ms: clock::now_ms(),
            content: Some(text_content(text)),
            group_seq: 0,
        };
        inner.inbox.push(Entry {
            version,
            kind: Some(entry::Kind::Item(item)),
        });
        version
    }

    /// A contact changed; the next sync brings it.
    pub(crate) fn put_contact(&self, uin: u64, name: &str, relation: Relation) {
        self.lock().contacts.push(contact::Entry {
            uin,
            name: name.to_owned(),
            relation: relation as i32,
            ..contact::Entry::default()
        });
    }

    /// The user is in a group; the next sync brings it.
    pub(crate) fn put_group(&self, group: u64, name: &str) {
        self.lock().groups.push(Membership {
            group,
            role: Role::Member as i32,
            name: name.to_owned(),
            version: 1,
        });
    }

    /// Tells all links of the newest version.
    pub(crate) fn notify(&self) {
        let body = self.lock().news().encode_to_vec();
        self.say(|| Say::Push(Command::Notify, body.clone().into()));
    }

    pub(crate) fn kick(&self, reason: &str) {
        let reason = reason.to_owned();
        let body = Kick { reason }.encode_to_vec();
        self.say(|| Say::Push(Command::Kick, body.clone().into()));
    }

    /// Breaks all links.
    pub(crate) fn cut(&self) {
        self.say(|| Say::Close);
    }

    fn say(&self, what: impl Fn() -> Say) {
        let mut inner = self.lock();
        inner.links.retain(|link| link.send(what()).is_ok());
    }

    /// Serves one link that somebody else has accepted.
    pub(crate) async fn accepted(self, stream: impl Io) {
        let (link, says) = mpsc::unbounded_channel();
        self.lock().links.push(link);
        self.serve(stream, says).await;
    }

    async fn serve(self, mut stream: impl Io, mut says: mpsc::UnboundedReceiver<Say>) {
        let (mut input, mut output) = (BytesMut::new(), BytesMut::new());
        loop {
            tokio::select! {
                read = stream.read_buf(&mut input) => {
                    if !matches!(read, Ok(1..)) {
                        return;
                    }
                    while let Some(frame) = decode_frame(CLIENT_VERSION, &mut input).unwrap() {
                        if self.lock().hear(&frame, &mut output).is_err() {
                            return;
                        }
                    }
                }
                say = says.recv() => match say {
                    Some(Say::Push(command, body)) => {
                        encode_raw(command as u32, SEQ_PUSH, &body, &mut output);
                    }
                    Some(Say::Close) | None => return,
                }
            }
            if stream.write_all_buf(&mut output).await.is_err() {
                return;
            }
        }
    }
}

impl Connect for Fake {
    fn connect(&self) -> BoxFuture<io::Result<Stream>> {
        let fake = self.clone();
        Box::pin(async move {
            let mut inner = fake.lock();
            inner.connects.push(Instant::now());
            if inner.is_down {
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            let (near, far) = tokio::io::duplex(64 * 1024);
            let (link, says) = mpsc::unbounded_channel();
            inner.links.push(link);
            tokio::spawn(fake.clone().serve(far, says));
            Ok(Stream::new(near))
        })
    }
}

/// The link is to break.
struct Break;

impl Inner {
    fn newest(&self) -> u64 {
        self.inbox.last().map_or(0, |entry| entry.version)
    }

    fn news(&self) -> Notify {
        let messages = self.newest();
        let versions = Versions {
            messages,
            ..Versions::default()
        };
        Notify {
            versions: Some(versions),
        }
    }

    pub(crate) fn ticket(&mut self) -> LoginResponse {
        self.tickets += 1;
        LoginResponse {
            uin: ME,
            ticket: format!("ticket {}", self.tickets),
            expires_ms: clock::now_ms() + TICKET_MS,
            error: None,
        }
    }

    /// All tickets so far are no good any more.
    pub(crate) fn revoke(&mut self) {
        self.revoked = (0..=self.tickets).map(|n| format!("ticket {n}")).collect();
    }

    fn hear(&mut self, frame: &Frame, out: &mut BytesMut) -> Result<(), Break> {
        let (cmd, seq) = (frame.cmd_id, frame.seq);
        let mut answer = |body: Vec<u8>| {
            encode_raw(cmd, seq, &body, out);
            Ok(())
        };
        if cmd == Command::Noop as u32 {
            self.heartbeats.push(Instant::now());
            if self.is_deaf {
                return Ok(());
            }
            return answer(self.news().encode_to_vec());
        }
        if cmd == Command::Auth as u32 {
            let body = self.authenticate(&decode(frame));
            return answer(body.encode_to_vec());
        }
        self.calls.push(cmd);
        if self.break_on_calls > 0 {
            self.break_on_calls -= 1;
            return Err(Break);
        }
        if cmd == id::<RegisterRequest>() || cmd == id::<LoginRequest>() {
            return answer(self.ticket().encode_to_vec());
        }
        if cmd == id::<RenewTicketRequest>() {
            let asked: RenewTicketRequest = decode(frame);
            assert_eq!(asked.ticket, format!("ticket {}", self.tickets));
            return answer(self.ticket().encode_to_vec());
        }
        if cmd == id::<SendRequest>() {
            return match self.send(decode(frame))? {
                Some(body) => answer(body),
                None => Ok(()),
            };
        }
        if cmd == id::<SyncRequest>() {
            return answer(self.sync(&decode(frame)));
        }
        if cmd == id::<CreateRequest>() {
            return answer(CreateResponse::default().encode_to_vec());
        }
        if cmd == id::<OnlineRequest>() {
            let uins = vec![BOB];
            let body = OnlineResponse { uins, error: None };
            return answer(body.encode_to_vec());
        }
        if cmd == id::<GetProfileRequest>() {
            return answer(profile(&decode(frame)).encode_to_vec());
        }
        let fine = [
            id::<AskRequest>(),
            id::<AcceptRequest>(),
            id::<MarkReadRequest>(),
        ];
        if fine.contains(&cmd) {
            return answer(Vec::new());
        }
        answer(refusal(Code::Unimplemented))
    }

    fn authenticate(&mut self, asked: &AuthRequest) -> AuthResponse {
        let mut error = self.auth_error.clone();
        if self.revoked.contains(&asked.ticket) {
            error = Some(error_of(Code::Unauthenticated));
        }
        AuthResponse {
            uin: ME,
            server_time_ms: clock::now_ms(),
            idle_timeout_ms: 900_000,
            error,
            ..AuthResponse::default()
        }
    }

    fn send(&mut self, asked: SendRequest) -> Result<Option<Vec<u8>>, Break> {
        let name = (asked.to, asked.client_message_id);
        self.arrived.push(name);
        if let Some(error) = self.send_error.get(&asked.to) {
            let error = Some(error.clone());
            return Ok(Some(Refusal { error }.encode_to_vec()));
        }
        let duplicate = self.stored.contains(&name);
        if !duplicate {
            self.stored.push(name);
        }
        if self.lose_acknowledgements > 0 {
            self.lose_acknowledgements -= 1;
            return Err(Break);
        }
        if self.mute.contains(&asked.to) {
            return Ok(None);
        }
        let body = SendResponse {
            time_ms: clock::now_ms(),
            duplicate,
            ..SendResponse::default()
        };
        Ok(Some(body.encode_to_vec()))
    }

    fn sync(&mut self, asked: &SyncRequest) -> Vec<u8> {
        if self.failing_syncs > 0 {
            self.failing_syncs -= 1;
            return refusal(Code::Unavailable);
        }
        let after = snapshot_version(&asked.snapshot);
        self.shown.push(after);
        let newer = self.inbox.iter().filter(|entry| entry.version > after);
        let mut messages: Vec<Entry> = newer.cloned().collect();
        let more = messages.len() > self.page;
        messages.truncate(self.page);
        let version = messages.last().map_or(after, |entry| entry.version);
        let answer = SyncResponse {
            snapshot: version.to_be_bytes().to_vec().into(),
            more,
            messages,
            contacts: std::mem::take(&mut self.contacts),
            groups: std::mem::take(&mut self.groups),
            ..SyncResponse::default()
        };
        answer.encode_to_vec()
    }
}

/// The version in one of the fake's snapshots.
pub(crate) fn snapshot_version(mut snapshot: &[u8]) -> u64 {
    match snapshot.len() {
        0 => 0,
        _ => snapshot.get_u64(),
    }
}

pub(crate) fn error_of(code: Code) -> Error {
    Error {
        code: code as u32,
        message: format!("{code}, says the test"),
        ..Error::default()
    }
}

pub(crate) fn text_content(text: &str) -> Content {
    let kind = Some(content::Kind::Text(text.to_owned()));
    Content { kind }
}

/// Registers, and waits until the client is online.
pub(crate) async fn register(client: &Client) {
    let registration = Registration {
        name: "ada".to_owned(),
        password: "correct horse".to_owned(),
        ..Registration::default()
    };
    assert_eq!(client.register(registration).await.unwrap(), ME);
    client.online().await.unwrap();
}

/// Ids of the messages of a chat that a client has.
pub(crate) fn ids(client: &Client, chat: u64) -> Vec<u64> {
    client.state(|state| {
        let kept = state.chats().get(&chat);
        let messages = kept.iter().flat_map(|chat| chat.messages());
        messages.map(|m| m.item.client_message_id).collect()
    })
}

/// The command id of a request.
pub(crate) fn id<R: Request>() -> u32 {
    R::method().cgi.unwrap().cmd_id
}

fn profile(asked: &GetProfileRequest) -> GetProfileResponse {
    let profile = Profile {
        uin: asked.uin,
        nickname: format!("stranger {}", asked.uin),
        ..Profile::default()
    };
    GetProfileResponse {
        profile: Some(profile),
        error: None,
    }
}

fn refusal(code: Code) -> Vec<u8> {
    let error = Some(error_of(code));
    Refusal { error }.encode_to_vec()
}

fn decode<M: Message + Default>(frame: &Frame) -> M {
    M::decode(&frame.body[..]).unwrap()
}

/// A frame with a body that is encoded already.
fn encode_raw(cmd: u32, seq: u32, body: &[u8], out: &mut BytesMut) {
    encode_frame(CLIENT_VERSION, cmd, seq, &(), out);
    let at = out.len() - 4;
    out[at..].copy_from_slice(&u32::try_from(body.len()).unwrap().to_be_bytes());
    out.extend_from_slice(body);
}
