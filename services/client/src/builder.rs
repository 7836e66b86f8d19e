//! How a client is made.

use crate::client::Client;
use crate::config::Config;
use crate::connect::Tcp;
use crate::driver::Driver;
use crate::shared::Shared;
use crate::store::{LocalStore, MemoryStore, State};
use std::io;
use std::sync::Arc;
use svrkit_rt::{BoxFuture, Connect, Stream};
use tokio::sync::mpsc;

/// Commands that wait for the client's task; handles wait for room.
const COMMANDS_MAX: usize = 64;
/// Records after which a store is written anew when it is opened: reading them takes some milliseconds.
const STORE_RECORDS_MAX: usize = 1_000;

/// Makes a [`Client`].
pub struct ClientBuilder {
    connect: Arc<dyn Connect>,
    store: Box<dyn LocalStore>,
    config: Config,
}

impl ClientBuilder {
    pub(crate) fn new() -> ClientBuilder {
        ClientBuilder {
            connect: Arc::new(Nowhere),
            store: Box::new(MemoryStore),
            config: Config::default(),
        }
    }

    /// The server's long link over TCP, `host:port`.
    pub fn server(self, address: impl Into<String>) -> ClientBuilder {
        self.connect(Tcp::new(address))
    }

    /// The server's long link over anything that carries bytes.
    pub fn connect(mut self, connect: impl Connect) -> ClientBuilder {
        self.connect = Arc::new(connect);
        self
    }

    /// Where the device keeps what it knows; without this it keeps nothing.
    pub fn store(mut self, store: impl LocalStore) -> ClientBuilder {
        self.store = Box::new(store);
        self
    }

    /// Bounds and times.
    pub fn config(mut self, config: Config) -> ClientBuilder {
        self.config = config;
        self
    }

    /// Reads the store and starts the client's task, which connects when there is a ticket or something to ask.
    ///
    /// # Errors
    /// The store cannot be read.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub async fn start(mut self) -> io::Result<Client> {
        let mut state = State::new(self.config.chat_messages_max);
        let records = self.store.load().await?;
        let is_long = records.len() > STORE_RECORDS_MAX;
        for record in records {
            state.apply(record);
        }
        if is_long {
            self.store.replace(state.to_record()).await?;
        }
        let shared = Arc::new(Shared::new(state, self.config.events_max));
        let (commands, receiver) = mpsc::channel(COMMANDS_MAX);
        let driver = Driver::new(
            self.config,
            self.connect,
            self.store,
            shared.clone(),
            receiver,
        );
        tokio::spawn(driver.run());
        Ok(Client::new(commands, shared))
    }
}

/// A client without a server.
struct Nowhere;

impl Connect for Nowhere {
    fn connect(&self) -> BoxFuture<io::Result<Stream>> {
        let message = "the client was built without a server";
        Box::pin(async move { Err(io::Error::new(io::ErrorKind::AddrNotAvailable, message)) })
    }
}
