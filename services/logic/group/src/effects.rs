//! What a plan does: the change, the news of group lists, and the announcement.

use crate::announcer::Announcer;
use crate::plan::Plan;
use im_idl::base::Versions;
use im_idl::group_store::{ChangeRequest, GroupStoreClient};
use im_serve::Notifier;
use std::time::Duration;
use svrkit_rt::{Context, Deadline, Inherited, Status};

/// Time for a change that has begun, whatever is left to its caller.
const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub(crate) struct Effects {
    pub(crate) groups: GroupStoreClient,
    pub(crate) notifier: Notifier,
    pub(crate) announcer: Announcer,
}

impl Effects {
    /// Does what `plan` says to a group at `version`; 0 makes the group. In a task of its own: a caller who goes away does not leave a
    /// change that nobody hears of.
    ///
    /// # Errors
    /// `Aborted` when the group is at another version by now; the store's.
    pub(crate) async fn carry_out(
        &self,
        ctx: &Context,
        group: u64,
        version: u64,
        plan: Plan,
    ) -> Result<(), Status> {
        let inherited = Inherited {
            deadline: Deadline::after(TIMEOUT),
            ..Inherited::of(ctx)
        };
        let effects = self.clone();
        let doing = async move { effects.happen(group, version, plan).await };
        let done = tokio::spawn(inherited.scope(doing)).await;
        done.unwrap_or_else(|_| Err(Status::internal("a change panicked")))
    }

    async fn happen(self, group: u64, version: u64, plan: Plan) -> Result<(), Status> {
        let request = ChangeRequest {
            group,
            expected_version: version,
            ..plan.change
        };
        let changed = self.groups.change(request).await?;
        let lists = changed.uins.into_iter().zip(changed.list_versions);
        self.notifier.notify(lists.map(|(uin, groups)| {
            let versions = Versions {
                groups,
                ..Versions::default()
            };
            (uin, versions)
        }));
        let announced = changed.version;
        self.announcer
            .announce(group, announced, plan.events, plan.also)
            .await;
        Ok(())
    }
}
