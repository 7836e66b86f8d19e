//! An instance: a process of its own.

use rustix::process::{Pid, Signal, kill_process};
use std::error::Error;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

pub(crate) struct Instance {
    process: Child,
    pub(crate) address: String,
}

impl Instance {
    /// Starts one and waits until it listens. It is killed when it is dropped.
    pub(crate) async fn start() -> Result<Instance, Box<dyn Error>> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg("serve")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let out = process.stdout.take().ok_or("no output to read")?;
        let line = BufReader::new(out).lines().next_line().await?;
        let address = line.ok_or("an instance ended before it listened")?;
        Ok(Instance { process, address })
    }

    /// SIGKILL.
    pub(crate) async fn kill(&mut self) -> Result<(), Box<dyn Error>> {
        Ok(self.process.kill().await?)
    }

    /// SIGSTOP: its connections stay open, and nobody is at home.
    pub(crate) fn freeze(&self) -> Result<(), Box<dyn Error>> {
        let pid = self.process.id().and_then(|pid| Pid::from_raw(pid as i32));
        Ok(kill_process(pid.ok_or("it has ended")?, Signal::STOP)?)
    }
}
