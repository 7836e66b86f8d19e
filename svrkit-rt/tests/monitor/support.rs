//! This test program again, as a process with a segment of its own.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use svrkit_rt::monitor::{self, Config, Reader, Snapshot};

const DIRECTORY: &str = "SVRKIT_TEST_MONITOR_DIRECTORY";
const INSTANCE: &str = "shop-1";

/// A process that does what a test of this program does when it finds itself told to.
pub(crate) struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts the test named `role` as a process that may [`open`] a segment in `directory`.
    pub(crate) fn start(role: &str, directory: &Path) -> Process {
        let program = std::env::current_exe().unwrap();
        Process::run(Command::new(program).env(DIRECTORY, directory), role)
    }

    /// As [`Process::start`] on a file system of its own, of such a size. `None` where nobody may mount one.
    pub(crate) fn start_on_tmpfs(role: &str, size: &str) -> Option<Process> {
        // Seen by this process alone, so nothing is left behind.
        let mount = format!("mount -t tmpfs -o mode=0700,size={size} tmpfs /mnt");
        let in_namespace = |then: &str| {
            let mut command = Command::new("unshare");
            let script = format!("{mount} && {then}");
            command.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script]);
            command
        };
        let may_mount = in_namespace("true").stderr(Stdio::null()).status();
        if !may_mount.is_ok_and(|status| status.success()) {
            return None;
        }
        let mut command = in_namespace("exec \"$0\" \"$@\"");
        command.arg(std::env::current_exe().unwrap());
        Some(Process::run(command.env(DIRECTORY, "/mnt"), role))
    }

    fn run(command: &mut Command, role: &str) -> Process {
        let mut child = command
            .args(["--exact", role, "--nocapture"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Process { child, lines }
    }

    /// Reads on until it says something that begins with `what`; returns the rest of the line.
    pub(crate) fn hears(&mut self, what: &str) -> String {
        let mut lines = self.lines.by_ref().map(Result::unwrap);
        let said = lines.find_map(|line| Some(line.split_once(what)?.1.to_owned()));
        said.unwrap_or_else(|| panic!("the process ended without saying {what:?}"))
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Lets it go on where it [`pause`]d.
    pub(crate) fn go_on(&mut self) {
        writeln!(self.child.stdin.as_mut().unwrap()).unwrap();
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// In such a process: its configuration. `None` in the test program itself.
pub(crate) fn config() -> Option<Config> {
    Some(Config {
        directory: std::env::var_os(DIRECTORY)?.into(),
        instance: INSTANCE.to_owned(),
        service: "shop".to_owned(),
        gray: "canary".to_owned(),
        version: "1.2.3".to_owned(),
        ..Config::default()
    })
}

/// Waits until the parent says to go on.
pub(crate) fn pause() {
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

/// Reads the segment of the process.
pub(crate) fn read(directory: &Path) -> Snapshot {
    reader(directory).snapshot().unwrap()
}

pub(crate) fn reader(directory: &Path) -> Reader {
    Reader::open(path(directory)).unwrap()
}

pub(crate) fn path(directory: &Path) -> PathBuf {
    monitor::segment_path(directory, INSTANCE)
}
