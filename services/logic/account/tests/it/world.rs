//! Whom the service calls, made up: peers that keep just enough, tell what they were asked, and fail when they are told to.

use crate::store::Store;
use bytes::Bytes;
use im_account::Deps;
use im_idl::account_store::{ACCOUNT_STORE, AccountStoreClient};
use im_idl::base::{Uins, UserVersions};
use im_idl::contact_store::{CONTACT_STORE, ContactStoreClient};
use im_idl::group::{GROUP, GroupClient, LeaveRequest, Role};
use im_idl::group_store::{GROUP_STORE, GroupStoreClient};
use im_idl::message_store::{MESSAGE_STORE, MessageStoreClient};
use im_idl::push::{PUSH, PushClient};
use im_idl::{base, contact, contact_store, group, group_store, message, message_store};
use prost::Message;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use svrkit_rt::codegen::{BoxFuture, GeneratedService, Request, Response};
use svrkit_rt::testing::serve_with;
use svrkit_rt::{ChannelConfig, Context, Server, ServiceDescriptor, Status};
use tokio::sync::watch;

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Answered,
    /// It does not arrive.
    Lost,
    /// It is done, and its answer does not arrive.
    AnswerLost,
}

type Fates = Box<dyn FnMut(&str) -> Fate + Send>;

/// A call that was done.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    pub(crate) method: &'static str,
    body: Bytes,
}

impl Done {
    pub(crate) fn request<M: Message + Default>(&self) -> M {
        M::decode(&self.body[..]).unwrap()
    }
}

/// What all peers together have.
pub(crate) struct State {
    pub(crate) store: Store,
    pub(crate) contacts: BTreeMap<u64, Vec<contact::Entry>>,
    pub(crate) groups: BTreeMap<u64, Vec<group::Membership>>,
    pub(crate) inboxes: BTreeMap<u64, Vec<message::Entry>>,
    /// A group that its members' lists still have and that knows them no more.
    pub(crate) left_behind: Option<u64>,
    pub(crate) done: Vec<Done>,
    fates: Fates,
}

pub(crate) struct World {
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

impl World {
    pub(crate) fn new() -> Arc<World> {
        Arc::new(World {
            state: Mutex::new(State {
                store: Store::default(),
                contacts: BTreeMap::new(),
                groups: BTreeMap::new(),
                inboxes: BTreeMap::new(),
                left_behind: None,
                done: Vec::new(),
                fates: Box::new(|_| Fate::Answered),
            }),
            changed: watch::Sender::new(()),
        })
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Decides about every call from now on, by the method's full name.
    pub(crate) fn decide(&self, fates: impl FnMut(&str) -> Fate + Send + 'static) {
        self.state().fates = Box::new(fates);
    }

    /// Calls of a method that were done.
    pub(crate) fn done(&self, method: &str) -> Vec<Done> {
        let state = self.state();
        let these = state.done.iter().filter(|done| done.method == method);
        these.cloned().collect()
    }

    /// Forgets what was done, and says it.
    pub(crate) fn take_done(&self) -> Vec<&'static str> {
        let done = std::mem::take(&mut self.state().done);
        done.into_iter().map(|done| done.method).collect()
    }

    /// Waits until something is so.
    pub(crate) async fn until(&self, so: impl Fn(&State) -> bool) {
        let mut changed = self.changed.subscribe();
        while !so(&self.state()) {
            changed.changed().await.unwrap();
        }
    }

    /// Waits until a method was called so often.
    pub(crate) async fn until_done(&self, method: &str, times: usize) -> Vec<Done> {
        let count = |state: &State| {
            state
                .done
                .iter()
                .filter(|done| done.method == method)
                .count()
        };
        self.until(|state| count(state) >= times).await;
        self.done(method)
    }

    /// Channels to all of them.
    pub(crate) fn deps(self: &Arc<World>) -> Deps {
        // Each call once: what is lost here is lost, and not asked for again.
        let mut once = ChannelConfig::default();
        once.retry.attempts_max = 1;
        let peer = |descriptor| {
            let world = self.clone();
            serve_with(
                Server::new().service(Peer { descriptor, world }),
                once.clone(),
            )
        };
        Deps {
            account_store: AccountStoreClient::new(peer(&ACCOUNT_STORE)),
            contact_store: ContactStoreClient::new(peer(&CONTACT_STORE)),
            group: GroupClient::new(peer(&GROUP)),
            group_store: GroupStoreClient::new(peer(&GROUP_STORE)),
            message_store: MessageStoreClient::new(peer(&MESSAGE_STORE)),
            push: PushClient::new(peer(&PUSH)),
        }
    }

    fn call(&self, method: &'static str, context: &Context, body: Bytes) -> Result<Bytes, Status> {
        let mut state = self.state();
        let fate = (state.fates)(method);
        if fate == Fate::Lost {
            return Err(Status::unavailable("made up: it did not arrive"));
        }
        let answer = state.answer(method, context, &body);
        state.done.push(Done { method, body });
        drop(state);
        self.changed.send_replace(());
        match fate {
            Fate::AnswerLost => Err(Status::unavailable("made up: the answer did not arrive")),
            _ => answer.map(Bytes::from),
        }
    }
}

/// One of them.
struct Peer {
    descriptor: &'static ServiceDescriptor,
    world: Arc<World>,
}

impl GeneratedService for Peer {
    fn descriptor(&self) -> &'static ServiceDescriptor {
        self.descriptor
    }

    fn is_blocking(&self, _method: usize) -> bool {
        false
    }

    fn call(&self, method: usize, request: Request) -> BoxFuture<Result<Response, Status>> {
        let method = self.descriptor.methods[method].full_name;
        let answer = self.world.call(method, &request.context, request.body);
        Box::pin(async {
            Ok(Response {
                body: answer?,
                ..Response::default()
            })
        })
    }
}

/// A request as it came.
pub(crate) fn decode<M: Message + Default>(body: &Bytes) -> Result<M, Status> {
    M::decode(&body[..]).map_err(|e| Status::invalid_argument(e.to_string()))
}

impl State {
    fn answer(&mut self, method: &str, context: &Context, body: &Bytes) -> Result<Vec<u8>, Status> {
        if let Some(method) = method.strip_prefix("im.account_store.AccountStore/") {
            return self.store.answer(method, body);
        }
        match method {
            "im.push.Push/Kick" | "im.push.Push/Notify" => Ok(Vec::new()),
            "im.contact_store.ContactStore/List" => self.list_contacts(decode(body)?),
            "im.contact_store.ContactStore/Erase" => self.erase_contacts(decode(body)?),
            "im.contact_store.ContactStore/Versions" => {
                let uins: Uins = decode(body)?;
                let versions = uins.uins.iter().map(|uin| uin * 10).collect();
                Ok(UserVersions { versions }.encode_to_vec())
            }
            "im.group_store.GroupStore/List" => self.list_groups(decode(body)?),
            "im.group_store.GroupStore/Erase" => {
                let erase: group_store::EraseRequest = decode(body)?;
                let groups = self.groups.remove(&erase.uin).unwrap_or_default();
                let left = |it: &group::Membership| {
                    it.role() == Role::None || Some(it.group) == self.left_behind
                };
                let left = groups.iter().all(left);
                assert!(left, "a user must have left all groups before");
                Ok(Vec::new())
            }
            "im.group.Group/Leave" => self.leave(base::Caller::of(context)?.uin, decode(body)?),
            "im.message_store.MessageStore/Read" => self.read(decode(body)?),
            "im.message_store.MessageStore/ForgetDevice" => Ok(Vec::new()),
            "im.message_store.MessageStore/Erase" => {
                let erase: message_store::EraseRequest = decode(body)?;
                self.inboxes.remove(&erase.uin);
                Ok(Vec::new())
            }
            _ => Err(Status::unimplemented(format!("made up without {method}"))),
        }
    }

    fn list_contacts(&self, list: contact_store::ListRequest) -> Result<Vec<u8>, Status> {
        let contacts = self.contacts.get(&list.owner).cloned().unwrap_or_default();
        let (contacts, more) = page(contacts, list.rows_max, |it| {
            it.version > list.after_version
        });
        let answer = contact_store::ListResponse {
            version: contacts.last().map_or(list.after_version, |it| it.version),
            contacts,
            more,
        };
        Ok(answer.encode_to_vec())
    }

    fn erase_contacts(&mut self, erase: contact_store::EraseRequest) -> Result<Vec<u8>, Status> {
        let contacts = self.contacts.remove(&erase.owner).unwrap_or_default();
        let uins = contacts.iter().map(|contact| contact.uin).collect();
        Ok(Uins { uins }.encode_to_vec())
    }

    fn list_groups(&self, list: group_store::ListRequest) -> Result<Vec<u8>, Status> {
        let groups = self.groups.get(&list.uin).cloned().unwrap_or_default();
        let (groups, more) = page(groups, list.rows_max, |it| it.version > list.after_version);
        let answer = group_store::ListResponse {
            version: groups.last().map_or(list.after_version, |it| it.version),
            groups,
            more,
        };
        Ok(answer.encode_to_vec())
    }

    fn leave(&mut self, uin: u64, leave: LeaveRequest) -> Result<Vec<u8>, Status> {
        let groups = self.groups.entry(uin).or_default();
        let mine = groups.iter_mut().find(|it| it.group == leave.group);
        let member = |it: &&mut group::Membership| {
            it.role() != Role::None && Some(it.group) != self.left_behind
        };
        match mine.filter(member) {
            None => Err(Status::permission_denied("not in it")),
            Some(mine) => {
                mine.set_role(Role::None);
                Ok(Vec::new())
            }
        }
    }

    fn read(&self, read: message_store::ReadRequest) -> Result<Vec<u8>, Status> {
        assert!(read.peek, "an export must not acknowledge anything");
        let entries = self.inboxes.get(&read.uin).cloned().unwrap_or_default();
        let (entries, more) = page(entries, read.rows_max, |it| it.version > read.after_version);
        let answer = message_store::ReadResponse {
            version: entries.last().map_or(read.after_version, |it| it.version),
            entries,
            more,
        };
        Ok(answer.encode_to_vec())
    }
}

/// The first rows that are wanted, and whether there are more.
fn page<T>(rows: Vec<T>, rows_max: u32, wanted: impl Fn(&T) -> bool) -> (Vec<T>, bool) {
    let mut rows: Vec<T> = rows.into_iter().filter(wanted).collect();
    let more = rows.len() > rows_max as usize;
    rows.truncate(rows_max as usize);
    (rows, more)
}
