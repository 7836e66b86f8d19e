//! The load: call slots, the same for every system, and the clock that measures them.

use crate::arrivals::Arrivals;
use crate::cell::{Cell, Kind};
use crate::client::{self, Measurement};
use crate::cpu_time::{self, CpuTime};
use crate::options::{self, Window};
use crate::placement::Everywhere;
use crate::{Fault, tally, work, write_calls};
use bytes::Bytes;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

pub(crate) struct Load {
    pub(crate) addr: SocketAddr,
    pub(crate) cell: Cell,
    server_pid: u32,
    window: Window,
    everywhere: Everywhere,
    arrivals: Option<Arc<Arrivals>>,
}

/// What a slot needs to know of the load.
#[derive(Clone)]
struct Slot {
    payload: Bytes,
    slow_payload: Bytes,
    slow_share: f64,
    random: fastrand::Rng,
    arrivals: Option<Arc<Arrivals>>,
}

impl Load {
    pub(crate) fn new(options: &options::Client, everywhere: Everywhere) -> Result<Self, Fault> {
        let arrivals = match options.cell.kind {
            Kind::Open { .. } if options.rate > 0.0 => Some(Arc::new(Arrivals::new(options.rate))),
            Kind::Open { .. } => return Err("an open loop needs --rate".into()),
            _ => None,
        };
        Ok(Self {
            addr: options.addr,
            cell: options.cell,
            server_pid: options.server_pid,
            window: options.window,
            everywhere,
            arrivals,
        })
    }

    /// The call slots of one connection, each a future to be spawned, which never ends. `call` sends the payload
    /// and gives the length of the answer's.
    pub(crate) fn slots<C>(
        &self,
        call: C,
    ) -> impl Iterator<Item = impl Future<Output = ()> + use<C>> + use<C>
    where
        C: AsyncFn(Bytes) -> Result<usize, Fault> + Clone,
    {
        let slot = self.slot();
        (0..self.cell.in_flight).map(move |number| {
            let mut slot = slot.clone();
            slot.random = fastrand::Rng::with_seed(number as u64);
            let call = call.clone();
            async move {
                loop {
                    let start = match &slot.arrivals {
                        Some(arrivals) => arrivals.next().await,
                        None => Instant::now(),
                    };
                    let (payload, slow) = slot.next();
                    let answer = call(payload).await;
                    slot.finish(answer, start, slow);
                }
            }
        })
    }

    /// The same with a thread a slot, for clients that block.
    #[cfg_attr(not(feature = "svrkit"), allow(dead_code))]
    pub(crate) fn spawn_threads<C>(&self, call: C)
    where
        C: Fn(Bytes) -> Result<usize, Fault> + Clone + Send + 'static,
    {
        for _ in 0..self.cell.in_flight {
            let (mut slot, call) = (self.slot(), call.clone());
            thread::spawn(move || {
                loop {
                    let start = Instant::now();
                    let (payload, slow) = slot.next();
                    slot.finish(call(payload), start, slow);
                }
            });
        }
    }

    /// Warms up, measures, prints, and ends the process. To be called once all slots are started.
    pub(crate) async fn measure(self) -> Result<(), Fault> {
        if let Some(arrivals) = self.arrivals.clone() {
            thread::spawn(move || arrivals.run());
        }
        thread::spawn(move || client::end(self.window()));
        std::future::pending().await
    }

    /// As [`measure`](Self::measure), for a client without a runtime.
    #[cfg_attr(not(feature = "svrkit"), allow(dead_code))]
    pub(crate) fn measure_here(self) -> Result<(), Fault> {
        client::end(self.window())
    }

    fn window(&self) -> Result<Measurement, Fault> {
        self.everywhere.unpin()?;
        let me = std::process::id();
        thread::sleep(Duration::from_secs_f64(self.window.warmup_secs));
        let (server, client, calls) = (
            CpuTime::of(self.server_pid),
            CpuTime::of(me),
            tally::calls(),
        );
        let began = Instant::now();
        tally::measure(true);
        thread::sleep(Duration::from_secs_f64(self.window.secs));
        tally::measure(false);
        let secs = began.elapsed().as_secs_f64();
        let calls = (tally::calls() - calls) as f64;
        let server_us = CpuTime::of(self.server_pid).us_since(&server);
        let client_us = CpuTime::of(me).us_since(&client);
        if calls == 0.0 {
            return Err("not one call came back".into());
        }
        let latencies = tally::latencies();
        Ok(Measurement {
            calls_per_s: calls / secs,
            p50_us: latencies.quantile_us(0.5),
            p99_us: latencies.quantile_us(0.99),
            p999_us: latencies.quantile_us(0.999),
            server_cpu_us: server_us / calls,
            client_cpu_us: client_us / calls,
            rss_mib: cpu_time::peak_rss_mib(self.server_pid),
            server_writes_per_call: write_calls::per_call(self.server_pid),
        })
    }

    fn slot(&self) -> Slot {
        Slot {
            payload: work::payload(self.cell.payload_bytes, false),
            slow_payload: work::payload(self.cell.payload_bytes, true),
            slow_share: match self.cell.kind {
                Kind::Slow { percent } => percent / 100.0,
                _ => 0.0,
            },
            random: fastrand::Rng::with_seed(0),
            arrivals: self.arrivals.clone(),
        }
    }
}

impl Slot {
    fn next(&mut self) -> (Bytes, bool) {
        if self.slow_share > 0.0 && self.random.f64() < self.slow_share {
            return (self.slow_payload.clone(), true);
        }
        (self.payload.clone(), false)
    }

    fn finish(&self, answer: Result<usize, Fault>, start: Instant, slow: bool) {
        match answer {
            Ok(bytes) if bytes == self.payload.len() => {
                tally::record((!slow).then(|| start.elapsed()))
            }
            Ok(bytes) => client::fail(&format!("an answer of {bytes} bytes")),
            Err(fault) => client::fail(&fault.to_string()),
        }
    }
}
