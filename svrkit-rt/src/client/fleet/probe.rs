//! How an instance that was left alone comes back: it must answer a call of ours first, so that no caller pays for finding out.

use super::{Fleet, Instance};
use crate::builtin::svrkit::v1::BUILTIN;
use crate::context::Context;
use crate::deadline::Deadline;
use crate::monitor::fleets::count_readmission;
use crate::service::Request;
use crate::status::{Code, Status};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Asks the instance for an echo, unless that is being done; then readmits it, or leaves it alone for longer.
pub(super) fn start(fleet: &Arc<Fleet>, instance: &Arc<Instance>) {
    if instance.begin_probe() {
        fleet.runtime.spawn(run(fleet.clone(), instance.clone()));
    }
}

async fn run(fleet: Arc<Fleet>, instance: Arc<Instance>) {
    let answered = answers(&fleet, &instance).await;
    let now = Instant::now();
    let mut members = fleet.members();
    if answered {
        instance.breaker().readmit(now, &fleet.config.breaker);
        count_readmission(instance.name());
        tracing::info!(endpoint = instance.name(), "instance is asked again");
    } else {
        instance.breaker().eject(now, &fleet.config.breaker);
        // It may be there again and the connection not: one that was cut off without a word takes minutes to notice.
        instance.renew();
    }
    instance.probed();
    fleet.arrange(&mut members);
}

/// Whether it answers anything at all in time.
async fn answers(fleet: &Arc<Fleet>, instance: &Instance) -> bool {
    let Some(connection) = instance.connection(&fleet.runtime) else {
        return false;
    };
    let echo = &BUILTIN.methods[0];
    let now = Instant::now();
    let timeout = Duration::from_millis(fleet.config.breaker.probe_timeout_ms);
    let context = Context::new(echo, Deadline::from(now, timeout));
    let request = Request::new(context, Bytes::new());
    let answer = connection.call(request, false, now).await;
    let silent =
        |status: &Status| matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded);
    answer.err().is_none_or(|status| !silent(&status))
}
