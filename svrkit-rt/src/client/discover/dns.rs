//! Endpoints by name: all addresses that a host has, asked for again and again.

use super::super::endpoint::Endpoint;
use super::{Announce, Discover};
use crate::service::BoxFuture;
use crate::status::Status;
use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::sleep;

/// Milliseconds between two questions. The system's resolver does not tell how long an answer is good, and caches what may be cached.
const ASK_EVERY_MS: u64 = 5_000;

/// The addresses of `host:port`, asked of the system every 5 s. An answer that fails or is empty changes nothing: a name server that is
/// away must not take a service with it.
#[derive(Debug)]
pub struct Dns {
    name: String,
    every: Duration,
}

impl Dns {
    /// `host:port`.
    ///
    /// # Errors
    /// `InvalidArgument` when it is not.
    pub fn new(name: &str) -> Result<Dns, Status> {
        if name.starts_with("unix:") {
            let message = format!("{name:?} has no host to ask for");
            return Err(Status::invalid_argument(message));
        }
        Endpoint::parse(name)?;
        Ok(Dns {
            name: name.to_owned(),
            every: Duration::from_millis(ASK_EVERY_MS),
        })
    }

    /// Asks so often instead.
    pub fn every(mut self, every: Duration) -> Dns {
        self.every = every;
        self
    }
}

impl Discover for Dns {
    fn run(self: Box<Self>, announce: Announce) -> BoxFuture<()> {
        Box::pin(async move {
            let mut known = BTreeSet::new();
            loop {
                let answer = tokio::net::lookup_host(&self.name).await;
                match addresses(answer, &known) {
                    Some(Ok(addresses)) => {
                        tracing::info!(name = self.name, count = addresses.len(), "host resolved");
                        let endpoint = |a: &SocketAddr| Endpoint::parse(&a.to_string()).ok();
                        announce.endpoints(addresses.iter().filter_map(endpoint).collect());
                        known = addresses;
                    }
                    Some(Err(why)) => {
                        tracing::warn!(name = self.name, why, "host cannot be resolved");
                        announce.trouble(format!("{}: {why}", self.name));
                    }
                    None => {}
                }
                sleep(self.every).await;
            }
        })
    }
}

/// What an answer brings that is not known: other addresses, or trouble.
fn addresses(
    answer: io::Result<impl Iterator<Item = SocketAddr>>,
    known: &BTreeSet<SocketAddr>,
) -> Option<Result<BTreeSet<SocketAddr>, String>> {
    let addresses: BTreeSet<SocketAddr> = match answer {
        Ok(addresses) => addresses.collect(),
        Err(e) => return Some(Err(e.to_string())),
    };
    if addresses.is_empty() {
        return Some(Err("no address".to_owned()));
    }
    (addresses != *known).then_some(Ok(addresses))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(ports: &[u16]) -> BTreeSet<SocketAddr> {
        let address = |port: &u16| SocketAddr::from(([127, 0, 0, 1], *port));
        ports.iter().map(address).collect()
    }

    #[test]
    fn only_news_are_news() {
        let answer = |ports| Ok(set(ports).into_iter());
        assert_eq!(
            addresses(answer(&[1, 2]), &set(&[1])),
            Some(Ok(set(&[1, 2])))
        );
        assert_eq!(addresses(answer(&[2, 1]), &set(&[1, 2])), None);
        assert!(matches!(addresses(answer(&[]), &set(&[1])), Some(Err(_))));
        let none: io::Result<std::vec::IntoIter<SocketAddr>> = Err(io::ErrorKind::NotFound.into());
        assert!(matches!(addresses(none, &set(&[1])), Some(Err(_))));
    }

    #[test]
    fn names_are_hosts_with_ports() {
        assert!(Dns::new("message.internal:8104").is_ok());
        assert!(Dns::new("message.internal").is_err());
        assert!(Dns::new("unix:/run/x.sock").is_err());
    }
}
