//! A store over an engine in memory that takes its time, and fails when told to.

use bytes::Bytes;
use im_contact_store::{Config, Deps, build};
use im_engine::{
    Batch, BoxFuture, Engine, EngineError, EngineStats, Got, KeyTable, Page, Scan, Version,
    WriteError,
};
use im_idl::base::Uins;
use im_idl::contact::{Entry, Relation};
use im_idl::contact_store::{
    ContactStoreClient, EraseRequest, GetPairRequest, ListRequest, PutPairRequest, PutPairResponse,
    RelationRequest, Side,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use svrkit_rt::Status;
use svrkit_rt::testing::serve;

pub(crate) const ADA: u64 = 10_001;
pub(crate) const BOB: u64 = 10_002;
pub(crate) const CLEO: u64 = 10_003;

/// An engine whose answers take a random time, so that callers come between each other's reads and writes.
pub(crate) struct Slow {
    inner: Engine,
    /// Batches that are still written; the others find the engine stopped.
    pub(crate) batches_left: AtomicUsize,
}

impl Slow {
    fn delay(&self) -> impl Future<Output = ()> + Send + 'static {
        tokio::time::sleep(Duration::from_millis(fastrand::u64(1..4)))
    }

    fn write_or_fail(&self, batch: Batch) -> BoxFuture<'_, Result<Version, WriteError>> {
        let less = |left: usize| left.checked_sub(1);
        Box::pin(async move {
            if self
                .batches_left
                .fetch_update(SeqCst, SeqCst, less)
                .is_err()
            {
                let reason = "the test said so".to_owned();
                return Err(EngineError::Stopped { reason }.into());
            }
            let mut answers = self.inner.write(vec![batch]).await;
            answers.pop().expect("an answer for each batch")
        })
    }
}

impl KeyTable for Slow {
    fn get(
        &self,
        partition: Bytes,
        keys: Vec<Bytes>,
        at_least: Version,
    ) -> BoxFuture<'_, Result<Got, EngineError>> {
        Box::pin(async move {
            self.delay().await;
            self.inner.get(partition, keys, at_least).await
        })
    }

    fn scan(&self, scan: Scan) -> BoxFuture<'_, Result<Page, EngineError>> {
        Box::pin(async move {
            self.delay().await;
            self.inner.scan(scan).await
        })
    }

    fn write(&self, batches: Vec<Batch>) -> BoxFuture<'_, Vec<Result<Version, WriteError>>> {
        Box::pin(async move {
            let mut answers = Vec::new();
            for batch in batches {
                self.delay().await;
                answers.push(self.write_or_fail(batch).await);
            }
            answers
        })
    }

    fn versions(&self, partitions: Vec<Bytes>) -> BoxFuture<'_, Result<Vec<Version>, EngineError>> {
        self.inner.versions(partitions)
    }

    fn partitions(
        &self,
        prefix: Bytes,
        after: Option<Bytes>,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<Bytes>, EngineError>> {
        self.inner.partitions(prefix, after, max)
    }

    fn stats(&self) -> EngineStats {
        self.inner.stats()
    }
}

#[derive(Clone)]
pub(crate) struct Store {
    pub(crate) client: ContactStoreClient,
    pub(crate) engine: Arc<Slow>,
}

impl Store {
    pub(crate) async fn new(config: Config) -> Store {
        let engine = Arc::new(Slow {
            inner: im_engine::memory(),
            batches_left: AtomicUsize::new(usize::MAX),
        });
        let deps = Deps {
            engine: engine.clone(),
        };
        let client = ContactStoreClient::new(serve(build(config, deps).await.unwrap()));
        Store { client, engine }
    }

    /// Both sides as they are: `None` for one that is not there.
    pub(crate) async fn pair(&self, uin: u64, peer: u64) -> [Side; 2] {
        let request = GetPairRequest { uin, peer };
        let pair = self.client.get_pair(request).await.unwrap();
        [pair.mine.unwrap(), pair.theirs.unwrap()]
    }

    pub(crate) async fn standing(&self, owner: u64, peer: u64) -> (Relation, bool) {
        let request = RelationRequest { owner, peer };
        let answer = self.client.relation(request).await.unwrap();
        (answer.relation(), answer.blocked)
    }

    /// Reads a pair and puts these relations in its place.
    pub(crate) async fn relate(
        &self,
        (uin, mine): (u64, Relation),
        (peer, theirs): (u64, Relation),
    ) -> Result<PutPairResponse, Status> {
        let [old_mine, old_theirs] = self.pair(uin, peer).await;
        let mine = side(peer, mine, old_mine.expected_version);
        let theirs = side(uin, theirs, old_theirs.expected_version);
        let request = PutPairRequest {
            uin,
            peer,
            mine: Some(mine),
            theirs: Some(theirs),
        };
        self.client.put_pair(request).await
    }

    pub(crate) async fn befriend(&self, uin: u64, peer: u64) {
        let (mine, theirs) = ((uin, Relation::Friend), (peer, Relation::Friend));
        self.relate(mine, theirs).await.unwrap();
    }

    /// All that changed after a version, and the version to ask after next.
    pub(crate) async fn list(&self, owner: u64, mut after: u64) -> (Vec<(u64, Relation)>, u64) {
        let mut changed = Vec::new();
        loop {
            let request = ListRequest {
                owner,
                after_version: after,
                rows_max: 2,
            };
            let answer = self.client.list(request).await.unwrap();
            assert!(answer.contacts.len() <= 2);
            changed.extend(answer.contacts.iter().map(|e| (e.uin, e.relation())));
            after = answer.version;
            if !answer.more {
                return (changed, after);
            }
        }
    }

    pub(crate) async fn erase(&self, owner: u64) -> Result<Vec<u64>, Status> {
        let erased = self.client.erase(EraseRequest { owner }).await?;
        Ok(erased.uins)
    }

    pub(crate) async fn version(&self, owner: u64) -> u64 {
        let uins = vec![owner];
        self.client.versions(Uins { uins }).await.unwrap().versions[0]
    }
}

pub(crate) fn side(uin: u64, relation: Relation, expected_version: u64) -> Side {
    let entry = Entry {
        uin,
        relation: relation.into(),
        remark: format!("remark of {uin}"),
        ..Entry::default()
    };
    Side {
        entry: Some(entry),
        expected_version,
    }
}
