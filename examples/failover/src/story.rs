//! Three instances, a load, and a fault in the middle of it.

use crate::Plan;
use crate::instance::Instance;
use crate::load;
use crate::network::Network;
use crate::report::Report;
use crate::shop::v1::{ShopClient, SlowDownRequest};
use std::error::Error;
use std::time::Duration;
use svrkit_rt::Channel;
use tokio::time::sleep;

/// Before the fault: until the channel knows what calls take, and then some.
const BEFORE: Duration = Duration::from_secs(4);
/// How much slower the slow one becomes.
const TIMES_SLOWER: u32 = 100;

/// What becomes of one instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// SIGKILL.
    Killed,
    /// SIGSTOP.
    Frozen,
    /// A hundred times slower.
    Slow,
    /// Its network is gone.
    CutOff,
}

impl Fault {
    pub(crate) const ALL: [Fault; 4] = [Fault::Killed, Fault::Frozen, Fault::Slow, Fault::CutOff];

    pub(crate) fn named(name: &str) -> Option<Fault> {
        Fault::ALL.into_iter().find(|fault| fault.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Fault::Killed => "killed",
            Fault::Frozen => "frozen",
            Fault::Slow => "slow",
            Fault::CutOff => "cut_off",
        }
    }
}

/// Runs it, with new instances and a channel that is all by default.
pub(crate) async fn tell(fault: Fault, plan: Plan) -> Result<Report, Box<dyn Error>> {
    let mut instances = Vec::new();
    for _ in 0..3 {
        instances.push(Instance::start().await?);
    }
    let network = Network::before(&instances[0].address).await?;
    let addresses = [
        &network.address,
        &instances[1].address,
        &instances[2].address,
    ];
    let channel = Channel::connect(&addresses.map(String::as_str).join(","))?;
    let lasts = BEFORE + Duration::from_secs(plan.seconds);
    let load = tokio::spawn(load::run(channel, plan.rate, lasts));
    sleep(BEFORE).await;
    let victim = &mut instances[0];
    match fault {
        Fault::Killed => victim.kill().await?,
        Fault::Frozen => victim.freeze()?,
        Fault::CutOff => network.cut(),
        Fault::Slow => {
            let victim = ShopClient::new(Channel::connect(&victim.address)?);
            let times = TIMES_SLOWER;
            victim.slow_down(SlowDownRequest { times }).await?;
        }
    }
    let calls = load.await?;
    Ok(Report::of(fault.name(), &calls, BEFORE))
}
