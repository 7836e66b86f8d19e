//! What other services know of those who are to come in.

use crate::deps::Deps;
use crate::refusal::Refusal;
use im_idl::base::Uins;
use im_idl::contact::Relation;
use im_idl::contact_store::RelationRequest;
use im_idl::group_store::Count;
use std::collections::{BTreeMap, BTreeSet};
use svrkit_rt::{Context, Inherited, Status};
use tokio::task::JoinSet;

/// Relations asked for at once: a large invitation waits for some round trips, and is no burst for the store.
const RELATIONS_AT_ONCE_MAX: usize = 32;

/// What a rule may know beside the group. Who is not in it is no friend and in no group.
#[derive(Clone, Debug, Default)]
pub(crate) struct Newcomers {
    /// Who has the caller as a friend and has not blocked him.
    pub(crate) friends: BTreeSet<u64>,
    /// In how many groups they are.
    pub(crate) counts: BTreeMap<u64, Count>,
}

impl Newcomers {
    /// In how many groups these users are.
    pub(crate) async fn counted(deps: &Deps, uins: &[u64]) -> Result<Newcomers, Status> {
        let asked = Uins {
            uins: uins.to_vec(),
        };
        let counts = deps.groups.counts(asked).await?.counts;
        Ok(Newcomers {
            counts: uins.iter().copied().zip(counts).collect(),
            ..Newcomers::default()
        })
    }

    /// And who of them has `caller` as a friend.
    pub(crate) async fn befriended(
        mut self,
        ctx: &Context,
        deps: &Deps,
        caller: u64,
        uins: &[u64],
    ) -> Result<Newcomers, Status> {
        let inherited = Inherited::of(ctx);
        let mut waiting = uins.iter().copied().filter(|uin| *uin != caller);
        let mut asked = JoinSet::new();
        loop {
            while asked.len() < RELATIONS_AT_ONCE_MAX
                && let Some(owner) = waiting.next()
            {
                let contacts = deps.contacts.clone();
                let request = RelationRequest {
                    owner,
                    peer: caller,
                };
                asked.spawn(inherited.scope(async move {
                    let answer = contacts.relation(request).await?;
                    let friend = answer.relation() == Relation::Friend && !answer.blocked;
                    Ok::<_, Status>((owner, friend))
                }));
            }
            let Some(answer) = asked.join_next().await else {
                return Ok(self);
            };
            let answer = answer.map_err(|_| Status::internal("asking for a relation panicked"))?;
            let (uin, friend) = answer?;
            if friend {
                self.friends.insert(uin);
            }
        }
    }

    /// # Errors
    /// [`Refusal::NotAFriend`] unless all of them are.
    pub(crate) fn require_friends(&self, uins: &[u64]) -> Result<(), Refusal> {
        match uins.iter().all(|uin| self.friends.contains(uin)) {
            true => Ok(()),
            false => Err(Refusal::NotAFriend),
        }
    }

    /// In how many groups a user is.
    pub(crate) fn count(&self, uin: u64) -> Count {
        self.counts.get(&uin).copied().unwrap_or_default()
    }
}
