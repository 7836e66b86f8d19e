//! What the queue takes and gives a second, over the engine in memory and calls in memory, and what a task costs.
//!
//! ```text
//! cargo run --release -p im-queue --example queue_bench
//! ```

use im_engine::Engine;
use im_idl::queue::{EnqueueRequest, FinishRequest, LeaseId, QueueClient, TakeRequest, Task};
use im_queue::{Config, Deps, build};
use std::error::Error;
use std::time::{Duration, Instant};
use svrkit_rt::testing::serve;

const TASKS: u64 = 100_000;
const KEYS: u64 = 1_000;
/// Producers, and workers.
const CALLERS: u64 = 16;

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        for batch in [1, 16] {
            round(batch).await?;
        }
        Ok(())
    })
}

/// Enqueues, reads all again, takes and finishes, `batch` tasks a call.
async fn round(batch: u64) -> Result<(), Failure> {
    let engine = im_engine::memory();
    let mut queue = open(&engine).await?;
    let measure = Measure::begin(format!("enqueue, {batch} a call"));
    each_caller(&queue, move |queue, caller| produce(queue, caller, batch)).await?;
    measure.end(TASKS);

    // The first life stays meanwhile, so that its memory is not taken again.
    let before = resident_bytes();
    let measure = Measure::begin("read again".to_owned());
    let again = open(&engine).await?;
    // Answered when everything is read.
    let first = take(&again, 1).await?;
    measure.end(TASKS);
    let bytes = resident_bytes().saturating_sub(before) / TASKS;
    println!("{:28} {bytes:>10} bytes a task, about", "memory");
    drop(std::mem::replace(&mut queue, again));
    finish(&queue, first).await?;

    let measure = Measure::begin(format!("take and finish, {batch} a call"));
    each_caller(&queue, move |queue, _| work(queue, batch)).await?;
    measure.end(TASKS - 1);
    Ok(())
}

async fn open(engine: &Engine) -> Result<QueueClient, Failure> {
    let engine = engine.clone();
    let server = build(Config::default(), Deps { engine }).await?;
    Ok(QueueClient::new(serve(server)))
}

async fn each_caller<F>(
    queue: &QueueClient,
    call: impl Fn(QueueClient, u64) -> F,
) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>> + Send + 'static,
{
    let calls: Vec<_> = (0..CALLERS)
        .map(|caller| tokio::spawn(call(queue.clone(), caller)))
        .collect();
    for call in calls {
        call.await??;
    }
    Ok(())
}

async fn produce(queue: QueueClient, caller: u64, batch: u64) -> Result<(), Failure> {
    let mine: Vec<u64> = (caller..TASKS).step_by(CALLERS as usize).collect();
    for some in mine.chunks(batch as usize) {
        let tasks = some.iter().copied().map(task).collect();
        queue.enqueue(EnqueueRequest { tasks }).await?;
    }
    Ok(())
}

fn task(number: u64) -> Task {
    Task {
        queue: "bench".to_owned(),
        key: (number % KEYS).to_be_bytes().to_vec().into(),
        payload: vec![7; 24].into(),
        dedupe_id: number.to_be_bytes().to_vec().into(),
        ..Task::default()
    }
}

async fn work(queue: QueueClient, batch: u64) -> Result<(), Failure> {
    loop {
        let leases = take(&queue, batch).await?;
        if leases.is_empty() {
            return Ok(());
        }
        finish(&queue, leases).await?;
    }
}

async fn take(queue: &QueueClient, tasks_max: u64) -> Result<Vec<LeaseId>, Failure> {
    let request = TakeRequest {
        queue: "bench".to_owned(),
        tasks_max: u32::try_from(tasks_max)?,
        wait_ms: 5,
        ..TakeRequest::default()
    };
    let tasks = queue.take(request).await?.tasks;
    let lease = |task: im_idl::queue::Leased| LeaseId {
        id: task.id,
        lease: task.lease,
    };
    Ok(tasks.into_iter().map(lease).collect())
}

async fn finish(queue: &QueueClient, leases: Vec<LeaseId>) -> Result<(), Failure> {
    let request = FinishRequest {
        queue: "bench".to_owned(),
        leases,
        follow_ups: Vec::new(),
    };
    let lost = queue.finish(request).await?.lost;
    match lost.is_empty() {
        true => Ok(()),
        false => Err("a lease was lost".into()),
    }
}

/// A stretch of time, and the processor's part of it.
struct Measure {
    what: String,
    began: Instant,
    cpu: Duration,
}

impl Measure {
    fn begin(what: String) -> Measure {
        let (began, cpu) = (Instant::now(), cpu());
        Measure { what, began, cpu }
    }

    fn end(self, tasks: u64) {
        let (took, cpu) = (self.began.elapsed(), cpu() - self.cpu);
        let a_second = tasks as f64 / took.as_secs_f64();
        let cpu_us = cpu.as_secs_f64() * 1e6 / tasks as f64;
        println!(
            "{:28} {a_second:>10.0} tasks/s  {cpu_us:>6.2} us CPU a task, both ends",
            self.what
        );
    }
}

/// Memory of this process now.
fn resident_bytes() -> u64 {
    const PAGE_BYTES: u64 = 4096;
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split_whitespace().nth(1).map(str::parse::<u64>);
    pages.and_then(Result::ok).unwrap_or(0) * PAGE_BYTES
}

/// Processor time of this process so far.
fn cpu() -> Duration {
    // Fields 14 and 15, counted behind the name in parentheses, in hundredths of a second.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}
