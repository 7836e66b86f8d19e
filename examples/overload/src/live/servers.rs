//! Servers of a case, each on a port of its own, and callers of all of them.

use super::cipher::v1::{Cipher, CipherClient, CipherServer, EncryptReply, EncryptRequest};
use crate::policies::PolicyKind;
use crate::simulation::{InstanceSpec, Scenario};
use std::error::Error;
use std::time::Duration;
use svrkit_rt::{
    Admission, AdmissionConfig, Channel, ChannelConfig, Context, Endpoint, Listener, Server, Status,
};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// As many as come: how many may wait is the policy's business.
const WAITING_MAX: usize = 50_000;

pub(super) struct Servers {
    endpoints: Vec<Endpoint>,
    policy: PolicyKind,
    /// Ends them when it is dropped.
    _running: JoinSet<std::io::Result<()>>,
}

impl Servers {
    pub(super) async fn start(scenario: &Scenario) -> Result<Servers, Box<dyn Error>> {
        let mut running = JoinSet::new();
        let mut endpoints = Vec::new();
        for (n, spec) in scenario.services[0].instances.iter().enumerate() {
            let listener = Listener::bind("127.0.0.1:0").await?;
            endpoints.push(Endpoint::parse(&listener.address())?);
            let config = AdmissionConfig {
                handlers_max: spec.workers,
                waiting_max: WAITING_MAX,
                ..AdmissionConfig::default()
            };
            let policy = scenario.policy.build(scenario.seed ^ n as u64);
            let server = Server::new()
                .service(CipherServer::new(Sleeper(*spec)))
                .admission(Admission::with_policy(config, policy));
            running.spawn(server.run(listener, std::future::pending()));
        }
        Ok(Servers {
            endpoints,
            policy: scenario.policy,
            _running: running,
        })
    }

    /// A process that calls them.
    pub(super) fn caller(&self) -> Result<CipherClient, Status> {
        let endpoints = self.endpoints.iter().cloned();
        let builder = endpoints.fold(Channel::builder(), |builder, e| builder.endpoint(e));
        let mut config = ChannelConfig {
            heeds_admission: self.policy.callers_shed(),
            ..ChannelConfig::default()
        };
        // Admission alone is judged: nothing is asked twice, and nobody is left alone for what he refuses.
        config.retry.attempts_max = 1;
        (config.hedge.percent, config.hedge.per_s) = (0, 0);
        config.breaker.ejected_percent_max = 0;
        Ok(CipherClient::new(builder.config(config).build()?))
    }
}

/// Takes as long as in the simulation: half to one and a half times the mean.
struct Sleeper(InstanceSpec);

impl Cipher for Sleeper {
    async fn encrypt(&self, _: &mut Context, _: EncryptRequest) -> Result<EncryptReply, Status> {
        let us = self.0.service_us;
        sleep(Duration::from_micros(fastrand::u64(us / 2..=us * 3 / 2))).await;
        Ok(EncryptReply {})
    }
}
