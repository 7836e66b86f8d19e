//! The calls.

use crate::change::{self, Before};
use crate::config::Config;
use crate::layout::{self, INFO, MEMBER, QUESTION, key, message};
use crate::lists;
use crate::numbers::Numbers;
use crate::pending::{Pending, Settled};
use crate::rows::write;
use im_engine::{Engine, Row, Scan};
use im_idl::base::{Empty, Uins, UserVersions};
use im_idl::group::{Info, Member};
use im_idl::group_store::{
    ChangeRequest, ChangeResponse, CountsResponse, EraseRequest, GetRequest, GetResponse,
    GroupStore, GroupStoreServer, ListRequest, ListResponse, MemberRequest, MemberResponse,
    MembersRequest, MembersResponse, NewNumberResponse, QuestionsRequest, QuestionsResponse,
};
use std::sync::{Arc, Weak};
use std::time::Duration;
use svrkit_rt::{Context, Server, Status};
use tokio::sync::mpsc;

/// Members in one answer when the caller does not say: the largest groups by default.
const MEMBERS_PER_PAGE: u32 = 500;
const MEMBERS_PER_PAGE_MAX: u32 = 2_000;
/// Memberships in one answer when the caller does not say.
const MEMBERSHIPS_PER_PAGE: u32 = 500;
const MEMBERSHIPS_PER_PAGE_MAX: u32 = 2_000;
/// Users in one question for versions or counts.
const UINS_PER_CALL_MAX: usize = 10_000;

/// What the store stands on.
#[derive(Clone)]
pub struct Deps {
    /// Where its rows are.
    pub engine: Engine,
}

/// The store. Changes that an earlier process left half shown are shown from now on, in the background.
///
/// # Errors
/// `InvalidArgument` when `config` leaves room for nothing.
pub async fn build(config: Config, deps: Deps) -> Result<Server, Status> {
    config.check()?;
    let engine = deps.engine;
    let (wake, woken) = mpsc::channel(1);
    let store = Arc::new(Store {
        numbers: Numbers::new(engine.clone(), config.numbers_step),
        pending: Pending::new(engine.clone(), config.tombstones_max),
        engine,
        wake,
    });
    store.wake();
    let retry = Duration::from_millis(config.repair_retry_ms.into());
    tokio::spawn(repair(Arc::downgrade(&store), woken, retry));
    Ok(Server::new().service(GroupStoreServer::new(Service { store })))
}

/// Shows what lists do not show yet: at the start, and after a change that did not get so far. Ends with the store.
async fn repair(store: Weak<Store>, mut woken: mpsc::Receiver<()>, retry: Duration) {
    while woken.recv().await.is_some() {
        loop {
            let Some(store) = store.upgrade() else {
                return;
            };
            let settled = store.settle_all().await;
            drop(store);
            match settled {
                Ok(()) => break,
                Err(status) => tracing::warn!(%status, "group lists are behind; trying again"),
            }
            tokio::time::sleep(retry).await;
        }
    }
}

struct Service {
    store: Arc<Store>,
}

struct Store {
    engine: Engine,
    numbers: Numbers,
    pending: Pending,
    wake: mpsc::Sender<()>,
}

impl Store {
    fn wake(&self) {
        // When it is full, the loop will look anyway.
        let _ = self.wake.try_send(());
    }

    async fn change(&self, request: ChangeRequest) -> Result<(u64, Settled), Status> {
        change::check(&request)?;
        let (group, expected) = (request.group, request.expected_version);
        let rows = change::rows(&request);
        let got = self.engine.get(layout::group(group), rows, 0).await?;
        if got.version != expected {
            let message = format!("the group is at version {}", got.version);
            return Err(Status::aborted(message));
        }
        let plan = change::plan(request, before(got.rows)?)?;
        if plan.concerned.is_empty() {
            let version = write(&self.engine, plan.batch).await?;
            return Ok((version, Settled::default()));
        }
        self.pending.intend(group, expected + 1).await?;
        let version = write(&self.engine, plan.batch).await?;
        // The change has happened, whatever becomes of the lists now.
        let settled = self.pending.settle(group).await.unwrap_or_else(|status| {
            tracing::warn!(group, %status, "group lists do not show a change yet");
            self.wake();
            Settled::default()
        });
        Ok((version, settled))
    }

    /// Forgets what a change has no more use for.
    async fn tidy(&self, settled: Settled) {
        let more = settled.more;
        let forgotten = self.pending.forget(settled).await;
        if more || forgotten.is_err() {
            self.wake();
        }
    }

    async fn settle_all(&self) -> Result<(), Status> {
        let mut outcome = Ok(());
        for group in self.pending.unsettled().await? {
            // One that fails does not keep the others waiting.
            if let Err(status) = self.settle(group).await {
                outcome = Err(status);
            }
        }
        outcome
    }

    async fn settle(&self, group: u64) -> Result<(), Status> {
        loop {
            let settled = self.pending.settle(group).await?;
            let more = settled.more;
            self.pending.forget(settled).await?;
            if !more {
                return Ok(());
            }
        }
    }
}

impl GroupStore for Service {
    async fn new_number(
        &self,
        _ctx: &mut Context,
        _request: Empty,
    ) -> Result<NewNumberResponse, Status> {
        let group = self.store.numbers.take().await?;
        Ok(NewNumberResponse { group })
    }

    async fn get(&self, _ctx: &mut Context, request: GetRequest) -> Result<GetResponse, Status> {
        let partition = layout::group(request.group);
        let got = self.store.engine.get(partition, vec![INFO], 0).await?;
        let info: Option<Info> = decode(got.rows.into_iter().next().flatten())?;
        Ok(GetResponse {
            info: Some(info.ok_or_else(no_such_group)?),
            version: got.version,
        })
    }

    /// In a task of its own: a caller who goes away does not leave the lists to the repair.
    async fn change(
        &self,
        _ctx: &mut Context,
        request: ChangeRequest,
    ) -> Result<ChangeResponse, Status> {
        let store = self.store.clone();
        let changing = tokio::spawn(async move {
            let (version, settled) = store.change(request).await?;
            let (uins, list_versions) = settled.lists.iter().copied().unzip();
            tokio::spawn(async move { store.tidy(settled).await });
            Ok(ChangeResponse {
                version,
                uins,
                list_versions,
            })
        });
        let changed = changing.await;
        changed.unwrap_or_else(|_| Err(Status::internal("a change panicked")))
    }

    async fn member(
        &self,
        _ctx: &mut Context,
        request: MemberRequest,
    ) -> Result<MemberResponse, Status> {
        let partition = layout::group(request.group);
        let keys = vec![INFO, key(MEMBER, request.uin)];
        let got = self.store.engine.get(partition, keys, 0).await?;
        let mut rows = got.rows.into_iter();
        let info: Option<Info> = decode(rows.next().flatten())?;
        Ok(MemberResponse {
            info: Some(info.ok_or_else(no_such_group)?),
            member: decode(rows.next().flatten())?,
            version: got.version,
        })
    }

    async fn members(
        &self,
        _ctx: &mut Context,
        request: MembersRequest,
    ) -> Result<MembersResponse, Status> {
        let rows_max = bounded(request.rows_max, MEMBERS_PER_PAGE, MEMBERS_PER_PAGE_MAX);
        let scan = Scan {
            from: key(MEMBER, request.after.saturating_add(1)),
            rows_max,
            ..Scan::prefix(layout::group(request.group), vec![MEMBER])
        };
        let page = self.store.engine.scan(scan).await?;
        let members = page.rows.iter().map(|row| message(&row.value));
        Ok(MembersResponse {
            members: members.collect::<Result<_, _>>()?,
            more: page.more,
            version: page.version,
        })
    }

    async fn questions(
        &self,
        _ctx: &mut Context,
        request: QuestionsRequest,
    ) -> Result<QuestionsResponse, Status> {
        let scan = Scan::prefix(layout::group(request.group), vec![QUESTION]);
        let page = self.store.engine.scan(scan).await?;
        let questions = page.rows.iter().map(|row| message(&row.value));
        let questions = questions.collect::<Result<_, _>>()?;
        Ok(QuestionsResponse { questions })
    }

    async fn list(&self, _ctx: &mut Context, request: ListRequest) -> Result<ListResponse, Status> {
        let rows_max = bounded(
            request.rows_max,
            MEMBERSHIPS_PER_PAGE,
            MEMBERSHIPS_PER_PAGE_MAX,
        );
        lists::list(
            &self.store.engine,
            request.uin,
            request.after_version,
            rows_max,
        )
        .await
    }

    async fn versions(&self, _ctx: &mut Context, request: Uins) -> Result<UserVersions, Status> {
        check_count(&request)?;
        let partitions = request.uins.into_iter().map(layout::user).collect();
        let versions = self.store.engine.versions(partitions).await?;
        Ok(UserVersions { versions })
    }

    async fn counts(&self, _ctx: &mut Context, request: Uins) -> Result<CountsResponse, Status> {
        check_count(&request)?;
        let mut counts = Vec::with_capacity(request.uins.len());
        for uin in request.uins {
            counts.push(lists::count(&self.store.engine, uin).await?);
        }
        Ok(CountsResponse { counts })
    }

    async fn erase(&self, _ctx: &mut Context, request: EraseRequest) -> Result<Empty, Status> {
        lists::erase(&self.store.engine, request.uin).await?;
        Ok(Empty {})
    }
}

fn before(rows: Vec<Option<Row>>) -> Result<Before, Status> {
    let mut rows = rows.into_iter();
    let mut before = Before {
        info: decode(rows.next().flatten())?,
        ..Before::default()
    };
    for row in rows.flatten() {
        let member: Member = message(&row.value)?;
        before.members.insert(member.uin, member);
    }
    Ok(before)
}

fn decode<M: prost::Message + Default>(row: Option<Row>) -> Result<Option<M>, Status> {
    row.map(|row| message(&row.value)).transpose()
}

/// What a caller asked for, `usual` when he did not say.
fn bounded(asked: u32, usual: u32, max: u32) -> usize {
    let rows = if asked == 0 { usual } else { asked.min(max) };
    rows as usize
}

fn check_count(request: &Uins) -> Result<(), Status> {
    if request.uins.len() > UINS_PER_CALL_MAX {
        let message = format!("over {UINS_PER_CALL_MAX} users in one call");
        return Err(Status::invalid_argument(message));
    }
    Ok(())
}

fn no_such_group() -> Status {
    Status::not_found("no such group")
}
