//! The service: ask, put together, answer.

use crate::config::Config;
use crate::deps::Deps;
use crate::figures;
use crate::kinds::Kinds;
use crate::names::Name;
use crate::old_client;
use crate::snapshot::{Snapshot, View};
use crate::stores::Stores;
use im_idl::base::{Caller, Uins};
use im_idl::message_store::ReadRequest;
use im_idl::sync::{NewestResponse, Sync, SyncRequest, SyncResponse, SyncServer};
use std::collections::HashMap;
use std::sync::Arc;
use svrkit_rt::{Context, Server, Status};

const MESSAGES_DEFAULT: u32 = 100;
const MESSAGES_MAX: u32 = 500;
/// Bytes of messages in an answer that has nothing else, and in one that may have lists as well. With names for old clients an answer
/// stays below 200 KiB; clients' frames hold 256 KiB.
const MESSAGE_BYTES_ALONE: u32 = 128 * 1024;
const MESSAGE_BYTES_BESIDE: u32 = 96 * 1024;
/// Users of one call of Newest.
const USERS_MAX: usize = 10_000;

struct Service {
    config: Config,
    stores: Stores,
}

/// The service. It starts while those it calls are down.
///
/// # Errors
/// None now.
pub async fn build(config: Config, deps: Deps) -> Result<Server, Status> {
    let stores = Stores::new(&config, deps);
    let service = Service { config, stores };
    Ok(Server::new().service(SyncServer::new(service)))
}

impl Sync for Service {
    async fn sync(&self, ctx: &mut Context, request: SyncRequest) -> Result<SyncResponse, Status> {
        let caller = Caller::of(ctx)?;
        let is_old = self.config.is_old(caller.client_version);
        let kinds = Kinds::of(request.selector, is_old)?;
        let view = if is_old { View::StandIns } else { View::Groups };
        let presented = Snapshot::decode(&request.snapshot, caller.uin, &caller.device);
        let before = presented.map_or(Snapshot::empty(view), |snapshot| snapshot.seen(view));
        if request.check_only {
            let newest = self.stores.latest(caller.uin, &kinds).await?;
            return Ok(SyncResponse {
                more: kinds.any_newer(&newest, &before.has),
                ..SyncResponse::default()
            });
        }
        let read = ReadRequest {
            uin: caller.uin,
            device: caller.device.clone(),
            after_version: before.has.messages,
            rows_max: match request.messages_max {
                0 => MESSAGES_DEFAULT,
                max => max.min(MESSAGES_MAX),
            },
            bytes_max: match kinds.only_messages() {
                true => MESSAGE_BYTES_ALONE,
                false => MESSAGE_BYTES_BESIDE,
            },
            peek: false,
        };
        let mut after = before;
        let mut answer = if kinds.only_messages() {
            // What clients do most: one call, and nothing to put together.
            let messages = self.stores.messages(read).await?;
            after.has.messages = messages.version;
            SyncResponse {
                more: messages.more,
                messages: messages.news,
                ..SyncResponse::default()
            }
        } else {
            let news = self.stores.news(&kinds, &before.has, read).await?;
            after.has = news.has();
            news.into()
        };
        figures::delivered(&answer.messages, caller.uin);
        if is_old {
            self.rewrite(&mut answer, caller.uin).await?;
        }
        if presented != Some(after) {
            answer.snapshot = after.encode(caller.uin, &caller.device).into();
        }
        Ok(answer)
    }

    async fn newest(&self, _ctx: &mut Context, request: Uins) -> Result<NewestResponse, Status> {
        if request.uins.len() > USERS_MAX {
            return Err(Status::invalid_argument("too many users"));
        }
        let versions = self.stores.newest(request).await?;
        Ok(NewestResponse { versions })
    }
}

impl Service {
    /// Makes an answer one that an old client understands.
    async fn rewrite(&self, answer: &mut SyncResponse, me: u64) -> Result<(), Status> {
        let groups = std::mem::take(&mut answer.groups).into_iter();
        answer.contacts.extend(groups.map(old_client::contact));
        let speakers = answer.messages.iter().flat_map(old_client::speakers);
        let names = self.stores.names.of(speakers).await?;
        let messages = std::mem::take(&mut answer.messages).into_iter();
        let rewritten =
            messages.map(|entry| old_client::entry(entry, me, |uin| called(&names, uin)));
        answer.messages = rewritten.collect();
        Ok(())
    }
}

/// What a user is called in a text.
fn called(names: &HashMap<u64, Arc<Name>>, uin: u64) -> String {
    match names.get(&uin) {
        Some(name) if !name.nickname.is_empty() => name.nickname.clone(),
        Some(name) if !name.name.is_empty() => name.name.clone(),
        _ => uin.to_string(),
    }
}
