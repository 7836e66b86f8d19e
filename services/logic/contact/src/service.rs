//! The calls.

use crate::config::Config;
use crate::deps::Deps;
use crate::people::People;
use crate::refusal::Refusal;
use crate::relations::Relations;
use crate::rules::Action;
use crate::texts::{check_greeting, check_remark};
use im_idl::base::{Caller, Uins};
use im_idl::contact::{
    AcceptRequest, AcceptResponse, AskRequest, AskResponse, Contact, ContactServer, DeleteRequest,
    DeleteResponse, Entry, ListRequest, ListResponse, OnlineRequest, OnlineResponse, Relation,
    SetBlockedRequest, SetBlockedResponse, SetRemarkRequest, SetRemarkResponse,
};
use im_idl::contact_store::{self, ContactStoreClient};
use im_idl::refusal::with_retry_after;
use im_idl::session::SessionClient;
use im_serve::Notifier;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use svrkit_rt::{Context, Server, Status, TokenBuckets};

/// The service over those that it calls. They need not be there yet.
///
/// # Errors
/// `InvalidArgument` when a bound in `config` is 0.
pub async fn build(config: Config, deps: Deps) -> Result<Server, Status> {
    config.check()?;
    let notifier = Notifier::new(deps.push);
    let contacts = Contacts {
        people: People::new(deps.account_store),
        relations: Relations::new(deps.contact_store.clone(), notifier),
        lists: deps.contact_store,
        session: deps.session,
        questions: Mutex::new(TokenBuckets::new(config.questions(), config.askers_max)),
        list_rows_max: config.list_rows_max,
    };
    Ok(Server::new().service(ContactServer::new(contacts)))
}

struct Contacts {
    people: People,
    relations: Relations,
    lists: ContactStoreClient,
    session: SessionClient,
    /// How many questions each user may still ask today.
    questions: Mutex<TokenBuckets<u64>>,
    list_rows_max: u32,
}

impl Contact for Contacts {
    async fn ask(&self, ctx: &mut Context, request: AskRequest) -> Result<AskResponse, Status> {
        let caller = Caller::of(ctx)?.uin;
        check_greeting(&request.greeting)?;
        // Before the account is looked for: this call also tells who exists.
        self.count_question(caller)?;
        let account = self.people.find(request.uin, &request.name).await?;
        let greeting = request.greeting;
        let action = Action::Ask { greeting };
        let entry = self.change(caller, account.uin, &action).await?;
        let contact = Entry {
            name: account.name,
            nickname: account.nickname,
            ..entry
        };
        Ok(AskResponse {
            contact: Some(contact),
            error: None,
        })
    }

    async fn accept(
        &self,
        ctx: &mut Context,
        request: AcceptRequest,
    ) -> Result<AcceptResponse, Status> {
        let caller = Caller::of(ctx)?.uin;
        let entry = self.change(caller, request.uin, &Action::Accept).await?;
        let mut named = [entry];
        self.people.name(&mut named).await?;
        let [contact] = named;
        Ok(AcceptResponse {
            contact: Some(contact),
            error: None,
        })
    }

    async fn set_remark(
        &self,
        ctx: &mut Context,
        request: SetRemarkRequest,
    ) -> Result<SetRemarkResponse, Status> {
        let caller = Caller::of(ctx)?.uin;
        check_remark(&request.remark)?;
        let remark = request.remark;
        let action = Action::SetRemark { remark };
        self.change(caller, request.uin, &action).await?;
        Ok(SetRemarkResponse::default())
    }

    async fn set_blocked(
        &self,
        ctx: &mut Context,
        request: SetBlockedRequest,
    ) -> Result<SetBlockedResponse, Status> {
        let caller = Caller::of(ctx)?.uin;
        if request.blocked {
            // Else a list could be filled with numbers that nobody has.
            self.people.find(request.uin, "").await?;
        }
        let blocked = request.blocked;
        let action = Action::SetBlocked { blocked };
        self.change(caller, request.uin, &action).await?;
        Ok(SetBlockedResponse::default())
    }

    async fn delete(
        &self,
        ctx: &mut Context,
        request: DeleteRequest,
    ) -> Result<DeleteResponse, Status> {
        let caller = Caller::of(ctx)?.uin;
        self.change(caller, request.uin, &Action::Delete).await?;
        Ok(DeleteResponse::default())
    }

    async fn list(&self, ctx: &mut Context, request: ListRequest) -> Result<ListResponse, Status> {
        let owner = Caller::of(ctx)?.uin;
        let page = self.page(owner, request.after_version).await?;
        let mut contacts = page.contacts;
        self.people.name(&mut contacts).await?;
        Ok(ListResponse {
            contacts,
            version: page.version,
            more: page.more,
            error: None,
        })
    }

    async fn online(
        &self,
        ctx: &mut Context,
        _request: OnlineRequest,
    ) -> Result<OnlineResponse, Status> {
        let owner = Caller::of(ctx)?.uin;
        let uins = self.friends(owner).await?;
        let online = match uins.is_empty() {
            true => Uins::default(),
            false => self.session.online(Uins { uins }).await?,
        };
        Ok(OnlineResponse {
            uins: online.uins,
            error: None,
        })
    }
}

impl Contacts {
    async fn change(&self, caller: u64, peer: u64, action: &Action) -> Result<Entry, Status> {
        if peer == 0 {
            return Err(Refusal::Nobody.into());
        }
        if caller == peer {
            return Err(Refusal::Oneself.into());
        }
        self.relations.change(caller, peer, action).await
    }

    fn count_question(&self, caller: u64) -> Result<(), Status> {
        // Nothing in it can be half done.
        let mut questions = self
            .questions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        questions.take(caller).map_err(|wait| {
            let wait_ms = u32::try_from(wait.as_millis()).unwrap_or(u32::MAX).max(1);
            let status = Status::from(Refusal::TooManyQuestions);
            let (domain, reason) = (status.domain().to_owned(), status.reason().to_owned());
            with_retry_after(status, &domain, &reason, wait_ms)
        })
    }

    async fn page(
        &self,
        owner: u64,
        after_version: u64,
    ) -> Result<contact_store::ListResponse, Status> {
        let request = contact_store::ListRequest {
            owner,
            after_version,
            rows_max: self.list_rows_max,
        };
        self.lists.list(request).await
    }

    /// Friends of a user whom he has not blocked.
    async fn friends(&self, owner: u64) -> Result<Vec<u64>, Status> {
        // A set: whose entry changes between two pages comes twice, and the later one counts.
        let mut friends = BTreeSet::new();
        let mut after = 0;
        loop {
            let page = self.page(owner, after).await?;
            for entry in &page.contacts {
                match entry.relation() == Relation::Friend && !entry.blocked {
                    true => friends.insert(entry.uin),
                    false => friends.remove(&entry.uin),
                };
            }
            if !page.more || page.version <= after {
                return Ok(friends.into_iter().collect());
            }
            after = page.version;
        }
    }
}
