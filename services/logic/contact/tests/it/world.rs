//! A contact service, everybody it calls, and what users do with it.

use crate::stores::{Accounts, Lists, Presence, Told};
use im_contact::{Config, Deps, build};
use im_idl::account_store::{Account, AccountStoreClient, AccountStoreServer};
use im_idl::base::Caller;
use im_idl::contact::{
    AcceptRequest, AskRequest, ContactClient, DeleteRequest, Entry, ListRequest, OnlineRequest,
    Relation, SetBlockedRequest, SetRemarkRequest,
};
use im_idl::contact_store::{ContactStoreClient, ContactStoreServer};
use im_idl::push::{PushClient, PushServer};
use im_idl::session::{SessionClient, SessionServer};
use std::sync::Arc;
use std::time::Duration;
use svrkit_rt::testing::serve_with;
use svrkit_rt::{Call, ChannelConfig, Server, Status};

pub(crate) const ADA: u64 = 10_001;
pub(crate) const BOB: u64 = 10_002;
pub(crate) const CLEO: u64 = 10_003;

#[derive(Clone)]
pub(crate) struct World {
    pub(crate) client: ContactClient,
    pub(crate) lists: Arc<Lists>,
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) presence: Arc<Presence>,
    pub(crate) told: Arc<Told>,
}

impl World {
    /// With Ada, Bob and Cleo in it.
    pub(crate) async fn new(config: Config) -> World {
        let lists = Arc::new(Lists::default());
        let accounts = Arc::new(Accounts::default());
        let presence = Arc::new(Presence::default());
        let told = Arc::new(Told::default());
        let server = Server::new()
            .service(ContactStoreServer::from_arc(lists.clone()))
            .service(AccountStoreServer::from_arc(accounts.clone()))
            .service(SessionServer::from_arc(presence.clone()))
            .service(PushServer::from_arc(told.clone()));
        // Each call once: a crash is seen, and not made good by asking again.
        let mut once = ChannelConfig::default();
        once.retry.attempts_max = 1;
        let peers = serve_with(server, once.clone());
        let deps = Deps {
            account_store: AccountStoreClient::new(peers.clone()),
            contact_store: ContactStoreClient::new(peers.clone()),
            push: PushClient::new(peers.clone()),
            session: SessionClient::new(peers),
        };
        let client = ContactClient::new(serve_with(build(config, deps).await.unwrap(), once));
        let world = World {
            client,
            lists,
            accounts,
            presence,
            told,
        };
        for (uin, name) in [(ADA, "ada"), (BOB, "bob"), (CLEO, "cleo")] {
            world.add(uin, name);
        }
        world
    }

    pub(crate) fn add(&self, uin: u64, name: &str) {
        let account = Account {
            uin,
            name: name.to_owned(),
            nickname: name.to_uppercase(),
            ..Account::default()
        };
        self.accounts.accounts.lock().unwrap().insert(uin, account);
    }

    pub(crate) fn begin_erase(&self, uin: u64) {
        let mut accounts = self.accounts.accounts.lock().unwrap();
        accounts.get_mut(&uin).unwrap().erasing = true;
    }

    pub(crate) async fn ask(&self, caller: u64, uin: u64) -> Result<Entry, Status> {
        let greeting = "hello".to_owned();
        let request = AskRequest {
            uin,
            name: String::new(),
            greeting,
        };
        self.ask_with(caller, request).await
    }

    pub(crate) async fn ask_with(&self, caller: u64, request: AskRequest) -> Result<Entry, Status> {
        let answer = self.client.ask_with(on_behalf_of(caller, request)).await?;
        Ok(answer.message.contact.unwrap())
    }

    pub(crate) async fn accept(&self, caller: u64, uin: u64) -> Result<Entry, Status> {
        let call = on_behalf_of(caller, AcceptRequest { uin });
        let answer = self.client.accept_with(call).await?;
        Ok(answer.message.contact.unwrap())
    }

    pub(crate) async fn befriend(&self, one: u64, other: u64) {
        self.ask(one, other).await.unwrap();
        self.accept(other, one).await.unwrap();
    }

    pub(crate) async fn delete(&self, caller: u64, uin: u64) -> Result<(), Status> {
        let call = on_behalf_of(caller, DeleteRequest { uin });
        self.client.delete_with(call).await?;
        Ok(())
    }

    pub(crate) async fn remark(&self, caller: u64, uin: u64, remark: &str) -> Result<(), Status> {
        let remark = remark.to_owned();
        let call = on_behalf_of(caller, SetRemarkRequest { uin, remark });
        self.client.set_remark_with(call).await?;
        Ok(())
    }

    pub(crate) async fn block(&self, caller: u64, uin: u64, blocked: bool) -> Result<(), Status> {
        let call = on_behalf_of(caller, SetBlockedRequest { uin, blocked });
        self.client.set_blocked_with(call).await?;
        Ok(())
    }

    /// All that changed after a version, and what to ask after next.
    pub(crate) async fn list(&self, caller: u64, mut after_version: u64) -> (Vec<Entry>, u64) {
        let mut contacts = Vec::new();
        loop {
            let call = on_behalf_of(caller, ListRequest { after_version });
            let answer = self.client.list_with(call).await.unwrap().message;
            contacts.extend(answer.contacts);
            after_version = answer.version;
            if !answer.more {
                return (contacts, after_version);
            }
        }
    }

    pub(crate) async fn online(&self, caller: u64) -> Vec<u64> {
        let call = on_behalf_of(caller, OnlineRequest {});
        self.client.online_with(call).await.unwrap().message.uins
    }

    pub(crate) fn relations(&self, one: u64, other: u64) -> (Relation, Relation) {
        let (mine, theirs) = (
            self.lists.standing(one, other),
            self.lists.standing(other, one),
        );
        (mine.0, theirs.0)
    }

    /// Whether somebody was told of the newest version of his list, soon after it changed.
    pub(crate) async fn knows_newest(&self, uin: u64) -> bool {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let told = self.told.contacts.lock().unwrap().get(&uin).copied();
        told.unwrap_or_default() == self.lists.version(uin)
    }
}

pub(crate) fn on_behalf_of<M>(uin: u64, message: M) -> Call<M> {
    let caller = Caller {
        uin,
        device: "phone".to_owned(),
        ..Caller::default()
    };
    caller.call(message).unwrap()
}

pub(crate) fn reason<T: std::fmt::Debug>(answer: Result<T, Status>) -> String {
    let status = answer.unwrap_err();
    format!("{}/{}", status.domain(), status.reason())
}
