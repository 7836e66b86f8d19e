//! What a process tells of itself, and the listener it tells it on.

use super::flags::{Flag, FlagKind, Flags};
use super::history::PERIOD;
use super::lock::Lock;
use super::pages;
use super::state::State;
use super::token::Token;
use crate::client::ChannelWatch;
use crate::monitor;
use crate::record::Recorder;
use crate::server::{Admission, Limits, Server, ServerWatch};
use crate::service::{Intercept, Request};
use crate::spans;
use crate::status::Status;
use crate::transport::Listener;
use std::fmt;
use std::future::Future;
use std::io;
use std::sync::Arc;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// The admin listener of a process: who it is, and what it shows.
///
/// On loopback and on a Unix socket whoever gets there may look; at an address that others reach, nobody without the token. Changing
/// something needs the token everywhere. Traffic is not encrypted unless the listener speaks TLS.
///
/// ```no_run
/// # async fn f(greeter: svrkit_rt::Server) -> std::io::Result<()> {
/// use svrkit_rt::{Listener, admin::Admin};
///
/// let admin = Admin::new("greeter").version("1.0").watch("greeter", greeter.watch());
/// let listener = Listener::bind("127.0.0.1:9000").await?;
/// tokio::spawn(admin.run(listener, std::future::pending()));
/// # Ok(())
/// # }
/// ```
pub struct Admin {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) token: Option<Token>,
    pub(super) flags: Flags,
    pub(super) config: Option<Config>,
    pub(super) servers: Vec<(String, ServerWatch)>,
    pub(super) admissions: Vec<(String, Admission)>,
    pub(super) channels: Vec<(String, ChannelWatch)>,
    pub(super) siblings: Vec<(String, String)>,
    pub(super) recorder: Option<Recorder>,
}

/// Gives the settings in effect, as names and values.
pub(super) type Config = Box<dyn Fn() -> Vec<(String, String)> + Send + Sync>;

impl Admin {
    /// The listener of the service (or role) of this name.
    pub fn new(name: impl Into<String>) -> Admin {
        Admin {
            name: name.into(),
            version: String::new(),
            token: None,
            flags: Flags::new(),
            config: None,
            servers: Vec::new(),
            admissions: Vec::new(),
            channels: Vec::new(),
            siblings: Vec::new(),
            recorder: None,
        }
    }

    /// The program's version.
    pub fn version(mut self, version: impl Into<String>) -> Admin {
        self.version = version.into();
        self
    }

    /// Who shows this may look from anywhere and change settings.
    pub fn token(mut self, token: Token) -> Admin {
        self.token = Some(token);
        self
    }

    /// The settings that can be changed.
    pub fn flags(mut self, flags: Flags) -> Admin {
        self.flags = flags;
        self
    }

    /// The settings in effect, asked for when somebody looks: names such as `account.ticket_days`, and values. Secrets are blanked by
    /// their names (`…token`, `…password`, `…key` and the like).
    pub fn config(
        mut self,
        config: impl Fn() -> Vec<(String, String)> + Send + Sync + 'static,
    ) -> Admin {
        self.config = Some(Box::new(config));
        self
    }

    /// Adds a server of this process, under a name.
    pub fn watch(mut self, name: impl Into<String>, server: ServerWatch) -> Admin {
        self.servers.push((name.into(), server));
        self
    }

    /// Adds an admission of this process that is no server's ([`Admission::take`]), under a name.
    pub fn admission(mut self, name: impl Into<String>, admission: Admission) -> Admin {
        self.admissions.push((name.into(), admission));
        self
    }

    /// Adds a channel of this process, under a name: whom it calls.
    pub fn watch_channel(mut self, name: impl Into<String>, channel: ChannelWatch) -> Admin {
        self.channels.push((name.into(), channel));
        self
    }

    /// Adds another process's admin listener (a name and `host:port`), to be asked for its part of a trace. It is shown our token.
    pub fn sibling(mut self, name: impl Into<String>, address: impl Into<String>) -> Admin {
        self.siblings.push((name.into(), address.into()));
        self
    }

    /// Who records requests of the servers that are watched, when an operator says so. Without, nothing can be recorded from here.
    pub fn recorder(mut self, recorder: Recorder) -> Admin {
        self.recorder = Some(recorder);
        self
    }

    /// Serves the pages until `shutdown` is ready, and ends a recording with them.
    ///
    /// # Errors
    /// `InvalidInput` when others reach the listener's address and there is no token.
    pub async fn run(
        self,
        listener: Listener,
        shutdown: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let lock = Lock::new(self.token.clone(), &listener.address())?;
        spans_flags(&self.flags);
        serve(State::new(self, lock), listener, shutdown).await
    }
}

async fn serve(
    state: State,
    listener: Listener,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let state = Arc::new(state);
    let _keeping = std::env::var_os("NOSPANS").is_none().then(spans::keep);
    let server = Server::new()
        .layer(Intercept(no_calls))
        .limits(Limits {
            connections_max: 64,
            in_flight_max: 64,
            drain_timeout_ms: 1_000,
            ..Limits::default()
        })
        .pages(pages::all(&state));
    let ended = tokio::select! {
        ended = server.run(listener, shutdown) => ended,
        () = look_on(&state) => Ok(()),
    };
    if let Some(recorder) = &state.admin.recorder {
        recorder.stop().await;
    }
    ended
}

/// Frames and paths of methods lead nowhere here: a layer would be the only lock before them.
fn no_calls(_: &mut Request) -> Result<(), Status> {
    Err(Status::unimplemented(
        "this listener has pages, and takes no calls",
    ))
}

/// What is kept of calls can be changed in every process.
fn spans_flags(flags: &Flags) {
    let parsed = |new: &str| new.parse::<u64>().map_err(|e| e.to_string());
    flags.add(Flag::new(
        "rpcz.slow_ms",
        "Milliseconds from which a call is slow, and kept for /rpcz.",
        FlagKind::Integer {
            min: 1,
            max: 60_000,
        },
        || (spans::slow_us() / 1_000).to_string(),
        move |new| {
            spans::set_slow_us(parsed(new)? * 1_000);
            Ok(())
        },
    ));
    flags.add(Flag::new(
        "rpcz.sampled_one_in",
        "Of how many traces one is kept whole, slow or not; 0 for none. The same in all processes.",
        FlagKind::Integer {
            min: 0,
            max: u32::MAX.into(),
        },
        || spans::sampled_one_in().to_string(),
        move |new| {
            let n = u32::try_from(parsed(new)?).map_err(|e| e.to_string())?;
            spans::set_sampled_one_in(n);
            Ok(())
        },
    ));
}

async fn look_on(state: &State) {
    let mut looks = interval(PERIOD);
    looks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        looks.tick().await;
        state.history.take(Instant::now(), monitor::snapshot());
    }
}

impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Admin({})", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::memory;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// The status of a request to a listener that others reach, and the headers of the answer.
    async fn ask(head: &str) -> (u16, String) {
        let token = Token::new("0123456789abcdef").unwrap();
        let lock = Lock::new(Some(token), "10.0.0.1:80").unwrap();
        let (listener, connector) = memory();
        let state = State::new(Admin::new("test"), lock);
        tokio::spawn(serve(state, listener, std::future::pending()));
        let mut stream = connector.connect().unwrap();
        let request = format!("{head}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        (answer[9..12].parse().unwrap(), answer)
    }

    #[tokio::test]
    async fn where_others_come_nobody_looks_without_the_token() {
        for path in [
            "/",
            "/status",
            "/vars",
            "/config",
            "/metrics",
            "/style.css",
            "/flags",
        ] {
            let (status, answer) = ask(&format!("GET {path} HTTP/1.1")).await;
            assert_eq!(status, 401, "{path}");
            assert!(
                answer.contains("www-authenticate: Basic realm=\"admin\""),
                "{answer}"
            );
        }
        for probe in ["/health", "/ready"] {
            assert_eq!(ask(&format!("GET {probe} HTTP/1.1")).await.0, 200);
        }
        // base64 of `:0123456789abcdef`, of `me:0123456789abcdef`, and of a wrong one.
        for (shown, status) in [
            ("Bearer 0123456789abcdef", 200),
            ("bearer 0123456789abcdef", 200),
            ("Basic OjAxMjM0NTY3ODlhYmNkZWY=", 200),
            ("Basic bWU6MDEyMzQ1Njc4OWFiY2RlZg==", 200),
            ("Basic bWU6MDEyMzQ1Njc4OWFiY2RlZw==", 401),
            ("Bearer 0123456789abcdeg", 401),
            ("Bearer", 401),
            ("Basic %%%", 401),
        ] {
            let head = format!("GET /status HTTP/1.1\r\nauthorization: {shown}");
            assert_eq!(ask(&head).await.0, status, "{shown}");
        }
        // What a browser sends by itself changes nothing.
        let form = "POST /flags HTTP/1.1\r\nauthorization: Basic OjAxMjM0NTY3ODlhYmNkZWY=\r\n\
            content-type: application/x-www-form-urlencoded\r\ncontent-length: 0";
        assert_eq!(ask(form).await.0, 401);
    }
}
