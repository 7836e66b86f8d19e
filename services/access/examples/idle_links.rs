//! What an idle link costs: `cargo run --release -p im-access --example idle_links [LINKS]`.
//!
//! A server in a process of its own holds authenticated links (15,000) from several client processes, and its memory is read before and
//! after: its own (RssAnon), and the kernel's (Slab of the whole machine, half of which is the clients' end).

#[path = "backend/mod.rs"]
mod backend;

use im_access::{Access, Config, Listeners};
use im_idl::access::{AuthRequest, AuthResponse};
use prost::Message;
use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};
use svrkit_rt::Listener;
use tokio::net::TcpSocket;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const LINKS: u64 = 15_000;
/// Links of one client process.
const LINKS_PER_CLIENT: u64 = 5_000;
/// Links that are opened first, so that what a server needs once is not counted.
const WARM_UP: u64 = 200;
/// Milliseconds for memory to settle.
const SETTLE_MS: u64 = 3_000;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["server"] => server(),
        ["client", address, from, first, links] => client(
            address.parse()?,
            from.parse()?,
            first.parse()?,
            links.parse()?,
        ),
        [] => measure(LINKS),
        [links] => measure(links.parse()?),
        _ => Err("usage: idle_links [LINKS]".into()),
    }
}

/// A child process that says a line when it is ready, and ends when its standard input does.
struct Process {
    child: Child,
    said: String,
    _stdin: Option<ChildStdin>,
}

impl Process {
    fn start(args: &[&str]) -> Result<Process> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut said = String::new();
        let stdout = child.stdout.take().ok_or("no output")?;
        BufReader::new(stdout).read_line(&mut said)?;
        if said.is_empty() {
            return Err(format!("{args:?} did not start").into());
        }
        Ok(Process {
            said: said.trim().to_owned(),
            _stdin: child.stdin.take(),
            child,
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self._stdin.take());
        // It ended by itself, or there is nothing more to do.
        let _ = self.child.wait();
    }
}

fn measure(links: u64) -> Result<()> {
    let server = Process::start(&["server"])?;
    let address = server.said.as_str();
    let pid = server.child.id();
    let mut clients = Vec::new();
    let mut open = |first: u64, links: u64| -> Result<()> {
        // Each from an address of its own: the kernel would search long for the last free ports of one.
        let from = format!("127.0.0.{}", clients.len() + 2);
        let (first, links) = (first.to_string(), links.to_string());
        clients.push(Process::start(&["client", address, &from, &first, &links])?);
        Ok(())
    };
    open(1_000_000, WARM_UP)?;
    let before = (rss(pid)?, slab()?);
    let began = Instant::now();
    let mut opened = 0;
    while opened < links {
        let some = (links - opened).min(LINKS_PER_CLIENT);
        open(2_000_000 + opened, some)?;
        opened += some;
    }
    let took = began.elapsed();
    std::thread::sleep(Duration::from_millis(SETTLE_MS));
    let after = (rss(pid)?, slab()?);
    let each = |after: u64, before: u64| after.saturating_sub(before) / links;
    println!("{links} links opened and authenticated in {took:.1?}");
    println!(
        "server's own memory: {} KiB before, {} KiB after: {} bytes a link",
        before.0 / 1024,
        after.0 / 1024,
        each(after.0, before.0)
    );
    println!(
        "kernel's (slab, both ends of a link): {} bytes a link, so about {} at each end",
        each(after.1, before.1),
        each(after.1, before.1) / 2
    );
    Ok(())
}

fn server() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = Listener::bind("127.0.0.1:0").await?;
        let address = listener.address();
        let config = Config {
            address_burst: 1_000_000,
            ..Config::default()
        };
        let access = Access::build(config, backend::deps()?).await?;
        let listeners = Listeners {
            long: Some(listener),
            short: None,
        };
        println!("{address}");
        Ok(access.run(listeners, parent_gone()).await?)
    })
}

/// Ready when standard input ends.
async fn parent_gone() {
    let wait = || std::io::stdin().read(&mut [0]);
    let _ = tokio::task::spawn_blocking(wait).await;
}

fn client(address: SocketAddr, from: IpAddr, first: u64, links: u64) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let connect = async || {
        let socket = TcpSocket::new_v4()?;
        socket.bind((from, 0).into())?;
        let stream = socket.connect(address).await?.into_std()?;
        stream.set_nonblocking(false)?;
        std::io::Result::Ok(stream)
    };
    let mut open = Vec::new();
    for uin in first..first + links {
        let mut stream = runtime.block_on(connect())?;
        let ticket = uin.to_string();
        let body = AuthRequest { ticket }.encode_to_vec();
        let numbers = [20, 200, 2, 1, body.len() as u32];
        let mut frame: Vec<u8> = numbers.iter().flat_map(|n: &u32| n.to_be_bytes()).collect();
        frame.extend(body);
        stream.write_all(&frame)?;
        let mut head = [0; 20];
        stream.read_exact(&mut head)?;
        let [.., a, b, c, d] = head;
        let mut body = vec![0; u32::from_be_bytes([a, b, c, d]) as usize];
        stream.read_exact(&mut body)?;
        let answer = AuthResponse::decode(&body[..])?;
        if answer.uin != uin {
            return Err(format!("refused: {answer:?}").into());
        }
        open.push(stream);
    }
    println!("{links} open");
    // Until the parent ends.
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// Bytes of a process's own memory.
fn rss(pid: u32) -> Result<u64> {
    kib(&format!("/proc/{pid}/status"), "RssAnon:")
}

/// Bytes of the kernel's objects.
fn slab() -> Result<u64> {
    kib("/proc/meminfo", "Slab:")
}

fn kib(path: &str, name: &str) -> Result<u64> {
    let text = std::fs::read_to_string(path)?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or("no such line")?.parse::<u64>()? * 1024)
}
