//! Tasks that come in an open loop, and what becomes of them.

use super::cipher::v1::{CipherClient, EncryptRequest};
use super::servers::Servers;
use crate::experiments::Case;
use crate::figure::Figure;
use crate::policies::PolicyKind;
use crate::simulation::{Outcome, Scenario, TASK_TIMEOUT_MS};
use std::error::Error;
use std::time::Duration;
use svrkit_rt::admission::UserLevels;
use svrkit_rt::monitor::{self, Value};
use svrkit_rt::{Call, Code, Priority};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// Users that tasks come from.
const USERS: u64 = 1_000_000;

/// Runs a case of one service and one kind of task in real time, on the caller's runtime.
///
/// # Errors
/// Servers or channels could not be made.
pub async fn run_live(
    case: &Case,
    policy: PolicyKind,
    seed: u64,
) -> Result<Figure, Box<dyn Error>> {
    let mut scenario = case.scenario.clone();
    (scenario.policy, scenario.seed) = (policy, seed);
    let servers = Servers::start(&scenario).await?;
    let callers = (0..scenario.callers).map(|_| servers.caller());
    let callers: Vec<CipherClient> = callers.collect::<Result<_, _>>()?;
    let outcome = offer(&scenario, &callers).await;
    Ok(Figure::of(case, policy, "real", &outcome))
}

async fn offer(scenario: &Scenario, callers: &[CipherClient]) -> Outcome {
    let mut outcome = Outcome::new(scenario);
    let mut kept_back_before = None;
    let mut tasks = JoinSet::new();
    let users = UserLevels::new("simulated");
    let chain = scenario.kinds[0].calls.len();
    let phase = scenario.phases[0];
    let begun = Instant::now();
    let end = begun + Duration::from_secs(phase.seconds);
    let warm = begun + Duration::from_secs(scenario.warmup_s);
    let mut next = begun;
    while next < end {
        sleep_until(next).await;
        if next >= warm {
            kept_back_before.get_or_insert_with(kept_back);
        }
        // All that are due: a timer is late by up to a millisecond.
        while next <= Instant::now() && next < end {
            let caller = callers[fastrand::usize(..callers.len())].clone();
            let priority = Priority {
                business: scenario.kinds[0].business,
                user: users.level(fastrand::u64(..USERS), 0),
            };
            tasks.spawn(task(caller, priority, chain, next));
            let pause_s = -(1.0 - fastrand::f64()).ln() / phase.tasks_per_s;
            next += Duration::from_secs_f64(pause_s);
        }
        while let Some(ended) = tasks.try_join_next() {
            take(&mut outcome, ended.ok(), begun, warm);
        }
    }
    while let Some(ended) = tasks.join_next().await {
        take(&mut outcome, ended.ok(), begun, warm);
    }
    outcome.refused_by_caller = kept_back() - kept_back_before.unwrap_or_default();
    outcome.refused_by_server = outcome
        .refused_by_server
        .saturating_sub(outcome.refused_by_caller);
    outcome.kinds[0].took_us.sort_unstable();
    outcome
}

/// How a task ended.
struct Ended {
    due: Instant,
    took: Duration,
    succeeded: bool,
    served: u64,
    refused: u64,
    late: u64,
}

async fn task(caller: CipherClient, priority: Priority, chain: usize, due: Instant) -> Ended {
    let deadline = due + Duration::from_millis(TASK_TIMEOUT_MS);
    let mut ended = Ended {
        due,
        took: Duration::ZERO,
        succeeded: false,
        served: 0,
        refused: 0,
        late: 0,
    };
    for _ in 0..chain {
        let left = deadline.saturating_duration_since(Instant::now());
        let call = Call::new(EncryptRequest {})
            .priority(priority)
            .timeout(left);
        match caller.encrypt_with(call).await {
            Ok(_) => ended.served += 1,
            Err(status) => {
                let is_refused = status.code() == Code::Overloaded;
                ended.refused += u64::from(is_refused);
                ended.late += u64::from(!is_refused);
                break;
            }
        }
    }
    ended.took = due.elapsed();
    ended.succeeded = ended.served == chain as u64 && Instant::now() <= deadline;
    ended
}

fn take(outcome: &mut Outcome, ended: Option<Ended>, begun: Instant, warm: Instant) {
    // A task of ours does not panic.
    let Some(ended) = ended else { return };
    let second = (ended.due - begun).as_secs() as usize;
    outcome.seconds[second].0 += 1;
    outcome.seconds[second].1 += u64::from(ended.succeeded);
    if ended.due < warm {
        return;
    }
    outcome.kinds[0].tasks += 1;
    outcome.served += ended.served;
    outcome.refused_by_server += ended.refused;
    outcome.dropped += ended.late;
    if ended.succeeded {
        outcome.kinds[0].took_us.push(ended.took.as_micros() as u64);
    } else {
        outcome.wasted += ended.served;
    }
}

/// Calls of this process that were not sent, since its beginning.
fn kept_back() -> u64 {
    let snapshot = monitor::snapshot();
    let series = snapshot.series.iter().filter(|series| {
        let reason =
            |(key, value): &(String, String)| key == "reason" && value == "callee_priority";
        series.metric.name == "rpc_client_rejections" && series.labels.iter().any(reason)
    });
    let counts = series.map(|series| match series.value {
        Value::Counter(count) => count,
        _ => 0,
    });
    counts.sum()
}
