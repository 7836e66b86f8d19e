//! Addresses: `host:port` and `unix:/path`, checked before anything is sent.

use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use svrkit_rt::{Channel, ChannelBuilder, ChannelConfig, Endpoint, RetryConfig};

use super::credentials::Credentials;
use super::failure::Failure;

/// Time that a server may take to accept a connection.
const CONNECT_TIMEOUT_MS: u64 = 2_000;

/// An address at which somebody listens.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    text: String,
    endpoint: Endpoint,
}

impl Address {
    /// Parses an address and knocks: a dead one is told at once, and not as a deadline that ran out.
    pub(crate) fn reach(text: &str, credentials: &Credentials) -> Result<Address, Failure> {
        let endpoint = Endpoint::parse(text).map_err(|it| Failure::usage(it.message()))?;
        let endpoint = credentials.of(endpoint, text)?;
        let knocked = match text.strip_prefix("unix:") {
            Some(path) => UnixStream::connect(path).map(drop),
            None => knock(text),
        };
        match knocked {
            Ok(()) => Ok(Address {
                text: text.to_owned(),
                endpoint,
            }),
            Err(error) => Err(Failure::failed(format!("cannot reach {text}: {error}"))),
        }
    }

    /// A channel of one connection.
    pub(crate) fn channel(&self) -> Result<Channel, Failure> {
        self.channel_with(ChannelConfig::default())
    }

    /// As [`Address::channel`], and each call is sent once, and not kept back: what the server says is to be seen. `calls_max` may be under
    /// way before it is connected.
    pub(crate) fn channel_sending_once(&self, calls_max: usize) -> Result<Channel, Failure> {
        self.channel_with(ChannelConfig {
            waiting_calls_max: calls_max,
            heeds_admission: false,
            retry: RetryConfig {
                attempts_max: 1,
                ..RetryConfig::default()
            },
            ..ChannelConfig::default()
        })
    }

    fn channel_with(&self, config: ChannelConfig) -> Result<Channel, Failure> {
        let builder: ChannelBuilder = Channel::builder();
        let config = ChannelConfig {
            lanes_per_endpoint: 1,
            ..config
        };
        let channel = builder
            .endpoint(self.endpoint.clone())
            .config(config)
            .build();
        channel.map_err(|it| Failure::failed(format!("{}: {it}", self.text)))
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

fn knock(address: &str) -> std::io::Result<()> {
    let mut last = std::io::Error::new(std::io::ErrorKind::NotFound, "the host has no address");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, Duration::from_millis(CONNECT_TIMEOUT_MS)) {
            Ok(_) => return Ok(()),
            Err(error) => last = error,
        }
    }
    Err(last)
}
