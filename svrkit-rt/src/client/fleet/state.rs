//! What a fleet tells of its instances.

use super::super::watch::{ChannelState, InstanceState, Observed, Standing};
use super::{Fleet, Member};
use tokio::time::Instant;

impl Fleet {
    /// All of them, as they are.
    pub(in crate::client) fn state(&self) -> ChannelState {
        let now = Instant::now();
        let members = self.members();
        let is_observed = members.list.len() > 1;
        let instances = members.list.iter();
        ChannelState {
            instances: instances
                .map(|member| self.state_of(member, is_observed, now))
                .collect(),
            trouble: members.trouble.clone(),
        }
    }

    fn state_of(&self, member: &Member, is_observed: bool, now: Instant) -> InstanceState {
        let (endpoint, instance) = (&member.endpoint, &member.instance);
        let now_ms = self.ms(now);
        let breaker = instance.breaker();
        let standing = match breaker.open_until() {
            Some(until) => Standing::LeftAlone(until.saturating_duration_since(now)),
            None if !instance.is_connected() => Standing::Unconnected,
            None if breaker.is_half_open() => Standing::OnTrial,
            None => Standing::Serves,
        };
        InstanceState {
            address: endpoint.name().to_owned(),
            zone: endpoint.zone().to_owned(),
            weight: endpoint.weight(),
            tag: endpoint.tag(),
            standing,
            observed: is_observed.then(|| Observed {
                in_flight: instance.in_flight(),
                times_usual: instance.slowness(now_ms),
                share: instance.ripeness(now_ms, self.config.slow_start_ms),
                sheds: instance.sheds(),
            }),
            last_error: instance.last_error(),
        }
    }
}
