//! A backend in a few maps, with one sin.

use bytes::{Buf, Bytes, BytesMut};
use im_client::{CLIENT_VERSION, Frame, Request, SEQ_PUSH, decode_frame, encode_frame};
use im_idl::access::{AuthRequest, AuthResponse, Command, Notify};
use im_idl::account::{LoginResponse, RegisterRequest};
use im_idl::base::Versions;
use im_idl::contact::{AcceptRequest, AcceptResponse, AskRequest, AskResponse};
use im_idl::group::{CreateRequest, CreateResponse, Info};
use im_idl::ids::{GROUP_BIT, UIN_MIN, is_group};
use im_idl::message::{Entry, Item, SendRequest, SendResponse, entry};
use im_idl::sync::{SyncRequest, SyncResponse};
use prost::Message;
use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use svrkit_rt::{BoxFuture, Connect, Stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::mpsc;

/// One in so many messages falls victim to a sin.
const ONE_IN: u64 = 37;
/// The same of answers that are lost: with each a link is lost, and a load is to do more than come back.
const LOST_ANSWERS_ONE_IN: u64 = 371;
/// Milliseconds until a request is looked at. Without any, no time would pass, and a load of some seconds would never end.
const DELAY_MS: u64 = 10;

/// What a backend does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sin {
    None,
    /// Breaks the link between storing and answering.
    LosesAnswers,
    /// Acknowledges and does not deliver.
    Loses,
    /// Delivers twice.
    Doubles,
    /// Delivers a group's messages to one member in another order.
    Reorders,
    /// Delivers under another sender's name.
    Forges,
}

/// A backend that can be connected to.
pub(crate) struct Fake {
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    sin: Sin,
    users: u64,
    groups: HashMap<u64, Vec<u64>>,
    group_seqs: HashMap<u64, u64>,
    inboxes: HashMap<u64, Vec<Entry>>,
    stored: HashSet<(u64, u64)>,
    links: HashMap<u64, mpsc::UnboundedSender<u64>>,
    messages: u64,
    /// A row that waits to be overtaken.
    held: Option<(u64, Item)>,
}

impl Fake {
    pub(crate) fn new(sin: Sin) -> Fake {
        let inner = Inner {
            sin,
            users: 0,
            groups: HashMap::new(),
            group_seqs: HashMap::new(),
            inboxes: HashMap::new(),
            stored: HashSet::new(),
            links: HashMap::new(),
            messages: 0,
            held: None,
        };
        Fake {
            inner: Arc::new(Mutex::new(inner)),
        }
    }
}

impl Connect for Fake {
    fn connect(&self) -> BoxFuture<io::Result<Stream>> {
        let (near, far) = tokio::io::duplex(256 * 1024);
        tokio::spawn(serve(self.inner.clone(), far));
        Box::pin(async { Ok(Stream::new(near)) })
    }
}

async fn serve(inner: Arc<Mutex<Inner>>, mut stream: DuplexStream) {
    let (mut input, mut output) = (BytesMut::new(), BytesMut::new());
    let (news, mut told) = mpsc::unbounded_channel();
    let mut uin = 0;
    loop {
        tokio::select! {
            read = stream.read_buf(&mut input) => {
                if !matches!(read, Ok(1..)) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(DELAY_MS)).await;
                while let Some(frame) = decode_frame(CLIENT_VERSION, &mut input).unwrap() {
                    let mut inner = inner.lock().unwrap();
                    let Some(body) = inner.hear(&frame, &mut uin, &news) else {
                        return;
                    };
                    encode_raw(frame.cmd_id, frame.seq, &body, &mut output);
                }
            }
            Some(messages) = told.recv() => {
                let notify = notify(messages).encode_to_vec();
                encode_raw(Command::Notify as u32, SEQ_PUSH, &notify, &mut output);
            }
        }
        if stream.write_all_buf(&mut output).await.is_err() {
            return;
        }
    }
}

impl Inner {
    /// The answer's body; `None` when the link is to break.
    fn hear(
        &mut self,
        frame: &Frame,
        uin: &mut u64,
        news: &mpsc::UnboundedSender<u64>,
    ) -> Option<Vec<u8>> {
        let cmd = frame.cmd_id;
        Some(if cmd == Command::Auth as u32 {
            let asked: AuthRequest = decode(frame);
            *uin = asked.ticket.parse().unwrap();
            self.links.insert(*uin, news.clone());
            AuthResponse::default().encode_to_vec()
        } else if cmd == Command::Noop as u32 {
            notify(self.newest(*uin)).encode_to_vec()
        } else if cmd == id::<RegisterRequest>() {
            self.users += 1;
            let uin = UIN_MIN + self.users;
            let ticket = uin.to_string();
            let answer = LoginResponse {
                uin,
                ticket,
                ..LoginResponse::default()
            };
            answer.encode_to_vec()
        } else if cmd == id::<AskRequest>() {
            AskResponse::default().encode_to_vec()
        } else if cmd == id::<AcceptRequest>() {
            AcceptResponse::default().encode_to_vec()
        } else if cmd == id::<CreateRequest>() {
            let mut members = decode::<CreateRequest>(frame).members;
            members.push(*uin);
            let group = GROUP_BIT + 1 + self.groups.len() as u64;
            self.groups.insert(group, members);
            let info = Info {
                group,
                ..Info::default()
            };
            let answer = CreateResponse {
                info: Some(info),
                error: None,
            };
            answer.encode_to_vec()
        } else if cmd == id::<SendRequest>() {
            self.send(*uin, decode(frame))?.encode_to_vec()
        } else if cmd == id::<SyncRequest>() {
            self.sync(*uin, &decode(frame)).encode_to_vec()
        } else {
            panic!("command {cmd}")
        })
    }

    fn newest(&self, uin: u64) -> u64 {
        let inbox = self.inboxes.get(&uin);
        inbox
            .and_then(|inbox| inbox.last())
            .map_or(0, |entry| entry.version)
    }

    fn send(&mut self, sender: u64, asked: SendRequest) -> Option<SendResponse> {
        let answer = SendResponse::default();
        if !self.stored.insert((sender, asked.client_message_id)) {
            return Some(answer);
        }
        self.messages += 1;
        let one_in = match self.sin {
            Sin::LosesAnswers => LOST_ANSWERS_ONE_IN,
            _ => ONE_IN,
        };
        let sins = self.messages.is_multiple_of(one_in);
        let mut item = Item {
            sender,
            chat: asked.to,
            client_message_id: asked.client_message_id,
            content: asked.content,
            ..Item::default()
        };
        if is_group(asked.to) {
            let seq = self.group_seqs.entry(asked.to).or_default();
            *seq += 1;
            item.group_seq = *seq;
            let members = self.groups[&asked.to].clone();
            for (i, member) in members.iter().enumerate() {
                // Not the one whose receipt lets the sender go on, who would stand still: only the one beyond.
                let sins = sins && i == (self.messages % members.len() as u64) as usize;
                self.deliver(*member, item.clone(), sins);
            }
        } else {
            item.chat = sender;
            self.deliver(asked.to, item, sins);
        }
        if sins && self.sin == Sin::LosesAnswers {
            return None;
        }
        Some(answer)
    }

    fn deliver(&mut self, to: u64, mut item: Item, sins: bool) {
        if let Some((_, held)) = self.held.take_if(|(held_by, _)| *held_by == to) {
            self.put(to, item);
            return self.put(to, held);
        }
        match self.sin {
            Sin::Loses if sins => return,
            Sin::Doubles if sins => self.put(to, item.clone()),
            Sin::Reorders if sins && self.held.is_none() => {
                self.held = Some((to, item));
                return;
            }
            Sin::Forges if sins => item.sender += 1,
            _ => {}
        }
        self.put(to, item);
    }

    fn put(&mut self, to: u64, item: Item) {
        let version = self.newest(to) + 1;
        self.inboxes.entry(to).or_default().push(Entry {
            version,
            kind: Some(entry::Kind::Item(item)),
        });
        if let Some(link) = self.links.get(&to) {
            // Who has hung up hears of it by his next sync.
            let _ = link.send(version);
        }
    }

    fn sync(&self, uin: u64, asked: &SyncRequest) -> SyncResponse {
        let after = match asked.snapshot.len() {
            0 => 0,
            _ => (&asked.snapshot[..]).get_u64(),
        };
        let inbox = self.inboxes.get(&uin).map_or(&[][..], Vec::as_slice);
        let newer: Vec<Entry> = inbox
            .iter()
            .filter(|e| e.version > after)
            .cloned()
            .collect();
        let max = asked.messages_max as usize;
        let messages = newer[..newer.len().min(max)].to_vec();
        let version = messages.last().map_or(after, |entry| entry.version);
        SyncResponse {
            snapshot: Bytes::copy_from_slice(&version.to_be_bytes()),
            more: newer.len() > max,
            messages,
            ..SyncResponse::default()
        }
    }
}

fn notify(messages: u64) -> Notify {
    let versions = Versions {
        messages,
        ..Versions::default()
    };
    Notify {
        versions: Some(versions),
    }
}

fn id<R: Request>() -> u32 {
    R::method().cgi.unwrap().cmd_id
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
