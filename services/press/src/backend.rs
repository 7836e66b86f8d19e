//! The backend that is pressed: one that runs already, or one of our own in other processes.

use crate::args::PressArgs;
use crate::error::PressError;
use crate::process::cpus;
use crate::processes::Processes;
use crate::restarts::{Restarts, until_gone};
use im_client::Tcp;
use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use svrkit_rt::Connect;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

/// How long a start may take, recovery included.
const START: Duration = Duration::from_secs(120);
/// How long an end may take.
const STOP: Duration = Duration::from_secs(20);
/// What a backend says when it serves.
const READY: &str = "im is ready";
/// What a split one says after a SIGHUP.
const STARTED_ANEW: &str = "all services were started anew";

/// Settings of our own backend: a load is many users on one machine, who do more than people do, and whose passwords are nothing worth.
const SETTINGS: [(&str, &str); 6] = [
    ("IM__ACCESS__USER_BURST", "1000000"),
    ("IM__ACCESS__USER_REFILL_US", "1"),
    ("IM__MESSAGE__SEND_BURST", "1000000"),
    ("IM__MESSAGE__SENDS_PER_S", "1000000"),
    ("IM__ACCOUNT__MEMORY_KIB", "64"),
    ("IM__ACCOUNT__ITERATIONS", "1"),
];

/// The same under overload, where a link stands for many: none of them is to wait for its own answers.
const OVERLOAD_SETTINGS: [(&str, &str); 1] = [("IM__ACCESS__CALLS_PER_LINK_MAX", "1000")];

pub(crate) enum Backend {
    /// Somebody else's.
    Running {
        connect: Arc<dyn Connect>,
        pids: Vec<u32>,
    },
    /// Ours.
    Own(Box<Own>),
}

/// Where our own backend runs.
pub(crate) struct Own {
    recipe: Recipe,
    child: Child,
    processes: Processes,
    /// Counts what it says of its state.
    announced: watch::Sender<u64>,
    /// Removed with it.
    _folder: Option<TempDir>,
}

/// How it is started, and started again.
struct Recipe {
    program: PathBuf,
    is_split: bool,
    is_overload: bool,
    cpu: Option<u32>,
    data_dir: PathBuf,
    log: PathBuf,
    addresses: [SocketAddr; 3],
}

impl Backend {
    /// The one that the arguments name, or a new one.
    pub(crate) async fn start(args: &PressArgs) -> Result<Backend, PressError> {
        if let Some(server) = &args.server {
            return Ok(Backend::Running {
                connect: Arc::new(Tcp::new(server)),
                pids: args.server_pid.clone(),
            });
        }
        let own = Own::start(args).await?;
        Ok(Backend::Own(Box::new(own)))
    }

    pub(crate) fn connect(&self) -> Arc<dyn Connect> {
        match self {
            Backend::Running { connect, .. } => connect.clone(),
            Backend::Own(own) => Arc::new(Tcp::new(own.recipe.addresses[0].to_string())),
        }
    }

    /// Its processes, as far as they are known.
    pub(crate) fn processes(&self) -> Processes {
        match self {
            Backend::Running { pids, .. } => Processes::Known(pids.clone()),
            Backend::Own(own) => own.processes.clone(),
        }
    }

    /// Our own; `None` when it is somebody else's.
    pub(crate) fn own(&mut self) -> Option<&mut Own> {
        match self {
            Backend::Own(own) => Some(own),
            Backend::Running { .. } => None,
        }
    }

    /// Ends it if it is ours.
    pub(crate) async fn stop(self) {
        if let Backend::Own(own) = self {
            own.stop().await;
        }
    }
}

impl Own {
    async fn start(args: &PressArgs) -> Result<Own, PressError> {
        let cpus = cpus();
        let pins = !args.no_pin && !args.split && cpus.len() > 1 && has_taskset();
        if pins {
            pin_ourselves(cpus[1])?;
        }
        let program = std::env::current_exe().map_err(PressError::Backend)?;
        let (data_dir, folder) = data_dir(args).map_err(PressError::Backend)?;
        let recipe = Recipe {
            program,
            is_split: args.split,
            is_overload: args.overload.is_some(),
            cpu: pins.then(|| cpus[0]),
            log: data_dir.with_extension("log"),
            data_dir,
            addresses: free_addresses().map_err(PressError::Backend)?,
        };
        let child = recipe.spawn()?;
        let mut own = Own {
            recipe,
            processes: Processes::of(&child, args.split),
            child,
            announced: watch::Sender::new(0),
            _folder: folder,
        };
        own.ready().await?;
        Ok(own)
    }

    /// Starts it again after it was killed, with the same data at the same addresses. Returns how long that took.
    pub(crate) async fn start_again(&mut self) -> Result<Duration, PressError> {
        // Reaps what was killed.
        self.child.wait().await.map_err(PressError::Backend)?;
        let begun = Instant::now();
        self.child = self.recipe.spawn()?;
        self.processes.started_again(&self.child);
        self.ready().await?;
        Ok(begun.elapsed())
    }

    async fn stop(mut self) {
        // It ends with its standard input.
        drop(self.child.stdin.take());
        if timeout(STOP, self.child.wait()).await.is_err() {
            tracing::warn!("the backend did not end, and is killed");
            let _ = self.child.kill().await;
        }
        // Another process may have taken over from the one that we started.
        if let Some(root) = self.processes.root()
            && timeout(STOP, until_gone(root.clone())).await.is_err()
        {
            tracing::warn!("the backend did not end, and is killed");
            root.kill();
        }
    }

    /// What starts it anew while it serves.
    pub(crate) fn restarts(&self) -> Restarts {
        Restarts {
            processes: self.processes.clone(),
            announced: self.announced.subscribe(),
            log: self.recipe.log.clone(),
        }
    }

    async fn ready(&mut self) -> Result<(), PressError> {
        let Some(stdout) = self.child.stdout.take() else {
            return Err(PressError::NotReady(self.recipe.log.clone()));
        };
        let mut lines = BufReader::new(stdout).lines();
        let ready = timeout(START, async {
            while let Ok(Some(line)) = lines.next_line().await {
                if line == READY {
                    return true;
                }
            }
            false
        });
        if !ready.await.unwrap_or(false) {
            return Err(PressError::NotReady(self.recipe.log.clone()));
        }
        // Somebody must read on, or a full pipe would stop it.
        let announced = self.announced.clone();
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                if [READY, STARTED_ANEW].contains(&line.as_str()) {
                    announced.send_modify(|count| *count += 1);
                }
            }
        });
        Ok(())
    }
}

impl Recipe {
    fn spawn(&self) -> Result<Child, PressError> {
        let mut command = match self.cpu {
            None => Command::new(&self.program),
            Some(cpu) => {
                let mut command = Command::new("taskset");
                command.arg("-c").arg(cpu.to_string()).arg(&self.program);
                command
            }
        };
        command
            .arg("run")
            .arg("--with-parent")
            .arg("--data-dir")
            .arg(&self.data_dir);
        let flags = ["--long", "--short", "--page"].into_iter();
        for (flag, address) in flags.zip(&self.addresses) {
            command.arg(flag).arg(address.to_string());
        }
        if self.is_split {
            command.arg("--split");
        }
        if self.is_overload {
            command.envs(OVERLOAD_SETTINGS);
        }
        let open = File::options().create(true).append(true).open(&self.log);
        let log = open.map_err(PressError::Backend)?;
        let spawned = command
            .envs(SETTINGS)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn();
        spawned.map_err(PressError::Backend)
    }
}

/// A folder for data that is not there yet, in one that is.
fn data_dir(args: &PressArgs) -> io::Result<(PathBuf, Option<TempDir>)> {
    if let Some(data_dir) = &args.data_dir {
        if data_dir.exists() {
            let message = format!("{} is there already", data_dir.display());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
        }
        return Ok((data_dir.clone(), None));
    }
    let folder = tempfile::Builder::new().prefix("im-press-").tempdir()?;
    Ok((folder.path().join("data"), Some(folder)))
}

/// Free ports: between this and the backend's bind somebody else may take one, which the backend then says.
fn free_addresses() -> io::Result<[SocketAddr; 3]> {
    let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let held = [bind()?, bind()?, bind()?];
    Ok([
        held[0].local_addr()?,
        held[1].local_addr()?,
        held[2].local_addr()?,
    ])
}

fn has_taskset() -> bool {
    let found = std::process::Command::new("taskset")
        .arg("--version")
        .output();
    found.is_ok_and(|output| output.status.success())
}

/// All threads of this process, and those to come, use one CPU.
fn pin_ourselves(cpu: u32) -> Result<(), PressError> {
    let mut taskset = std::process::Command::new("taskset");
    let ours = std::process::id().to_string();
    let pinned = taskset
        .args(["-a", "-c", "-p", &cpu.to_string(), &ours])
        .output();
    pinned.map(drop).map_err(PressError::Backend)
}
