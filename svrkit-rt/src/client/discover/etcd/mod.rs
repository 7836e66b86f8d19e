//! Endpoints in etcd v3: whoever serves keeps a key alive, and whoever calls watches the keys.

mod gateway;
mod registration;

pub use registration::Registration;

use super::{Announce, Discover, parse_endpoints};
use crate::client::backoff;
use crate::client::endpoint::Endpoint;
use crate::service::BoxFuture;
use crate::status::Status;
use gateway::{EtcdError, Gateway, Pair};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Milliseconds after which the list is asked for again though nothing was heard: a watch whose connection died without a word says
/// nothing either.
const LIST_EVERY_MS: u64 = 30_000;
/// Milliseconds that changes are gathered before the list is asked for: when a fleet is started they come in dozens.
const GATHER_MS: u64 = 50;
/// Bounds in milliseconds of the pause after a failure; it doubles, and is drawn evenly below (full jitter).
const PAUSE_BASE_MS: u64 = 100;
const PAUSE_MAX_MS: u64 = 5_000;

/// A cluster of etcd, and the prefix that a service's instances are registered under.
///
/// Each instance is a key `PREFIX/ADDRESS` whose value is a line as [`crate::parse_endpoints`] reads it. Speaks with etcd's JSON gateway (etcd
/// 3.4 or later), over plain HTTP: for a cluster on loopback or in a network of one's own.
///
/// As a [`Discover`] it tells a channel of all instances. An etcd that is away, or has no instance to tell of, changes nothing: the last
/// list stays.
#[derive(Clone, Debug)]
pub struct Etcd {
    members: Vec<Gateway>,
    prefix: String,
}

impl Etcd {
    /// `host:port,host:port/prefix`: members of the cluster, any of which will do, and the prefix, which may have slashes in it.
    ///
    /// # Errors
    /// `InvalidArgument` when it is not.
    pub fn new(text: &str) -> Result<Etcd, Status> {
        let wrong = || {
            let message = format!("{text:?} is not host:port,host:port/prefix");
            Status::invalid_argument(message)
        };
        let (members, prefix) = text.split_once('/').ok_or_else(wrong)?;
        let prefix = prefix.trim_end_matches('/');
        if prefix.is_empty() || members.contains("unix:") {
            return Err(wrong());
        }
        let member = |address: &str| {
            Endpoint::parse(address).map_err(|_| wrong())?;
            Gateway::new(address).map_err(|_| wrong())
        };
        Ok(Etcd {
            members: members
                .split(',')
                .map(member)
                .collect::<Result<_, Status>>()?,
            prefix: format!("{prefix}/"),
        })
    }

    /// The member whose turn it is after so many failures.
    fn member(&self, failures: u32) -> &Gateway {
        &self.members[failures as usize % self.members.len()]
    }

    fn key(&self, endpoint: &Endpoint) -> String {
        format!("{}{}", self.prefix, endpoint.name())
    }

    /// Tells of all changes until something goes wrong. `heard` is called when all is well.
    async fn follow(
        &self,
        member: &Gateway,
        announce: &Announce,
        heard: &mut (dyn FnMut() + Send),
    ) -> Result<(), EtcdError> {
        loop {
            let range = member.range(&self.prefix).await?;
            heard();
            let endpoints = endpoints(&range.pairs);
            if endpoints.is_empty() {
                announce.trouble(format!("nobody is registered below {}", self.prefix));
            } else {
                announce.endpoints(endpoints);
            }
            let mut watch = member.watch(&self.prefix, range.revision + 1).await?;
            let long = Duration::from_millis(LIST_EVERY_MS);
            if let Ok(changed) = timeout(long, watch.changed()).await {
                changed?;
                sleep(Duration::from_millis(GATHER_MS)).await;
            }
        }
    }
}

impl Discover for Etcd {
    fn run(self: Box<Self>, announce: Announce) -> BoxFuture<()> {
        Box::pin(async move {
            let (mut turn, mut failures) = (0_u32, 0_u32);
            loop {
                let member = self.member(turn);
                let mut heard = || failures = 0;
                if let Err(error) = self.follow(member, &announce, &mut heard).await {
                    failures = failures.saturating_add(1);
                    turn = turn.wrapping_add(1);
                    tracing::warn!(?member, %error, "etcd is of no use; the endpoints stay");
                    announce.trouble(format!("etcd: {error}"));
                }
                sleep(backoff::pause(PAUSE_BASE_MS, PAUSE_MAX_MS, failures)).await;
            }
        })
    }
}

/// The endpoints that values name. A value that names none is somebody's slip, and takes only himself away.
fn endpoints(pairs: &[Pair]) -> Vec<Endpoint> {
    let mut endpoints: Vec<Endpoint> = Vec::new();
    for pair in pairs {
        match parse_endpoints(&pair.value) {
            Ok(found) => endpoints.extend(found),
            Err(error) => tracing::warn!(key = pair.key, %error, "registration is left out"),
        }
    }
    endpoints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_and_a_prefix() {
        let etcd = Etcd::new("10.0.0.1:2379,10.0.0.2:2379/im/message/").unwrap();
        assert_eq!(etcd.members.len(), 2);
        let endpoint = Endpoint::parse("10.0.1.1:8104").unwrap();
        assert_eq!(etcd.key(&endpoint), "im/message/10.0.1.1:8104");
        for wrong in [
            "10.0.0.1:2379",
            "10.0.0.1:2379/",
            "10.0.0.1/x",
            "/x",
            "unix:/x/y",
        ] {
            assert!(Etcd::new(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_bad_value_takes_only_itself_away() {
        let pair = |value: &str| Pair {
            key: "k".to_owned(),
            value: value.to_owned(),
        };
        let found = endpoints(&[pair("10.0.0.1:80 weight=2"), pair("nonsense"), pair("")]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].weight(), 2);
    }
}
