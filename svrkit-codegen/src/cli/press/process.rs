//! CPU of processes, and which process listens at an address, as `/proc` tells it.

use std::fs;
use std::net::{IpAddr, ToSocketAddrs, UdpSocket};
use std::path::Path;
use std::time::Duration;

/// Clock ticks a second in `/proc/*/stat`: `USER_HZ`, which Linux has fixed at 100 for all it tells to programs.
const TICKS_PER_SECOND: u64 = 100;
/// State of a listening socket in `/proc/net/tcp`.
const LISTENING: &str = "0A";

/// CPU time that a process has used so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cpu(Duration);

impl Cpu {
    pub(crate) fn of_self() -> Option<Cpu> {
        read(Path::new("/proc/self/stat"))
    }

    pub(crate) fn of(pid: u32) -> Option<Cpu> {
        read(Path::new(&format!("/proc/{pid}/stat")))
    }

    /// What was used between two looks; `None` if one of them failed.
    pub(crate) fn between(before: Option<Cpu>, after: Option<Cpu>) -> Option<Duration> {
        after?.0.checked_sub(before?.0)
    }
}

fn read(path: &Path) -> Option<Cpu> {
    ticks(&fs::read_to_string(path).ok()?)
        .map(|ticks| Cpu(Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND)))
}

/// User and system time; the name before them may hold anything, brackets and spaces too.
fn ticks(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// The process that listens at `address`, if it is on this machine and we may look into it.
pub(crate) fn listener(address: &str) -> Option<u32> {
    let inode = match address.strip_prefix("unix:") {
        Some(path) => unix_inode(&fs::read_to_string("/proc/net/unix").ok()?, path)?,
        None => {
            let address = address.to_socket_addrs().ok()?.next()?;
            if !is_local(address.ip()) {
                return None;
            }
            let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
            let mut tables = tables.iter().filter_map(|it| fs::read_to_string(it).ok());
            tables.find_map(|table| tcp_inode(&table, address.port()))?
        }
    };
    owner(&format!("socket:[{inode}]"))
}

/// Only an address of this machine can be bound to.
fn is_local(ip: IpAddr) -> bool {
    UdpSocket::bind((ip, 0)).is_ok()
}

fn tcp_inode(table: &str, port: u16) -> Option<String> {
    let end = format!(":{port:04X}");
    let line = table.lines().skip(1).find(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let is_port = fields.next().is_some_and(|local| local.ends_with(&end));
        is_port && fields.nth(1) == Some(LISTENING)
    })?;
    line.split_whitespace().nth(9).map(str::to_owned)
}

fn unix_inode(table: &str, path: &str) -> Option<String> {
    /// `__SO_ACCEPTCON`: somebody listens.
    const ACCEPTS: &str = "00010000";
    let line = table.lines().skip(1).find(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        fields.get(3) == Some(&ACCEPTS) && fields.get(7) == Some(&path)
    })?;
    line.split_whitespace().nth(6).map(str::to_owned)
}

fn owner(socket: &str) -> Option<u32> {
    for process in fs::read_dir("/proc").ok()?.flatten() {
        let Some(pid) = process.file_name().to_str().and_then(|it| it.parse().ok()) else {
            continue;
        };
        // Processes of others keep their files to themselves.
        let Ok(files) = fs::read_dir(process.path().join("fd")) else {
            continue;
        };
        let mut targets = files
            .flatten()
            .filter_map(|it| fs::read_link(it.path()).ok());
        if targets.any(|target| target.as_os_str() == socket) {
            return Some(pid);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_with_an_odd_name_is_read() {
        let stat = "42 (a) b (c)) S 1 42 42 0 -1 4194560 10 0 0 0 250 130 7 7 20 0 1 0 5 6 7";
        assert_eq!(ticks(stat), Some(380));
        assert_eq!(ticks("nonsense"), None);
    }

    #[test]
    fn of_sockets_with_the_port_only_the_listening_one_counts() {
        let table = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1B58 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 111 1
   1: 0100007F:1B58 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 222 1
   2: 0100007F:1B59 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 333 1
";
        assert_eq!(tcp_inode(table, 7000).as_deref(), Some("222"));
        assert_eq!(tcp_inode(table, 7002), None);
    }

    #[test]
    fn this_process_is_found_by_its_listener() {
        let listener_here = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener_here.local_addr().unwrap().to_string();
        assert_eq!(listener(&address), Some(std::process::id()));
        assert!(Cpu::of(std::process::id()).is_some());
    }
}
