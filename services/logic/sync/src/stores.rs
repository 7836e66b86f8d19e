//! What is newer, from each store.

use crate::config::Config;
use crate::deps::Deps;
use crate::kinds::Kinds;
use crate::latest::Latest;
use crate::names::Names;
use im_idl::account::Profile;
use im_idl::account_store::{AccountStoreClient, GetRequest};
use im_idl::base::{Uins, Versions};
use im_idl::contact::{Entry as Contact, Relation};
use im_idl::contact_store::{ContactStoreClient, ListRequest as ListContacts};
use im_idl::group::Membership;
use im_idl::group_store::{GroupStoreClient, ListRequest as ListGroups};
use im_idl::ids;
use im_idl::message::Entry;
use im_idl::message_store::{MessageStoreClient, ReadRequest};
use im_idl::sync::SyncResponse;
use std::future::Future;
use std::time::Duration;
use svrkit_rt::{Code, Status};

/// Contacts, and groups, of one answer. With names, remarks and greetings 60 KiB at most.
const LIST_ROWS_MAX: u32 = 150;

pub(crate) struct Stores {
    pub(crate) names: Names,
    accounts: AccountStoreClient,
    contacts: ContactStoreClient,
    groups: GroupStoreClient,
    messages: MessageStoreClient,
    latest_accounts: Latest,
    latest_contacts: Latest,
    latest_groups: Latest,
    latest_messages: Latest,
}

/// What is newer of one kind.
#[derive(Debug)]
pub(crate) struct Part<T> {
    pub(crate) news: T,
    /// What the device has once it has these.
    pub(crate) version: u64,
    /// Whether there are more that did not fit.
    pub(crate) more: bool,
}

impl<T: Default> Part<T> {
    /// Nothing is newer than this.
    fn nothing(version: u64) -> Part<T> {
        Part {
            news: T::default(),
            version,
            more: false,
        }
    }
}

/// What is newer of all kinds.
#[derive(Debug)]
pub(crate) struct News {
    account: Part<Option<Profile>>,
    contacts: Part<Vec<Contact>>,
    groups: Part<Vec<Membership>>,
    messages: Part<Vec<Entry>>,
}

impl News {
    /// What the device has once it has these.
    pub(crate) fn has(&self) -> Versions {
        Versions {
            account: self.account.version,
            contacts: self.contacts.version,
            groups: self.groups.version,
            messages: self.messages.version,
        }
    }
}

impl From<News> for SyncResponse {
    fn from(news: News) -> SyncResponse {
        SyncResponse {
            more: news.contacts.more || news.groups.more || news.messages.more,
            account: news.account.news,
            contacts: news.contacts.news,
            groups: news.groups.news,
            messages: news.messages.news,
            ..SyncResponse::default()
        }
    }
}

impl Stores {
    pub(crate) fn new(config: &Config, deps: Deps) -> Stores {
        let Deps {
            account_store: accounts,
            contact_store: contacts,
            group_store: groups,
            message_store: messages,
        } = deps;
        let lifetime = Duration::from_millis(config.name_lifetime_ms);
        macro_rules! latest {
            ($client:ident) => {{
                let client = $client.clone();
                Latest::new(move |uins| {
                    let client = client.clone();
                    Box::pin(async move { client.versions(uins).await })
                })
            }};
        }
        Stores {
            names: Names::new(accounts.clone(), lifetime, config.names_max),
            latest_accounts: latest!(accounts),
            latest_contacts: latest!(contacts),
            latest_groups: latest!(groups),
            latest_messages: latest!(messages),
            accounts,
            contacts,
            groups,
            messages,
        }
    }

    /// Newest versions of these kinds; 0 of the others.
    pub(crate) async fn latest(&self, uin: u64, kinds: &Kinds) -> Result<Versions, Status> {
        let of = async |latest: &Latest, wanted: bool| match wanted {
            true => latest.of(uin).await,
            false => Ok(0),
        };
        let (account, contacts, groups, messages) = tokio::try_join!(
            of(&self.latest_accounts, kinds.account),
            of(&self.latest_contacts, kinds.contacts),
            of(&self.latest_groups, kinds.groups),
            of(&self.latest_messages, kinds.messages),
        )?;
        Ok(Versions {
            account,
            contacts,
            groups,
            messages,
        })
    }

    /// Newest versions of many users, all kinds.
    pub(crate) async fn newest(&self, request: Uins) -> Result<Vec<Versions>, Status> {
        let (account, contacts, groups, messages) = tokio::try_join!(
            self.accounts.versions(request.clone()),
            self.contacts.versions(request.clone()),
            self.groups.versions(request.clone()),
            self.messages.versions(request.clone()),
        )?;
        let at = |versions: &[u64], place: usize| versions.get(place).copied().unwrap_or(0);
        let versions = |place| Versions {
            account: at(&account.versions, place),
            contacts: at(&contacts.versions, place),
            groups: at(&groups.versions, place),
            messages: at(&messages.versions, place),
        };
        Ok((0..request.uins.len()).map(versions).collect())
    }

    /// What is newer of these kinds, all stores at once.
    pub(crate) async fn news(
        &self,
        kinds: &Kinds,
        has: &Versions,
        read: ReadRequest,
    ) -> Result<News, Status> {
        let uin = read.uin;
        let (account, contacts, groups, messages) = tokio::try_join!(
            when(kinds.account, has.account, self.account(uin, has.account)),
            when(
                kinds.contacts,
                has.contacts,
                self.contacts(uin, has.contacts)
            ),
            when(kinds.groups, has.groups, self.groups(uin, has.groups)),
            when(kinds.messages, has.messages, self.messages(read)),
        )?;
        Ok(News {
            account,
            contacts,
            groups,
            messages,
        })
    }

    /// One's own profile, when it is not at version `has`.
    async fn account(&self, uin: u64, has: u64) -> Result<Part<Option<Profile>>, Status> {
        let version = self.latest_accounts.of(uin).await?;
        if version == has {
            return Ok(Part::nothing(version));
        }
        let name = String::new();
        let got = match self.accounts.get(GetRequest { uin, name }).await {
            // It is being erased. The access layer will hear of it.
            Err(status) if status.code() == Code::NotFound => return Ok(Part::nothing(has)),
            got => got?,
        };
        let profile = got.account.map(|account| Profile {
            uin: account.uin,
            name: account.name,
            nickname: account.nickname,
            signature: account.signature,
            read_receipts: account.read_receipts,
            created_ms: account.created_ms,
        });
        Ok(Part {
            news: profile,
            version: got.version,
            more: false,
        })
    }

    /// Contacts that changed after version `has`, with their names.
    async fn contacts(&self, owner: u64, has: u64) -> Result<Part<Vec<Contact>>, Status> {
        let version = self.latest_contacts.of(owner).await?;
        if version == has {
            return Ok(Part::nothing(version));
        }
        let listed = self.contacts.list(ListContacts {
            owner,
            after_version: has.min(version),
            rows_max: LIST_ROWS_MAX,
        });
        let listed = listed.await?;
        let mut contacts = listed.contacts;
        let there = contacts.iter().filter(|c| c.relation() != Relation::None);
        let uins = there
            .map(|contact| contact.uin)
            .filter(|uin| ids::is_uin(*uin));
        let names = self.names.of(uins).await?;
        for contact in &mut contacts {
            if let Some(name) = names.get(&contact.uin) {
                contact.name.clone_from(&name.name);
                contact.nickname.clone_from(&name.nickname);
            }
        }
        Ok(Part {
            news: contacts,
            version: listed.version,
            more: listed.more,
        })
    }

    /// Memberships that changed after version `has`.
    async fn groups(&self, uin: u64, has: u64) -> Result<Part<Vec<Membership>>, Status> {
        let version = self.latest_groups.of(uin).await?;
        if version == has {
            return Ok(Part::nothing(version));
        }
        let listed = self.groups.list(ListGroups {
            uin,
            after_version: has.min(version),
            rows_max: LIST_ROWS_MAX,
        });
        let listed = listed.await?;
        Ok(Part {
            news: listed.groups,
            version: listed.version,
            more: listed.more,
        })
    }

    /// Messages. The store hears how far the device is.
    pub(crate) async fn messages(&self, request: ReadRequest) -> Result<Part<Vec<Entry>>, Status> {
        let read = self.messages.read(request).await?;
        Ok(Part {
            news: read.entries,
            version: read.version,
            more: read.more,
        })
    }
}

/// The future's answer, when it is wanted at all.
async fn when<T: Default>(
    wanted: bool,
    has: u64,
    future: impl Future<Output = Result<Part<T>, Status>>,
) -> Result<Part<T>, Status> {
    match wanted {
        true => future.await,
        false => Ok(Part::nothing(has)),
    }
}
