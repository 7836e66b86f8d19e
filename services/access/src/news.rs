//! What the push service has for the links of this node, by one call after the other that waits there.

use crate::handle::End;
use crate::node::Node;
use im_idl::push::{Event, WaitRequest};
use std::sync::Arc;
use std::time::Duration;
use svrkit_rt::Call;
use tokio::time::sleep;

/// Milliseconds that an answer may be under way beyond what it may wait.
const SLACK_MS: u64 = 5_000;
/// Bounds in milliseconds of the pause after a failure; it doubles, and is drawn evenly below (full jitter).
const PAUSE_MS: u64 = 100;
const PAUSE_MS_MAX: u64 = 5_000;

/// Takes news and kicks, for ever.
pub(crate) async fn run(node: Arc<Node>) {
    let mut taken = 0;
    let mut epoch = 0;
    let mut pause_ms = PAUSE_MS;
    let wait_ms = node.config.push_wait_ms;
    loop {
        let request = WaitRequest {
            node: node.name.clone(),
            wait_ms,
            taken,
        };
        let call = Call::new(request).timeout(Duration::from_millis(u64::from(wait_ms) + SLACK_MS));
        match node.push.wait_with(call).await {
            Ok(reply) => {
                let answer = reply.message;
                for event in &answer.events {
                    take(&node, event);
                }
                // Another life of the push service: what it had for us is lost.
                if epoch != 0 && epoch != answer.epoch {
                    node.checks.add_all(&node.links.joined());
                }
                (taken, epoch) = (answer.taken, answer.epoch);
                pause_ms = PAUSE_MS;
            }
            Err(status) => {
                tracing::debug!(%status, "no news for now");
                sleep(Duration::from_millis(fastrand::u64(1..=pause_ms))).await;
                pause_ms = (pause_ms * 2).min(PAUSE_MS_MAX);
            }
        }
    }
}

fn take(node: &Node, event: &Event) {
    if event.versions.is_none() {
        node.tickets.forget(event.uin);
    }
    let Some(handle) = node.links.of(event.link, event.uin) else {
        return;
    };
    match &event.versions {
        Some(versions) => handle.tell(versions),
        None => handle.end(End::Kicked(event.kick_reason.as_str().into())),
    }
}
