//! The service: each method, handed to the file that knows.

use crate::config::Config;
use crate::list::changed;
use crate::refused::Refused;
use crate::row;
use im_engine::{Engine, Page, Scan};
use im_idl::base::{Uins, UserVersions};
use im_idl::contact_store::{
    ContactStore, ContactStoreServer, EraseRequest, GetPairRequest, GetPairResponse, ListRequest,
    ListResponse, PutPairRequest, PutPairResponse, RelationRequest, RelationResponse,
};
use svrkit_rt::{Context, Server, Status};

/// Entries in one answer: at most 400 KB with the longest remarks and greetings.
const ROWS_MAX: usize = 1_000;
/// Users in one question for versions.
const UINS_MAX: usize = 10_000;

/// What the store stands on.
#[derive(Clone)]
pub struct Deps {
    /// Where rows are kept.
    pub engine: Engine,
}

/// The service as a server to be run.
///
/// # Errors
/// None today; other services have some.
pub async fn build(config: Config, deps: Deps) -> Result<Server, Status> {
    let engine = deps.engine;
    let store = Store { engine, config };
    Ok(Server::new().service(ContactStoreServer::new(store)))
}

pub(crate) struct Store {
    pub(crate) engine: Engine,
    pub(crate) config: Config,
}

impl Store {
    /// All entries of a list, at one version. What it holds is bounded by the settings.
    pub(crate) async fn whole_list(&self, owner: u64) -> Result<Page, Status> {
        let scan = Scan {
            rows_max: usize::MAX,
            bytes_max: usize::MAX,
            ..Scan::prefix(row::list(owner), row::ENTRIES)
        };
        Ok(self.engine.scan(scan).await?)
    }
}

impl ContactStore for Store {
    async fn get_pair(
        &self,
        _ctx: &mut Context,
        request: GetPairRequest,
    ) -> Result<GetPairResponse, Status> {
        self.get_pair(request.uin, request.peer).await
    }

    async fn put_pair(
        &self,
        _ctx: &mut Context,
        request: PutPairRequest,
    ) -> Result<PutPairResponse, Status> {
        self.put_pair(request).await
    }

    async fn relation(
        &self,
        _ctx: &mut Context,
        request: RelationRequest,
    ) -> Result<RelationResponse, Status> {
        let Some(row) = self.entry_row(request.owner, request.peer).await? else {
            return Ok(RelationResponse::default());
        };
        let (relation, blocked) = row::standing(&row)?;
        Ok(RelationResponse {
            relation: relation.into(),
            blocked,
        })
    }

    async fn list(&self, _ctx: &mut Context, request: ListRequest) -> Result<ListResponse, Status> {
        let after = request.after_version;
        let rows_max = match request.rows_max as usize {
            0 => ROWS_MAX,
            rows => rows.min(ROWS_MAX),
        };
        let versions = self.engine.versions(vec![row::list(request.owner)]);
        let version = versions.await?.first().copied().unwrap_or_default();
        if version <= after {
            return Ok(ListResponse {
                version,
                ..ListResponse::default()
            });
        }
        changed(self.whole_list(request.owner).await?, after, rows_max)
    }

    async fn versions(&self, _ctx: &mut Context, request: Uins) -> Result<UserVersions, Status> {
        if request.uins.len() > UINS_MAX {
            return Err(Refused::TooMany.into());
        }
        let lists = request.uins.into_iter().map(row::list).collect();
        let versions = self.engine.versions(lists).await?;
        Ok(UserVersions { versions })
    }

    async fn erase(&self, _ctx: &mut Context, request: EraseRequest) -> Result<Uins, Status> {
        self.erase(request.owner).await
    }
}
