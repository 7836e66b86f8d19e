//! The conversation: typed lines one way, events the other.

use super::command::{Command, HELP};
use super::content;
use super::names::{Names, of_contact, plain};
use super::terminal::Terminal;
use super::wording::{Tone, wait};
use crate::client::Client;
use crate::event::Event;
use crate::store::State;
use im_idl::account::GetProfileRequest;
use im_idl::contact::{Entry, Relation};
use im_idl::group::{Membership, Role};
use im_idl::ids::is_group;
use im_idl::message::{Item, Recalled, Receipt};
use std::collections::{HashMap, HashSet};
use std::time::Duration;
use svrkit_rt::Status;
use tokio::time::timeout;

/// How long a script's last messages may take after its last line.
const LAST_WORDS: Duration = Duration::from_secs(30);

/// A user at a terminal.
pub struct Room {
    pub(super) client: Client,
    pub(super) terminal: Terminal,
    server: String,
    pub(super) names: Names,
    /// Whom typed text goes to.
    pub(super) with: Option<u64>,
    /// Relations and memberships as they were told of: what stays the same is no news.
    relations: HashMap<u64, Relation>,
    memberships: HashSet<u64>,
    was_told_offline: bool,
}

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    On,
    End,
}

/// What a command comes to: lines to print, or what to say about its failure.
pub(super) type Done = Result<String, String>;

impl Room {
    /// A room for `client`, who is logged in or will be; `server` is for the greeting.
    pub fn new(client: Client, terminal: Terminal, server: String) -> Room {
        let (relations, memberships) = client.state(|state| {
            let relations = state.contacts().values().map(|c| (c.uin, c.relation()));
            (
                relations.collect(),
                state.groups().keys().copied().collect(),
            )
        });
        Room {
            client,
            terminal,
            server,
            names: Names::default(),
            with: None,
            relations,
            memberships,
            was_told_offline: false,
        }
    }

    /// Greets, and goes on until the user leaves or his lines end.
    ///
    /// # Errors
    /// The ticket is no good any more.
    pub async fn run(mut self) -> Result<(), String> {
        let mut events = self.client.events();
        self.greet().await;
        loop {
            tokio::select! {
                line = self.terminal.next() => {
                    let Some(line) = line else {
                        break;
                    };
                    if self.obey(Command::parse(&line)).await == Flow::End {
                        break;
                    }
                    self.prompt();
                }
                event = events.next() => {
                    let Some(event) = event else {
                        break;
                    };
                    if let Event::LoggedOut { reason } = event {
                        return self.logged_out(&reason).await;
                    }
                    self.tell(event).await;
                }
            }
        }
        self.last_words().await;
        Ok(())
    }

    async fn logged_out(&mut self, reason: &str) -> Result<(), String> {
        let why = format!("logged out: {}", plain(reason));
        if self.terminal.is_interactive() {
            // The editor has the terminal until it has read a line.
            let line = format!("! {why}; press Enter to leave");
            self.terminal.print(Tone::Trouble, &line);
            self.terminal.next().await;
        }
        Err(why)
    }

    /// What was said but not sent yet gets a while: a script may end right after its last line.
    async fn last_words(&mut self) {
        let sent = self
            .client
            .until(|state| state.outgoing().is_empty().then_some(()));
        if timeout(LAST_WORDS, sent).await.is_err() {
            let line = "* some messages are not sent yet; they go when you come back";
            self.terminal.print(Tone::Trouble, line);
        }
    }

    async fn greet(&mut self) {
        let (name, uin) = self.client.state(|state| {
            let name = state.identity().map(|identity| identity.name.clone());
            (name.unwrap_or_default(), state.uin())
        });
        let line = format!("* {name} ({uin}) at {}", self.server);
        self.terminal.print(Tone::News, &line);
        if self.client.is_online() {
            self.terminal.print(Tone::News, "* online");
        }
        if self.terminal.is_interactive() {
            self.obey(Command::Who).await;
            let hint = "/add NAME asks somebody, /with NAME talks, /help tells more";
            self.terminal.print(Tone::News, hint);
        }
        self.prompt();
    }

    fn prompt(&mut self) {
        let (prompt, words) = self.client.state(|state| {
            let with = self.with.map(|chat| self.names.of(state, chat));
            (with.unwrap_or_default(), self.names.all(state))
        });
        self.terminal.complete(words);
        self.terminal.prompt(&prompt);
    }

    async fn obey(&mut self, command: Command) -> Flow {
        let done = match command {
            Command::Nothing => Ok(String::new()),
            Command::Quit => return Flow::End,
            Command::Help => Ok(HELP.to_owned()),
            Command::Wrong(why) => Err(why),
            Command::Say(text) => self.say(None, text).await,
            Command::SayTo(name, text) => self.say(Some(name), text).await,
            Command::With(name) => self.turn_to(&name).await,
            Command::History(messages) => self.history(messages),
            Command::Recall => self.recall().await,
            Command::Who => self.who().await,
            Command::Add(name, text) => self.add(&name, text).await,
            Command::Accept(name) => self.accept(&name).await,
            Command::Remove(name) => self.remove(&name).await,
            Command::Remark(name, text) => self.remark(&name, text).await,
            Command::Block(name) => self.block(&name, true).await,
            Command::Unblock(name) => self.block(&name, false).await,
            Command::Group(command) => self.group(command).await,
            Command::Me => self.me().await,
            Command::Nick(nickname) => self.nick(nickname).await,
            Command::Receipts(wanted) => self.receipts(wanted).await,
            Command::Devices => self.devices().await,
            Command::Logout => match self.client.logout().await {
                Ok(()) => return Flow::End,
                Err(status) => Err(why(status)),
            },
        };
        match done {
            Ok(lines) => self.terminal.print(Tone::Plain, &lines),
            Err(why) => self.terminal.print(Tone::Trouble, &format!("! {why}")),
        }
        Flow::On
    }

    /// Tells of an event.
    async fn tell(&mut self, event: Event) {
        match event {
            Event::Online => {
                self.was_told_offline = false;
                self.terminal.print(Tone::News, "* online");
            }
            Event::Offline { reason, retry_in } if !self.was_told_offline => {
                self.was_told_offline = true;
                let line = format!(
                    "* offline: {}; trying again {}",
                    plain(&reason),
                    wait(retry_in)
                );
                self.terminal.print(Tone::News, &line);
            }
            Event::Message(item) => self.tell_message(item).await,
            Event::Recalled(recalled) => self.tell_recalled(&recalled),
            Event::Receipt(receipt) => self.tell_receipt(&receipt),
            Event::Sent { chat, .. } if !self.terminal.is_interactive() => {
                let line = format!("* sent to {}", self.name(chat));
                self.terminal.print(Tone::News, &line);
            }
            Event::Refused { chat, status, .. } => {
                let line = format!("! not sent to {}: {}", self.name(chat), why(status));
                self.terminal.print(Tone::Trouble, &line);
            }
            Event::Contact(entry) => self.tell_contact(&entry),
            Event::Group(membership) => self.tell_membership(&membership),
            Event::Kicked => {
                let line = "* you have come in from elsewhere with this device; /quit and come back to take it over";
                self.terminal.print(Tone::Trouble, line);
            }
            Event::StoreFailed { reason } => {
                let line = format!("! this device cannot keep what comes: {reason}");
                self.terminal.print(Tone::Trouble, &line);
            }
            Event::Missed(events) => {
                let line =
                    format!("* {events} more things happened; /who and /history tell of them");
                self.terminal.print(Tone::News, &line);
            }
            _ => {}
        }
    }

    async fn tell_message(&mut self, item: Item) {
        self.get_to_know(item.sender).await;
        let line = self.client.state(|state| self.message_line(state, &item));
        let tone = match content::event(item.content.as_ref()) {
            Some(_) => Tone::News,
            None => Tone::Said,
        };
        self.terminal.print(tone, &line);
        if self.with == Some(item.chat) {
            self.seen(item.chat);
        }
    }

    /// A message as a line: who, in a group where, and what.
    pub(super) fn message_line(&self, state: &State, item: &Item) -> String {
        let chat = self.names.of(state, item.chat);
        if let Some(event) = content::event(item.content.as_ref()) {
            return format!("* {chat}: {}", content::describe(event, &self.names, state));
        }
        let sender = self.names.of(state, item.sender);
        let text = content::text(item.content.as_ref());
        match is_group(item.chat) {
            true => format!("{chat} {sender}: {text}"),
            false => format!("{sender}: {text}"),
        }
    }

    fn tell_recalled(&mut self, recalled: &Recalled) {
        if recalled.sender == self.client.state(State::uin) {
            return;
        }
        let line = format!("* {} took a message back", self.name(recalled.sender));
        self.terminal.print(Tone::News, &line);
    }

    fn tell_receipt(&mut self, receipt: &Receipt) {
        let line = format!("* {} has read it", self.name(receipt.reader));
        self.terminal.print(Tone::News, &line);
    }

    fn tell_contact(&mut self, entry: &Entry) {
        let (name, relation) = (of_contact(entry), entry.relation());
        if self.relations.insert(entry.uin, relation) == Some(relation) {
            return;
        }
        let line = match relation {
            Relation::AskedMe if entry.greeting.is_empty() => {
                format!("* {name} wants to be your contact; /accept {name}")
            }
            Relation::AskedMe => {
                let greeting = plain(&entry.greeting);
                format!("* {name} wants to be your contact: {greeting}; /accept {name}")
            }
            Relation::Friend => format!("* {name} is your contact now"),
            // The command has said so.
            Relation::Asked => return,
            Relation::None => format!("* {name} is no contact any more"),
        };
        self.terminal.print(Tone::News, &line);
    }

    fn tell_membership(&mut self, membership: &Membership) {
        let (group, name) = (membership.group, plain(&membership.name));
        if membership.role() == Role::None {
            if self.memberships.remove(&group) {
                let line = format!("* you are not in #{name} any more");
                self.terminal.print(Tone::News, &line);
            }
        } else if self.memberships.insert(group) {
            let line = format!("* you are in #{name} now");
            self.terminal.print(Tone::News, &line);
        }
    }

    pub(super) fn name(&self, id: u64) -> String {
        self.client.state(|state| self.names.of(state, id))
    }

    pub(super) fn find(&self, name: &str) -> Result<u64, String> {
        self.client.state(|state| self.names.find(state, name))
    }

    /// Learns the name of somebody who is no contact.
    pub(super) async fn get_to_know(&mut self, uin: u64) {
        if self.client.state(|state| self.names.knows(state, uin)) {
            return;
        }
        let request = GetProfileRequest {
            uin,
            ..GetProfileRequest::default()
        };
        // Nameless, he is called by his number.
        if let Ok(answer) = self.client.call(request).await {
            let profile = answer.profile.unwrap_or_default();
            let name = [profile.nickname, profile.name]
                .into_iter()
                .find(|name| !name.is_empty());
            self.names.remember(uin, &name.unwrap_or_default());
        }
    }

    /// The user has what is in a chat before his eyes.
    pub(super) fn seen(&self, chat: u64) {
        let client = self.client.clone();
        // Nobody waits for it, and when it fails the next message marks this one too.
        tokio::spawn(async move { client.mark_read(chat).await });
    }
}

/// A refusal, for people.
pub(super) fn why(status: Status) -> String {
    plain(status.message())
}
