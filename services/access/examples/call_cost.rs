//! What a call costs the access layer: `cargo run --release -p im-access --example call_cost [LINKS] [CALLS]`.
//!
//! Frames over loopback, answered on the spot by a service that does nothing. The server has a thread of its own, whose processor time
//! is read before and after, system calls included and told apart.

#[path = "backend/mod.rs"]
mod backend;

use im_access::{Access, Config, Listeners};
use im_idl::access::AuthRequest;
use im_idl::message::SendRequest;
use prost::Message;
use std::error::Error;
use std::time::Instant;
use svrkit_rt::Listener;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const LINKS: u64 = 50;
const CALLS: u64 = 20_000;
const SEND: u32 = 201;
const AUTH: u32 = 2;
/// The kernel counts in these.
const TICKS_PER_S: f64 = 100.0;

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let links = args.next().map_or(Ok(LINKS), |n| n.parse())?;
    let calls = args.next().map_or(Ok(CALLS), |n| n.parse())?;
    for in_flight in [1, 8] {
        measure(links, calls, in_flight)?;
    }
    Ok(())
}

fn measure(links: u64, calls: u64, in_flight: u64) -> Result<()> {
    let (tell, told) = oneshot::channel();
    let (end, ended) = oneshot::channel::<()>();
    let server = std::thread::spawn(move || serve(tell, ended));
    let clients = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (address, thread) = told.blocking_recv()?;
    clients.block_on(async {
        let mut opening = Vec::new();
        for uin in 10_000..10_000 + links {
            opening.push(open(&address, uin).await?);
        }
        let before = cpu(&thread)?;
        let began = Instant::now();
        let mut running = Vec::new();
        for stream in opening {
            running.push(tokio::spawn(call(stream, calls / links, in_flight)));
        }
        for link in running {
            link.await??;
        }
        let (wall, after) = (began.elapsed(), cpu(&thread)?);
        let done = (calls / links * links) as f64;
        let us = |after: f64, before: f64| (after - before) / TICKS_PER_S * 1e6 / done;
        println!(
            "{links} links, {in_flight} calls in flight on each: {:.0} calls/s, {:.1} us of the server a call, and {:.1} us of the kernel for it",
            done / wall.as_secs_f64(),
            us(after.0, before.0),
            us(after.1, before.1),
        );
        Result::Ok(())
    })?;
    drop(end);
    server.join().map_err(|_| "the server panicked")?
}

fn serve(tell: oneshot::Sender<(String, String)>, ended: oneshot::Receiver<()>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = Listener::bind("127.0.0.1:0").await?;
        let config = Config {
            user_burst: u32::MAX,
            user_refill_us: 1,
            ..Config::default()
        };
        let access = Access::build(config, backend::deps()?).await?;
        let thread = std::fs::read_link("/proc/thread-self")?;
        let thread = format!("/proc/{}/stat", thread.display());
        let _ = tell.send((listener.address(), thread));
        let listeners = Listeners {
            long: Some(listener),
            short: None,
        };
        let ended = async {
            let _ = ended.await;
        };
        Ok(access.run(listeners, ended).await?)
    })
}

async fn open(address: &str, uin: u64) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let ticket = uin.to_string();
    let body = AuthRequest { ticket }.encode_to_vec();
    stream.write_all(&frame(AUTH, 1, &body)).await?;
    read(&mut stream).await?;
    Ok(stream)
}

async fn call(mut stream: TcpStream, calls: u64, in_flight: u64) -> Result<()> {
    let body = SendRequest {
        to: 10_001,
        client_message_id: 7,
        content: None,
    }
    .encode_to_vec();
    let mut answers = vec![0; 20 * in_flight as usize];
    for _ in 0..calls / in_flight {
        let frames: Vec<u8> = (0..in_flight)
            .flat_map(|n| frame(SEND, n as u32 + 1, &body))
            .collect();
        stream.write_all(&frames).await?;
        stream.read_exact(&mut answers).await?;
    }
    Ok(())
}

fn frame(cmd: u32, seq: u32, body: &[u8]) -> Vec<u8> {
    let numbers = [20, 200, cmd, seq, body.len() as u32];
    let mut frame: Vec<u8> = numbers.iter().flat_map(|n| n.to_be_bytes()).collect();
    frame.extend_from_slice(body);
    frame
}

async fn read(stream: &mut TcpStream) -> Result<()> {
    let mut head = [0; 20];
    stream.read_exact(&mut head).await?;
    let [.., a, b, c, d] = head;
    let mut body = vec![0; u32::from_be_bytes([a, b, c, d]) as usize];
    stream.read_exact(&mut body).await?;
    Ok(())
}

/// Ticks that a thread has spent in its own code and in the kernel's.
fn cpu(stat: &str) -> Result<(f64, f64)> {
    let text = std::fs::read_to_string(stat)?;
    let (_, fields) = text.rsplit_once(')').ok_or("no stat")?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut next = || -> Result<f64> { Ok(fields.next().ok_or("no field")?.parse()?) };
    Ok((next()?, next()?))
}
