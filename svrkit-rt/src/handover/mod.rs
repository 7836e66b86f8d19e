//! A new process takes the listening sockets over from the old one, so that a new release begins to serve without a connection refused.
//!
//! The old process starts the new one ([`Sockets::start`]) with one end of a socket pair as standard input, sends copies of its
//! listening sockets through it, and hears back how far the new one is ([`Reports`]). Both then accept from the same queues; the old one
//! drains and ends, and no connection is lost on the way (with a port that both bind by themselves, those in the queue of the socket that
//! is closed are).
//!
//! A process that may be started so says [`Sockets::inherit`] first, asks for its listeners ([`Sockets::listener`]), and binds those that it
//! was not given. One that needs what the old one holds until its end (a folder of data) says [`Stage::Waiting`] and waits for it;
//! connections wait in the kernel meanwhile. Any other says [`Stage::Ready`] when it serves.
//!
//! A supervisor that holds sockets for the processes that it starts ([`Sockets::add`]) gives them to each, again after it crashed.

mod passing;

use crate::transport::Listener;
use passing::{receive, send};
use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, Command};

/// Says that standard input is the way sockets come, and from which process. A process that the new one starts inherits the variable,
/// and sees by the number that it is not meant.
const VARIABLE: &str = "SVRKIT_HANDOVER";
/// Sockets that a process may have.
pub const SOCKETS_MAX: usize = 16;

/// How far a process is that was started to take over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It needs what the old one holds, and goes on when that has ended.
    Waiting,
    /// It serves.
    Ready,
}

/// The sockets of this process by their names: those it was given, and copies of all it listens on, for whoever comes next.
#[derive(Debug, Default)]
pub struct Sockets {
    given: BTreeMap<String, OwnedFd>,
    own: BTreeMap<String, OwnedFd>,
    /// The process that gave them.
    predecessor: Option<UnixStream>,
}

/// What a process says that was started to take over.
#[derive(Debug)]
pub struct Reports {
    lines: Lines<BufReader<tokio::net::UnixStream>>,
}

impl Sockets {
    /// Nothing was given.
    pub fn new() -> Sockets {
        Sockets::default()
    }

    /// What the process that started this one has given, if it has. To be called once, before anybody reads standard input. Blocks
    /// until the sockets have come.
    ///
    /// # Errors
    /// Something was to come, and did not.
    pub fn inherit() -> io::Result<Sockets> {
        let parent = std::os::unix::process::parent_id().to_string();
        if env::var_os(VARIABLE).is_none_or(|giver| giver != parent.as_str()) {
            return Ok(Sockets::new());
        }
        let predecessor = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
        Ok(Sockets {
            given: receive(&predecessor)?,
            own: BTreeMap::new(),
            predecessor: Some(predecessor),
        })
    }

    /// Whether another process gave sockets to this one.
    pub fn are_given(&self) -> bool {
        self.predecessor.is_some()
    }

    /// The socket of this name as a listener, if it was given. It is kept for whoever comes next.
    ///
    /// # Errors
    /// What was given is no listening socket.
    pub fn listener(&mut self, name: &str) -> io::Result<Option<Listener>> {
        let Some(socket) = self.given.remove(name) else {
            return Ok(None);
        };
        let listener = Listener::from_fd(socket)?;
        self.keep(name, &listener)?;
        Ok(Some(listener))
    }

    /// Keeps a copy of a listener's socket for whoever comes next.
    ///
    /// # Errors
    /// As [`Listener::share`] and [`Sockets::add`].
    pub fn keep(&mut self, name: &str, listener: &Listener) -> io::Result<()> {
        self.add(name, listener.share()?)
    }

    /// Keeps any open file for whoever comes next.
    ///
    /// # Errors
    /// There are more than [`SOCKETS_MAX`]; the name has a line break in it.
    pub fn add(&mut self, name: &str, file: OwnedFd) -> io::Result<()> {
        if name.contains('\n') || self.own.len() >= SOCKETS_MAX {
            let message = format!("{name:?} is no name, or there are {SOCKETS_MAX} already");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        self.own.insert(name.to_owned(), file);
        Ok(())
    }

    /// Adds copies of all that is kept here to other ones.
    ///
    /// # Errors
    /// As [`Sockets::add`]; the kernel has no file to give.
    pub fn copy_to(&self, others: &mut Sockets) -> io::Result<()> {
        for (name, file) in &self.own {
            others.add(name, file.try_clone()?)?;
        }
        Ok(())
    }

    /// An open file of this name that was given and is no listener.
    pub fn take(&mut self, name: &str) -> Option<OwnedFd> {
        self.given.remove(name)
    }

    /// Tells the process that gave them how far this one is. Without one, nobody is told.
    pub fn tell(&mut self, stage: Stage) {
        if let Some(predecessor) = &mut self.predecessor {
            // Whoever has ended need not know any more.
            let _ = writeln!(predecessor, "{stage}");
        }
    }

    /// Starts a process and gives it copies of all sockets. Its standard input is ours to set: it ends with what is returned, or with
    /// this process.
    ///
    /// # Errors
    /// It cannot be started, or there was no way to give it anything.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn start(&self, command: &mut Command) -> io::Result<(Child, Reports)> {
        let (ours, theirs) = UnixStream::pair()?;
        let child = command
            .env(VARIABLE, std::process::id().to_string())
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .spawn()?;
        let sent = send(&ours, &self.own);
        // The command keeps its copy of their end, and as long as it does, the end of a process that says nothing is not heard. Not before
        // all is sent: to one that has ended already there would be no way, and that is for its reports to say.
        command.stdin(Stdio::null());
        sent?;
        ours.set_nonblocking(true)?;
        let stream = tokio::net::UnixStream::from_std(ours)?;
        let lines = BufReader::new(stream).lines();
        Ok((child, Reports { lines }))
    }
}

impl Reports {
    /// What it says next; `None` when it has ended.
    pub async fn next(&mut self) -> Option<Stage> {
        loop {
            let line = self.lines.next_line().await.ok()??;
            let stage = [Stage::Waiting, Stage::Ready];
            // A later release may have more to say.
            if let Some(stage) = stage.into_iter().find(|stage| stage.to_string() == line) {
                return Some(stage);
            }
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stage::Waiting => "waiting",
            Stage::Ready => "ready",
        })
    }
}
