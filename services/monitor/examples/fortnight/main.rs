//! What a fortnight of 10,000 series takes of a centre: memory, disk, time.
//!
//! Agents report every ten seconds of simulated time, through the same calls as real ones. Half of the series are idle, as they are in a
//! backend; the others scatter as calls, levels and latencies do, with a day and a night.
//!
//! ```text
//! cargo run --release -p im-monitor --example fortnight -- --dir /dev/shm/fortnight
//! ```
//!
//! On a memory file system, since syncs of two weeks take as long as they take.

mod machine;
mod process;

use clap::Parser;
use im_idl::fanout::FanoutClient;
use im_idl::message_store::MessageStoreClient;
use im_idl::monitor::{CentreClient, QueryRequest};
use im_idl::queue::QueueClient;
use im_idl::session::SessionClient;
use im_monitor::{Centre, Config, Deps};
use machine::Machine;
use mimalloc::MiMalloc;
use std::path::PathBuf;
use std::time::Instant;
use svrkit_rt::{Call, Channel, clock, memory};
use tokio::time::{Duration, advance};

/// As in `im`.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[derive(Parser)]
struct Args {
    /// Where the centre keeps its data; must be empty.
    #[arg(long)]
    dir: PathBuf,
    #[arg(long, default_value_t = 14)]
    days: u64,
    #[arg(long, default_value_t = 10_000)]
    series: usize,
    #[arg(long, default_value_t = 10)]
    agents: usize,
}

const PERIOD: Duration = Duration::from_secs(10);
const PERIODS_A_DAY: u64 = 8_640;

fn main() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()?;
    runtime.block_on(run(Args::parse()))
}

async fn run(args: Args) -> Result<(), Failure> {
    std::fs::create_dir_all(&args.dir)?;
    let plan = args.dir.join("plan.toml");
    // No rules: what they cost is another question.
    std::fs::write(&plan, "")?;
    let config = Config {
        plan,
        ..Config::default()
    };
    let centre = Centre::open(config, &args.dir.join("monitor"), nobody()?).await?;
    let (listener, connector) = memory();
    tokio::spawn(centre.server().run(listener, std::future::pending()));
    let client = CentreClient::new(Channel::memory(connector)?);
    let each = args.series / args.agents;
    let mut machines: Vec<Machine> = (0..args.agents).map(|n| Machine::new(n, each)).collect();
    println!(
        "{:>4} {:>10} {:>10} {:>10} {:>12}",
        "day", "memory", "peak", "disk", "a report"
    );
    let before = process::memory_bytes("VmRSS:");
    for day in 0..args.days {
        let began = Instant::now();
        let mut spent = Duration::ZERO;
        for _ in 0..PERIODS_A_DAY {
            advance(PERIOD).await;
            for machine in &mut machines {
                let report = machine.report(clock::now_ms());
                let sent = Instant::now();
                // Nobody advances the clock while a report is under way, but the deadline is the clock's.
                let call = Call::new(report).timeout(Duration::from_secs(3_600));
                client.report_with(call).await?;
                spent += sent.elapsed();
            }
        }
        let reports = PERIODS_A_DAY * machines.len() as u64;
        println!(
            "{:>4} {:>7} MB {:>7} MB {:>7} MB {:>9} us  (a day in {} s)",
            day + 1,
            process::memory_bytes("VmRSS:").saturating_sub(before) >> 20,
            process::memory_bytes("VmHWM:").saturating_sub(before) >> 20,
            process::disk_bytes(&args.dir)? >> 20,
            spent.as_micros() as u64 / reports,
            began.elapsed().as_secs(),
        );
    }
    for tier in ["10s", "1m", "1h", "log", "checkpoint"] {
        let bytes = process::disk_bytes_of(&args.dir, tier)?;
        println!("{tier:>10}: {:.1} MB", bytes as f64 / 1_048_576.0);
    }
    for (range_s, step_s) in [(3_600, 10), (86_400, 60), (14 * 86_400, 3_600)] {
        ask(&client, range_s, step_s).await?;
    }
    Ok(())
}

/// One line of all instances together.
async fn ask(client: &CentreClient, range_s: u64, step_s: u64) -> Result<(), Failure> {
    const QUESTIONS: u32 = 20;
    let to_s = clock::now_ms() / 1_000;
    let began = Instant::now();
    for n in 0..QUESTIONS {
        let question = QueryRequest {
            name: machine::name(n as usize),
            from_s: to_s - range_s,
            to_s,
            step_s,
            ..QueryRequest::default()
        };
        client.query(question).await?;
    }
    let us = began.elapsed().as_micros() as u64 / u64::from(QUESTIONS);
    println!("a curve of {range_s} s in steps of {step_s} s: {us} us");
    Ok(())
}

fn nobody() -> Result<Deps, Failure> {
    let channel = Channel::connect("unix:/nowhere")?;
    Ok(Deps {
        fanout: FanoutClient::new(channel.clone()),
        message_store: MessageStoreClient::new(channel.clone()),
        queue: QueueClient::new(channel.clone()),
        session: SessionClient::new(channel),
    })
}
