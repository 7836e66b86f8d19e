//! The service: check, decide, store, answer.

use crate::config::Config;
use crate::deps::Deps;
use crate::fanout_tasks::FanoutTasks;
use crate::{content, figures, permission};
use im_idl::account_store::AccountStoreClient;
use im_idl::base::{Caller, Empty, Uins};
use im_idl::contact_store::{ContactStoreClient, RelationRequest, RelationResponse};
use im_idl::fanout::GroupTask;
use im_idl::group_store::{GroupStoreClient, MemberRequest, MemberResponse};
use im_idl::message::{
    AnnounceRequest, Content, Item, MarkReadRequest, MarkReadResponse, Message, MessageServer,
    RecallRequest, RecallResponse, Receipt, SendRequest, SendResponse, content::Kind,
};
use im_idl::message_store::{
    AppendGroupRequest, AppendReceiptRequest, AppendRequest, MessageStoreClient,
    RecallRequest as StoreRecall,
};
use im_idl::{content_kind, ids, refusal};
use im_serve::Notifier;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use svrkit_rt::{Code, Context, Rate, Server, Status, TokenBuckets, clock};

/// Domain of the reasons that clients are told.
pub(crate) const DOMAIN: &str = "im.message";
/// Users that an announcement goes to beside the members: those just removed, a group's worth at most.
const ALSO_MAX: usize = 1_000;

struct Service {
    accounts: AccountStoreClient,
    contacts: ContactStoreClient,
    groups: GroupStoreClient,
    messages: MessageStoreClient,
    tasks: FanoutTasks,
    news: Notifier,
    /// A lock, never over an await: taking a token is a look and an addition.
    rates: Mutex<TokenBuckets<u64>>,
}

/// The service. It starts while those it calls are down.
///
/// # Errors
/// None now.
pub async fn build(config: Config, deps: Deps) -> Result<Server, Status> {
    let rate = Rate {
        burst: config.send_burst.max(1),
        refill: Duration::from_secs(1) / config.sends_per_s.max(1),
    };
    let service = Service {
        accounts: deps.account_store,
        contacts: deps.contact_store,
        groups: deps.group_store,
        messages: deps.message_store,
        tasks: FanoutTasks::new(deps.queue, config.groups_max),
        news: Notifier::new(deps.push),
        rates: Mutex::new(TokenBuckets::new(rate, config.senders_max)),
    };
    Ok(Server::new().service(MessageServer::new(service)))
}

impl Message for Service {
    async fn send(&self, ctx: &mut Context, request: SendRequest) -> Result<SendResponse, Status> {
        let caller = Caller::of(ctx)?;
        if request.client_message_id == 0 {
            return Err(Status::invalid_argument("client_message_id is 0"));
        }
        content::check(request.content.as_ref())?;
        self.take_token(caller.uin)?;
        let (kind, to_group) = (
            content_kind(request.content.as_ref()),
            ids::is_group(request.to),
        );
        let sent = match request.to {
            to if to == caller.uin => Err(Status::invalid_argument("to is oneself")),
            to if ids::is_uin(to) => self.send_to_user(caller, request).await,
            to if ids::is_group(to) => self.send_to_group(caller, request).await,
            _ => Err(Status::invalid_argument("to is nobody")),
        }?;
        if !sent.duplicate {
            figures::sent(kind, to_group);
        }
        Ok(sent)
    }

    async fn recall(
        &self,
        ctx: &mut Context,
        request: RecallRequest,
    ) -> Result<RecallResponse, Status> {
        let caller = Caller::of(ctx)?;
        self.take_token(caller.uin)?;
        let recalled = self.messages.recall(StoreRecall {
            sender: caller.uin,
            chat: request.to,
            client_message_id: request.client_message_id,
        });
        let recalled = recalled.await?;
        if ids::is_group(request.to) {
            let row = GroupTask {
                group: request.to,
                group_seq: recalled.group_seq,
                ..GroupTask::default()
            };
            self.tasks.enqueue(row, recalled.fanned_seq).await?;
        } else {
            self.tell(request.to, recalled.receiver_version);
            self.tell(caller.uin, recalled.sender_version);
        }
        Ok(RecallResponse::default())
    }

    async fn mark_read(
        &self,
        ctx: &mut Context,
        request: MarkReadRequest,
    ) -> Result<MarkReadResponse, Status> {
        let reader = Caller::of(ctx)?.uin;
        let MarkReadRequest {
            chat,
            sender,
            client_message_id,
        } = request;
        if !ids::is_uin(sender) || client_message_id == 0 {
            return Err(Status::invalid_argument("the message is nobody's"));
        }
        if !ids::is_group(chat) && chat != sender {
            return Err(Status::invalid_argument("the message is of another chat"));
        }
        // One's own message needs no receipt.
        if sender != reader
            && self.receipts_are_wanted(reader, sender).await?
            && self.share_a_chat(chat, reader, sender).await?
        {
            let receipt = Receipt {
                reader,
                chat: if ids::is_group(chat) { chat } else { reader },
                client_message_id,
                time_ms: clock::now_ms(),
            };
            let appended = self.messages.append_receipt(AppendReceiptRequest {
                to: sender,
                receipt: Some(receipt),
            });
            self.tell(sender, appended.await?.version);
        }
        Ok(MarkReadResponse::default())
    }

    async fn announce(
        &self,
        _ctx: &mut Context,
        request: AnnounceRequest,
    ) -> Result<Empty, Status> {
        let event = request
            .event
            .ok_or_else(|| Status::invalid_argument("event is missing"))?;
        if request.also.len() > ALSO_MAX {
            return Err(Status::invalid_argument("also has too many"));
        }
        let item = Item {
            sender: event.by,
            chat: request.group,
            client_message_id: request.client_message_id,
            content: Some(Content {
                kind: Some(Kind::GroupEvent(event)),
            }),
            ..Item::default()
        };
        // Whoever has just joined is to hear of it: the fan-out asks who the members are.
        let row = GroupTask {
            also: request.also,
            ..GroupTask::default()
        };
        self.append_to_group(item, row).await?;
        Ok(Empty {})
    }
}

impl Service {
    async fn send_to_user(
        &self,
        caller: Caller,
        request: SendRequest,
    ) -> Result<SendResponse, Status> {
        let (sender, receiver) = (caller.uin, request.to);
        permission::to_user(&self.relation(receiver, sender).await?)?;
        let item = Item {
            sender,
            chat: sender,
            client_message_id: request.client_message_id,
            content: request.content,
            ..Item::default()
        };
        let appended = self.messages.append(AppendRequest {
            receiver,
            item: Some(item),
            sender_device: caller.device,
        });
        let appended = appended.await?;
        self.tell(receiver, appended.receiver_version);
        self.tell(sender, appended.sender_version);
        Ok(SendResponse {
            time_ms: appended.time_ms,
            duplicate: appended.duplicate,
            ..SendResponse::default()
        })
    }

    async fn send_to_group(
        &self,
        caller: Caller,
        request: SendRequest,
    ) -> Result<SendResponse, Status> {
        let (sender, group) = (caller.uin, request.to);
        let member = self.member(group, sender).await?;
        permission::to_group(&member, clock::now_ms())?;
        let item = Item {
            sender,
            chat: group,
            client_message_id: request.client_message_id,
            content: request.content,
            ..Item::default()
        };
        let row = GroupTask {
            group_version: member.version,
            ..GroupTask::default()
        };
        self.append_to_group(item, row).await
    }

    /// Into the log, and then into the queue; only then it is answered. `row` says who gets it.
    async fn append_to_group(&self, item: Item, row: GroupTask) -> Result<SendResponse, Status> {
        let group = item.chat;
        let item = Some(item);
        let appended = self.messages.append_group(AppendGroupRequest { item });
        let appended = appended.await?;
        let row = GroupTask {
            group,
            group_seq: appended.group_seq,
            ..row
        };
        self.tasks.enqueue(row, appended.fanned_seq).await?;
        Ok(SendResponse {
            time_ms: appended.time_ms,
            duplicate: appended.duplicate,
            group_seq: appended.group_seq,
            ..SendResponse::default()
        })
    }

    async fn relation(&self, owner: u64, peer: u64) -> Result<RelationResponse, Status> {
        self.contacts
            .relation(RelationRequest { owner, peer })
            .await
    }

    /// Of a group that does not exist nobody is a member.
    async fn member(&self, group: u64, uin: u64) -> Result<MemberResponse, Status> {
        match self.groups.member(MemberRequest { group, uin }).await {
            Err(status) if status.code() == Code::NotFound => Ok(MemberResponse::default()),
            answer => answer,
        }
    }

    /// Whether both give receipts, and take them.
    async fn receipts_are_wanted(&self, reader: u64, sender: u64) -> Result<bool, Status> {
        let uins = vec![reader, sender];
        let accounts = self.accounts.get_many(Uins { uins }).await?.accounts;
        let wants = |uin| accounts.iter().any(|a| a.uin == uin && a.read_receipts);
        Ok(wants(reader) && wants(sender))
    }

    /// Whether a receipt of `reader` can be for a message that `sender` sent there. Nobody gets receipts from strangers.
    async fn share_a_chat(&self, chat: u64, reader: u64, sender: u64) -> Result<bool, Status> {
        if ids::is_group(chat) {
            let (reads, sends) =
                tokio::try_join!(self.member(chat, reader), self.member(chat, sender))?;
            return Ok(permission::is_member(&reads) && permission::is_member(&sends));
        }
        let relation = self.relation(sender, reader).await?;
        Ok(permission::to_user(&relation).is_ok())
    }

    fn take_token(&self, uin: u64) -> Result<(), Status> {
        let mut rates = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
        rates.take(uin).map_err(|wait| {
            let status = Status::resource_exhausted("too many messages at once");
            let after_ms = (wait.as_millis() as u32).max(1);
            refusal::with_retry_after(status, DOMAIN, "TOO_FAST", after_ms)
        })
    }

    /// Tells a user's devices; version 0 is no news.
    fn tell(&self, uin: u64, version: u64) {
        if version > 0 {
            self.news.messages(uin, version);
        }
    }
}
