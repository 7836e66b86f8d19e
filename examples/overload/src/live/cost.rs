//! E7: what a refusal costs, as a part of what serving costs. The server has a thread of its own, whose processor time is read, so that
//! neither the callers' cost nor whoever else is on the machine counts.

use super::cipher::v1::{Cipher, CipherClient, CipherServer, EncryptReply, EncryptRequest};
use serde::Serialize;
use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};
use svrkit_rt::admission::{Level, Policy, Wait};
use svrkit_rt::{
    Admission, AdmissionConfig, Channel, ChannelConfig, Context, Endpoint, Listener, Server, Status,
};
use tokio::runtime::Builder;
use tokio::task::JoinSet;

/// What a handler computes for.
const WORK: Duration = Duration::from_micros(100);
const SERVED: usize = 20_000;
const REFUSED: usize = 400_000;
/// Calls under way at once.
const IN_FLIGHT: usize = 256;

/// What was measured: microseconds of the server's processor time for each call.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Cost {
    /// Always E7.
    pub experiment: &'static str,
    /// What a handler computes for.
    pub work_us: f64,
    /// A call that is served, all in all.
    pub served_us: f64,
    /// A call that is refused.
    pub refused_us: f64,
    /// The latter as a part of the former.
    pub ratio: f64,
}

/// Measures it, on the caller's runtime.
///
/// # Errors
/// The server could not be started, or calls went wrong.
pub async fn measure_cost() -> Result<Cost, Box<dyn Error>> {
    let shut = Arc::new(AtomicBool::new(false));
    let (address, server_thread) = start_server(Gate(shut.clone()))?;
    let config = ChannelConfig {
        heeds_admission: false,
        ..ChannelConfig::default()
    };
    let channel = Channel::builder().endpoint(Endpoint::parse(&address)?);
    let client = CipherClient::new(channel.config(config).build()?);
    call(&client, IN_FLIGHT, true).await?;
    let served_us = server_thread
        .us_a_call(SERVED, call(&client, SERVED, true))
        .await?;
    shut.store(true, Relaxed);
    call(&client, IN_FLIGHT, false).await?;
    let refused_us = server_thread
        .us_a_call(REFUSED, call(&client, REFUSED, false))
        .await?;
    Ok(Cost {
        experiment: "E7",
        work_us: WORK.as_micros() as f64,
        served_us,
        refused_us,
        ratio: refused_us / served_us,
    })
}

/// Makes so many calls, all of which are to be served, or refused.
async fn call(client: &CipherClient, calls: usize, served: bool) -> Result<(), Box<dyn Error>> {
    let mut callers = JoinSet::new();
    for _ in 0..IN_FLIGHT {
        let client = client.clone();
        callers.spawn(async move {
            for _ in 0..calls / IN_FLIGHT {
                let result = client.encrypt(EncryptRequest {}).await;
                if result.is_ok() != served {
                    return Err(format!("a call ended as {result:?}"));
                }
            }
            Ok(())
        });
    }
    for result in callers.join_all().await {
        result?;
    }
    Ok(())
}

/// A server on a thread of its own; where it listens, and the thread.
fn start_server(gate: Gate) -> Result<(String, ServerThread), Box<dyn Error>> {
    let (started, has_started) = mpsc::channel();
    thread::Builder::new()
        .name("server".to_owned())
        .spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let listener = Listener::bind("127.0.0.1:0").await?;
                let path = fs::canonicalize("/proc/thread-self")?;
                // Nobody is there any more when the measurement was given up.
                let _ = started.send((listener.address(), ServerThread(path.join("schedstat"))));
                let admission = Admission::with_policy(AdmissionConfig::default(), Arc::new(gate));
                let server = Server::new()
                    .service(CipherServer::new(Worker))
                    .admission(admission);
                server.run(listener, std::future::pending()).await
            })
        })?;
    Ok(has_started.recv()?)
}

/// Where the thread's processor time stands.
struct ServerThread(std::path::PathBuf);

impl ServerThread {
    /// Microseconds of its processor time that each of `calls` took.
    async fn us_a_call(
        &self,
        calls: usize,
        work: impl Future<Output = Result<(), Box<dyn Error>>>,
    ) -> Result<f64, Box<dyn Error>> {
        let before = self.ns()?;
        work.await?;
        let made = calls / IN_FLIGHT * IN_FLIGHT;
        Ok((self.ns()? - before) as f64 / 1e3 / made as f64)
    }

    fn ns(&self) -> Result<u64, Box<dyn Error>> {
        let stat = fs::read_to_string(&self.0)?;
        let ns = stat.split(' ').next().ok_or("no processor time")?;
        Ok(ns.parse()?)
    }
}

/// Admits everything, or nothing.
#[derive(Debug)]
struct Gate(Arc<AtomicBool>);

impl Policy for Gate {
    fn admit(&self, _: u64, _: Level, _: usize) -> bool {
        !self.0.load(Relaxed)
    }

    fn start(&self, _: u64, _: Wait) -> bool {
        true
    }
}

/// Computes.
struct Worker;

impl Cipher for Worker {
    async fn encrypt(&self, _: &mut Context, _: EncryptRequest) -> Result<EncryptReply, Status> {
        let begun = Instant::now();
        let mut sum = 0_u64;
        while begun.elapsed() < WORK {
            sum = black_box(sum.wrapping_mul(31).wrapping_add(7));
        }
        Ok(EncryptReply {})
    }
}
