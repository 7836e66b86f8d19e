//! The handle of a client.

use crate::builder::ClientBuilder;
use crate::driver::{Call, Command};
use crate::event::Events;
use crate::request::{Answer, Request};
use crate::shared::Shared;
use crate::store::{Identity, Outgoing, Record, State, Unread};
use im_idl::account::{
    LoginRequest, LoginResponse, LogoutRequest, RegisterRequest, RenewTicketRequest,
};
use im_idl::message::{Content, MarkReadRequest, SendResponse, content};
use im_idl::refusal;
use prost::Message as _;
use std::sync::Arc;
use std::time::Duration;
use svrkit_rt::{Status, clock};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// Letters of a device's name: as many as make it unique among a user's devices.
const DEVICE_LETTERS: usize = 20;

/// A device of a user: one long link, a store, and what the device knows. A cheap clone; the last one dropped ends the client.
#[derive(Clone, Debug)]
pub struct Client {
    commands: mpsc::Sender<Command>,
    shared: Arc<Shared>,
}

/// What registering needs.
#[derive(Clone, Debug, Default)]
pub struct Registration {
    /// 3 to 32 letters, digits, `_`, `-`, `.`.
    pub name: String,
    /// 8 to 128 bytes.
    pub password: String,
    /// What the user sees in the list of his devices; may be empty.
    pub device_name: String,
    /// Shown to others; the name when empty.
    pub nickname: String,
}

/// A message on its way.
#[derive(Debug)]
pub struct Sent {
    /// What the message is called, with its sender.
    pub client_message_id: u64,
    settled: oneshot::Receiver<Result<SendResponse, Status>>,
}

impl Sent {
    /// Waits for the server's last word. The message is sent whether or not anybody waits.
    ///
    /// # Errors
    /// Why it was refused for good; `Cancelled` when the client ended first.
    pub async fn acknowledged(self) -> Result<SendResponse, Status> {
        self.settled.await.unwrap_or_else(|_| Err(ended()))
    }
}

impl Client {
    /// Makes a client.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    pub(crate) fn new(commands: mpsc::Sender<Command>, shared: Arc<Shared>) -> Client {
        Client { commands, shared }
    }

    /// Makes an account, and logs this device in. Returns the user's number.
    ///
    /// # Errors
    /// What the server says; `FailedPrecondition` when the store belongs to somebody already.
    pub async fn register(&self, registration: Registration) -> Result<u64, Status> {
        if self.state(State::uin) != 0 {
            return Err(Status::failed_precondition(
                "this device belongs to somebody already",
            ));
        }
        let device = self.device();
        let request = RegisterRequest {
            name: registration.name.clone(),
            password: registration.password,
            device: device.clone(),
            device_name: registration.device_name,
            nickname: registration.nickname,
        };
        let answer = self.call(request).await?;
        self.logged_in(registration.name, device, answer).await
    }

    /// Logs this device in. Returns the user's number.
    ///
    /// # Errors
    /// What the server says; `FailedPrecondition` when the store belongs to another user.
    pub async fn login(
        &self,
        name: &str,
        password: &str,
        device_name: &str,
    ) -> Result<u64, Status> {
        let device = self.device();
        let request = LoginRequest {
            name: name.to_owned(),
            password: password.to_owned(),
            device: device.clone(),
            device_name: device_name.to_owned(),
        };
        let answer = self.call(request).await?;
        self.logged_in(name.to_owned(), device, answer).await
    }

    /// Gets a fresh ticket. The client does so by itself when two thirds of the old one's time are over.
    ///
    /// # Errors
    /// What the server says.
    pub async fn renew(&self) -> Result<(), Status> {
        let ticket = self.state(|state| state.identity().map(|i| i.ticket.clone()));
        let ticket = ticket.unwrap_or_default();
        let answer = self.call(RenewTicketRequest { ticket }).await?;
        let (renewed, done) = oneshot::channel();
        self.command(Command::Renewed(answer, renewed)).await?;
        done.await.unwrap_or_else(|_| Err(ended()))
    }

    /// Ends this device's ticket. What the device knows stays.
    ///
    /// # Errors
    /// What the server says.
    pub async fn logout(&self) -> Result<(), Status> {
        self.call(LogoutRequest {}).await?;
        let identity = self.state(|state| state.identity().cloned());
        let Some(identity) = identity else {
            return Ok(());
        };
        let ticket = String::new();
        self.identify(Identity { ticket, ..identity }).await
    }

    /// Asks the server, once, within the method's time; waits for a link first when there is none. A request that does no harm
    /// twice is asked again when the link breaks.
    ///
    /// # Errors
    /// What the server says; `Unavailable` when there was no link, or it broke.
    pub async fn call<R: Request>(&self, request: R) -> Result<R::Answer, Status> {
        let timeout = Duration::from_millis(u64::from(R::method().timeout_ms));
        self.call_within(request, timeout).await
    }

    /// As [`Client::call`], within a time of one's own.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn call_within<R: Request>(
        &self,
        request: R,
        timeout: Duration,
    ) -> Result<R::Answer, Status> {
        let (sender, answer) = oneshot::channel();
        let call = Call {
            method: R::method(),
            body: request.encode_to_vec().into(),
            deadline: Instant::now() + timeout,
            answer: sender,
        };
        self.command(Command::Call(call)).await?;
        let body = answer.await.unwrap_or_else(|_| Err(ended()))?;
        let mut answer = R::Answer::decode(body)
            .map_err(|e| Status::internal(format!("answer is no {}: {e}", R::method().output)))?;
        match answer.take_error() {
            None => Ok(answer),
            Some(error) => Err(refusal::status(&error)),
        }
    }

    /// Sends a message: when this returns, the message is kept in the store, and will be sent until the server has answered for good,
    /// after the earlier ones of the same chat.
    ///
    /// # Errors
    /// `Unauthenticated` before the first login, `ResourceExhausted` when too many wait, `Unavailable` when the store fails.
    pub async fn send(&self, chat: u64, content: Content) -> Result<Sent, Status> {
        let client_message_id = fastrand::u64(1..);
        let outgoing = Outgoing {
            chat,
            client_message_id,
            content: Some(content),
            time_ms: clock::now_ms(),
        };
        let (accept, accepted) = oneshot::channel();
        let (settle, settled) = oneshot::channel();
        self.command(Command::Send(outgoing, accept, settle))
            .await?;
        accepted.await.unwrap_or_else(|_| Err(ended()))?;
        Ok(Sent {
            client_message_id,
            settled,
        })
    }

    /// Sends text; as [`Client::send`].
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn send_text(&self, chat: u64, text: impl Into<String>) -> Result<Sent, Status> {
        let kind = Some(content::Kind::Text(text.into()));
        self.send(chat, Content { kind }).await
    }

    /// Marks a chat as read: here at once, and on the server when it can be reached.
    ///
    /// # Errors
    /// What the store or the server says.
    pub async fn mark_read(&self, chat: u64) -> Result<(), Status> {
        let newest = self.state(|state| {
            let kept = state.chats().get(&chat).filter(|kept| kept.unread() > 0)?;
            let uin = state.uin();
            let mut messages = kept.messages().rev();
            let newest = messages.find(|message| message.item.sender != uin)?;
            Some(MarkReadRequest {
                chat,
                sender: newest.item.sender,
                client_message_id: newest.item.client_message_id,
            })
        });
        let Some(newest) = newest else {
            return Ok(());
        };
        let messages = 0;
        self.keep(Record {
            unread: vec![Unread { chat, messages }],
            ..Record::default()
        })
        .await?;
        self.call(newest).await.map(drop)
    }

    /// Syncs now, whatever was told of news.
    pub async fn sync(&self) {
        // A client that has ended has nothing to sync.
        let _ = self.command(Command::Sync).await;
    }

    /// Connects now: the network has changed, or the user took this device back after a kick.
    pub async fn reconnect(&self) {
        // As above.
        let _ = self.command(Command::Reconnect).await;
    }

    /// Looks at what the device knows. `look` must not call the client.
    pub fn state<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.shared.state())
    }

    /// Whether a link is open and authenticated.
    pub fn is_online(&self) -> bool {
        self.shared.is_online()
    }

    /// Waits until the device knows something: until `look` finds it.
    ///
    /// # Errors
    /// `Cancelled` when the client has ended.
    pub async fn until<T>(&self, mut look: impl FnMut(&State) -> Option<T>) -> Result<T, Status> {
        self.until_shared(|shared| look(&shared.state())).await
    }

    /// Waits for an authenticated link.
    ///
    /// # Errors
    /// `Cancelled` when the client has ended.
    pub async fn online(&self) -> Result<(), Status> {
        self.until_shared(|shared| shared.is_online().then_some(()))
            .await
    }

    /// What happens from now on.
    pub fn events(&self) -> Events {
        Events::new(self.shared.events.subscribe())
    }

    async fn until_shared<T>(
        &self,
        mut look: impl FnMut(&Shared) -> Option<T>,
    ) -> Result<T, Status> {
        let mut changed = self.shared.changed.subscribe();
        loop {
            if let Some(found) = look(&self.shared) {
                return Ok(found);
            }
            tokio::select! {
                _ = changed.changed() => {}
                () = self.commands.closed() => return Err(ended()),
            }
        }
    }

    /// The device's name: from the store, else a new one.
    fn device(&self) -> String {
        let kept = self.state(|state| state.identity().map(|identity| identity.device.clone()));
        kept.unwrap_or_else(|| {
            let letters = std::iter::repeat_with(fastrand::alphanumeric);
            letters.take(DEVICE_LETTERS).collect()
        })
    }

    async fn logged_in(
        &self,
        name: String,
        device: String,
        answer: LoginResponse,
    ) -> Result<u64, Status> {
        let uin = answer.uin;
        let belongs_to = self.state(State::uin);
        if belongs_to != 0 && belongs_to != uin {
            return Err(Status::failed_precondition(
                "this device belongs to another user",
            ));
        }
        let identity = Identity {
            uin,
            name,
            device,
            ticket: answer.ticket,
            ticket_since_ms: clock::now_ms(),
            ticket_expires_ms: answer.expires_ms,
        };
        self.identify(identity).await.map(|()| uin)
    }

    async fn identify(&self, identity: Identity) -> Result<(), Status> {
        let (identified, done) = oneshot::channel();
        self.command(Command::Identify(identity, identified))
            .await?;
        done.await.unwrap_or_else(|_| Err(ended()))
    }

    async fn keep(&self, record: Record) -> Result<(), Status> {
        let (kept, done) = oneshot::channel();
        self.command(Command::Keep(Box::new(record), kept)).await?;
        done.await.unwrap_or_else(|_| Err(ended()))
    }

    async fn command(&self, command: Command) -> Result<(), Status> {
        self.commands.send(command).await.map_err(|_| ended())
    }
}

fn ended() -> Status {
    Status::cancelled("the client has ended")
}
