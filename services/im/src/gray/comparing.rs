//! What the centre knows of both releases.

use super::gate::{Compared, Figures};
use im_idl::base::Empty;
use im_idl::monitor::{CentreClient, Label, QueryRequest};
use im_serve::StartError;
use std::collections::{BTreeMap, BTreeSet};
use svrkit_rt::clock;

/// Seconds of the centre's finest windows.
const WINDOW_S: u64 = 10;

/// Both releases of each service that has an instance with this tag, over the last `seconds`.
pub(super) async fn compare(
    centre: &CentreClient,
    tag: &str,
    seconds: u64,
) -> Result<Vec<Compared>, StartError> {
    let known = centre.instances(Empty {}).await?.instances;
    let tagged = known.into_iter().filter(|i| i.gray == tag && !i.retired);
    let roles: BTreeSet<String> = tagged.map(|instance| instance.service).collect();
    let mut compared = Vec::new();
    for role in roles {
        let asking = Asking {
            centre,
            role: &role,
            seconds: seconds.next_multiple_of(WINDOW_S),
        };
        let calls = asking.by_release("rpc_server_calls", "sum").await?;
        let failed = asking.by_release("rpc_server_faults", "sum").await?;
        let p99_us = asking
            .by_release("rpc_server_latency_microseconds", "p99")
            .await?;
        let of = |release: &str| {
            let figure = |of: &BTreeMap<String, f64>| of.get(release).copied().unwrap_or(0.0);
            Figures {
                calls: figure(&calls),
                failed: figure(&failed),
                p99_ms: figure(&p99_us) / 1_000.0,
            }
        };
        let (tagged, others) = (of(tag), of(""));
        compared.push(Compared {
            role,
            tagged,
            others,
        });
    }
    Ok(compared)
}

struct Asking<'a> {
    centre: &'a CentreClient,
    role: &'a str,
    seconds: u64,
}

impl Asking<'_> {
    /// One number of all that the role's instances counted, by their tag.
    async fn by_release(
        &self,
        name: &str,
        value: &str,
    ) -> Result<BTreeMap<String, f64>, StartError> {
        // The window under way is not known yet.
        let to_s = clock::now_ms() / 1_000 / WINDOW_S * WINDOW_S;
        let answer = self.centre.query(QueryRequest {
            name: name.to_owned(),
            labels: vec![Label {
                name: "role".to_owned(),
                value: self.role.to_owned(),
            }],
            value: value.to_owned(),
            by: "gray".to_owned(),
            from_s: to_s.saturating_sub(self.seconds),
            to_s,
            step_s: self.seconds,
        });
        let lines = answer.await?.lines.into_iter();
        let number = |values: Vec<f64>| values.into_iter().find(|value| value.is_finite());
        Ok(lines
            .filter_map(|line| Some((line.title, number(line.values)?)))
            .collect())
    }
}
