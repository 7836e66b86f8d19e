//! Both sides of a relation.

use crate::change::Current;
use crate::refused::Refused;
use crate::row;
use crate::service::Store;
use im_engine::{Row, WriteError};
use im_idl::contact::Entry;
use im_idl::contact_store::{GetPairResponse, PutPairRequest, PutPairResponse, Side};
use svrkit_rt::Status;

/// Rounds of a write whose list moves meanwhile. Each lost one means that somebody else's change went through.
const ROUNDS_MAX: usize = 8;

/// One side to be written.
struct Change {
    owner: u64,
    entry: Entry,
    expected_version: u64,
    /// Of its list, once it is written.
    version: u64,
    done: bool,
}

impl Store {
    pub(crate) async fn get_pair(&self, uin: u64, peer: u64) -> Result<GetPairResponse, Status> {
        let (mine, theirs) =
            tokio::try_join!(self.entry_row(uin, peer), self.entry_row(peer, uin))?;
        Ok(GetPairResponse {
            mine: Some(side(mine)?),
            theirs: Some(side(theirs)?),
        })
    }

    /// The row of an entry.
    pub(crate) async fn entry_row(&self, owner: u64, peer: u64) -> Result<Option<Row>, Status> {
        let keys = vec![row::entry(peer)];
        let got = self.engine.get(row::list(owner), keys, 0).await?;
        Ok(got.rows.into_iter().next().flatten())
    }

    pub(crate) async fn put_pair(
        &self,
        request: PutPairRequest,
    ) -> Result<PutPairResponse, Status> {
        let (uin, peer) = (request.uin, request.peer);
        if uin == peer {
            return Err(Refused::NotAPair.into());
        }
        let mut mine = change(uin, peer, request.mine)?;
        let mut theirs = change(peer, uin, request.theirs)?;
        for _ in 0..ROUNDS_MAX {
            let mut open: Vec<&mut Change> = [mine.as_mut(), theirs.as_mut()]
                .into_iter()
                .flatten()
                .filter(|change| !change.done)
                .collect();
            if open.is_empty() {
                let version = |change: Option<Change>| change.map_or(0, |change| change.version);
                return Ok(PutPairResponse {
                    my_version: version(mine),
                    their_version: version(theirs),
                });
            }
            self.write(&mut open).await?;
        }
        Err(Refused::Changed.into())
    }

    /// Looks at all sides, then writes all. One whose list has moved in between is left to another round.
    async fn write(&self, changes: &mut [&mut Change]) -> Result<(), Status> {
        let mut batches = Vec::with_capacity(changes.len());
        let mut sweeps = Vec::with_capacity(changes.len());
        for change in changes.iter() {
            let current = Current::load(&self.engine, change.owner, change.entry.uin).await?;
            if current.version() != change.expected_version {
                return Err(Refused::Changed.into());
            }
            let planned = current.plan(&change.entry, &self.config)?;
            batches.push(planned.batch);
            sweeps.push(planned.sweep);
        }
        let answers = self.engine.write(batches).await;
        for ((change, sweep), answer) in changes.iter_mut().zip(sweeps).zip(answers) {
            match answer {
                Ok(version) => {
                    (change.version, change.done) = (version, true);
                    if sweep {
                        self.sweep(change.owner).await;
                    }
                }
                Err(WriteError::Condition { .. }) => {}
                Err(WriteError::Engine(error)) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

fn side(row: Option<Row>) -> Result<Side, Status> {
    let Some(row) = row else {
        return Ok(Side::default());
    };
    Ok(Side {
        entry: Some(row::read(&row)?),
        expected_version: row.version,
    })
}

fn change(owner: u64, peer: u64, side: Option<Side>) -> Result<Option<Change>, Refused> {
    let Some(side) = side else {
        return Ok(None);
    };
    let entry = side.entry.filter(|entry| entry.uin == peer);
    Ok(Some(Change {
        owner,
        entry: entry.ok_or(Refused::NotAPair)?,
        expected_version: side.expected_version,
        version: 0,
        done: false,
    }))
}
