//! A store that can be built again over the same engine, and calls to it in few words.

use im_engine::Engine;
use im_idl::message::{Content, Entry, Item, content, entry};
use im_idl::message_store::{
    AppendGroupRequest, AppendGroupResponse, AppendRequest, AppendResponse, FanOutRequest,
    FanOutRow, MessageStoreClient, ReadRequest, ReadResponse,
};
use im_message_store::{Config, Deps, build};
use svrkit_rt::testing::serve;
use svrkit_rt::{Code, Status};

pub(crate) const ADA: u64 = 10_001;
pub(crate) const BOB: u64 = 10_002;
pub(crate) const CLEO: u64 = 10_003;
pub(crate) const GROUP: u64 = (1 << 48) + 7;

pub(crate) struct Store {
    pub(crate) engine: Engine,
    pub(crate) config: Config,
    pub(crate) client: MessageStoreClient,
}

impl Store {
    pub(crate) async fn new() -> Store {
        Store::with(Config::default()).await
    }

    pub(crate) async fn with(config: Config) -> Store {
        Store::over(im_engine::memory(), config).await
    }

    pub(crate) async fn over(engine: Engine, config: Config) -> Store {
        let client = client(&config, &engine).await;
        Store {
            engine,
            config,
            client,
        }
    }

    /// As after a crash: what was in memory is gone.
    pub(crate) async fn rebuild(&mut self) {
        self.client = client(&self.config, &self.engine).await;
    }

    pub(crate) async fn send(&self, from: u64, to: u64, id: u64) -> AppendResponse {
        self.send_from("phone", from, to, id).await.unwrap()
    }

    pub(crate) async fn send_from(
        &self,
        device: &str,
        from: u64,
        to: u64,
        id: u64,
    ) -> Result<AppendResponse, Status> {
        let request = AppendRequest {
            receiver: to,
            item: Some(item(from, from, id)),
            sender_device: device.to_owned(),
        };
        self.client.append(request).await
    }

    pub(crate) async fn send_group(&self, from: u64, id: u64) -> AppendGroupResponse {
        let item = Some(item(from, GROUP, id));
        let request = AppendGroupRequest { item };
        self.client.append_group(request).await.unwrap()
    }

    pub(crate) async fn fan_out(&self, seqs: &[u64], members: &[u64]) -> Vec<u64> {
        let rows = seqs.iter().map(|seq| FanOutRow { group_seq: *seq });
        let request = FanOutRequest {
            group: GROUP,
            rows: rows.collect(),
            members: members.to_vec(),
        };
        self.client.fan_out(request).await.unwrap().versions
    }

    pub(crate) async fn read(&self, uin: u64, device: &str, after: u64) -> ReadResponse {
        self.try_read(uin, device, after, 0).await.unwrap()
    }

    pub(crate) async fn try_read(
        &self,
        uin: u64,
        device: &str,
        after: u64,
        rows_max: u32,
    ) -> Result<ReadResponse, Status> {
        let request = ReadRequest {
            uin,
            device: device.to_owned(),
            after_version: after,
            rows_max,
            ..ReadRequest::default()
        };
        self.client.read(request).await
    }

    /// What is in an inbox, without being anybody.
    pub(crate) async fn peek(&self, uin: u64) -> Vec<Entry> {
        let mut entries = Vec::new();
        let mut after = 0;
        loop {
            let request = ReadRequest {
                uin,
                after_version: after,
                peek: true,
                ..ReadRequest::default()
            };
            let answer = self.client.read(request).await.unwrap();
            entries.extend(answer.entries);
            if !answer.more {
                return entries;
            }
            assert!(answer.version > after, "pages go forward");
            after = answer.version;
        }
    }
}

async fn client(config: &Config, engine: &Engine) -> MessageStoreClient {
    let engine = engine.clone();
    let server = build(config.clone(), Deps { engine }).await.unwrap();
    MessageStoreClient::new(serve(server))
}

pub(crate) fn item(sender: u64, chat: u64, id: u64) -> Item {
    let text = format!("{sender} says {id}");
    let kind = Some(content::Kind::Text(text));
    Item {
        sender,
        chat,
        client_message_id: id,
        content: Some(Content { kind }),
        ..Item::default()
    }
}

/// The messages among entries: sender and id.
pub(crate) fn messages(entries: &[Entry]) -> Vec<(u64, u64)> {
    let message = |entry: &Entry| match &entry.kind {
        Some(entry::Kind::Item(item)) => Some((item.sender, item.client_message_id)),
        _ => None,
    };
    entries.iter().filter_map(message).collect()
}

/// The entries that say that a message was taken back: sender, chat and id.
pub(crate) fn recalls(entries: &[Entry]) -> Vec<(u64, u64, u64)> {
    let recall = |entry: &Entry| match &entry.kind {
        Some(entry::Kind::Recalled(r)) => Some((r.sender, r.chat, r.client_message_id)),
        _ => None,
    };
    entries.iter().filter_map(recall).collect()
}

pub(crate) fn refused<T: std::fmt::Debug>(answer: Result<T, Status>) -> Code {
    answer.unwrap_err().code()
}
