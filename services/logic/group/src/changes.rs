//! Reading a group, deciding, and doing it on the version that was read; again when somebody was faster.

use crate::effects::Effects;
use crate::group::Group;
use crate::plan::Plan;
use crate::refusal::Refusal;
use crate::turns::Turns;
use im_idl::group_store::{GetRequest, GroupStoreClient, MembersRequest, QuestionsRequest};
use im_idl::ids;
use im_idl::refusal::with_retry_after;
use std::time::Duration;
use svrkit_rt::{Code, Context, Status};
use tokio::time::sleep;

/// Members in one answer of the store: all of most groups.
const MEMBERS_PER_PAGE: u32 = 2_000;
/// Around how long the first loser waits; later ones twice as long each time.
const BACKOFF_FIRST: Duration = Duration::from_millis(2);
const BACKOFF_MAX: Duration = Duration::from_millis(100);
/// When a client may come again to a group that changes all the time.
const BUSY_RETRY_AFTER_MS: u32 = 500;

pub(crate) struct Changes {
    pub(crate) turns: Turns,
    pub(crate) effects: Effects,
}

impl Changes {
    /// Does what `decide` says of the group as it is, and answers what it answers. It is asked again for every version that it sees.
    ///
    /// # Errors
    /// The refusal; `Aborted` after `tries_max` tries; the store's.
    pub(crate) async fn change<T>(
        &self,
        ctx: &Context,
        group: u64,
        tries_max: u32,
        decide: impl Fn(&Group) -> Result<(Plan, T), Refusal>,
    ) -> Result<T, Status> {
        let _turn = self.turns.take(group).await;
        let mut backoff = BACKOFF_FIRST;
        for _ in 0..tries_max {
            let seen = read(&self.effects.groups, group).await?;
            let (plan, answer) = decide(&seen)?;
            if plan.is_empty() {
                return Ok(answer);
            }
            let effects = self.effects.carry_out(ctx, group, seen.version, plan);
            match effects.await {
                Ok(()) => return Ok(answer),
                Err(status) if status.code() == Code::Aborted => {}
                Err(status) => return Err(status),
            }
            sleep(backoff.mul_f64(fastrand::f64())).await;
            backoff = (backoff * 2).min(BACKOFF_MAX);
        }
        let busy = Status::aborted("others change the group all the time");
        Err(with_retry_after(
            busy,
            "im.group",
            "BUSY",
            BUSY_RETRY_AFTER_MS,
        ))
    }
}

/// A group as it is. The parts are read one after the other, the version first: what changes meanwhile makes a change on that version fail.
async fn read(groups: &GroupStoreClient, group: u64) -> Result<Group, Status> {
    if !ids::is_group(group) {
        return Err(Refusal::NoSuchGroup.into());
    }
    let got = groups.get(GetRequest { group }).await.map_err(or_none)?;
    let mut seen = Group {
        version: got.version,
        info: got.info.unwrap_or_default(),
        ..Group::default()
    };
    let mut after = 0;
    loop {
        let request = MembersRequest {
            group,
            after,
            rows_max: MEMBERS_PER_PAGE,
        };
        let page = groups.members(request).await?;
        let members = page.members.into_iter().map(|member| (member.uin, member));
        seen.members.extend(members);
        match seen.members.last_key_value() {
            Some((last, _)) if page.more && *last > after => after = *last,
            _ => break,
        }
    }
    let waiting = groups.questions(QuestionsRequest { group }).await?;
    let questions = waiting.questions.into_iter();
    seen.questions = questions.map(|question| (question.uin, question)).collect();
    Ok(seen)
}

/// A group that the store does not know is none.
pub(crate) fn or_none(status: Status) -> Status {
    match status.code() {
        Code::NotFound => Refusal::NoSuchGroup.into(),
        _ => status,
    }
}
