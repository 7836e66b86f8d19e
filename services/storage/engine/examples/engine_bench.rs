//! What the engine of one machine does on this one.
//!
//! ```text
//! cargo run --release -p im-engine --example engine_bench            all of it
//! cargo run --release -p im-engine --example engine_bench -- clients fanout scans reopen raw
//! ```
//!
//! CPU is that of the whole process, load generator and checkpoints included, as `/proc/self/stat` has it.

use bytes::Bytes;
use im_engine::{Batch, Condition, Direction, Engine, LocalConfig, Scan, open};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long each figure is measured.
const MEASURED: Duration = Duration::from_secs(4);
/// Bytes of a row's value: an inbox row with a short message in it.
const VALUE_BYTES: usize = 200;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [command, dir] = &arguments[..]
        && command == "fill"
    {
        return fill(Path::new(dir));
    }
    let wanted = |name: &str| arguments.is_empty() || arguments.iter().any(|given| given == name);
    let dir = std::env::current_dir()?.join(format!("engine_bench.{}", std::process::id()));
    let runtime = tokio::runtime::Runtime::new()?;
    if wanted("raw") {
        raw(&dir)?;
    }
    if wanted("clients") {
        for clients in [1, 64, 200, 800] {
            runtime.block_on(clients_of_one_row(&fresh(&dir)?, clients));
        }
    }
    if wanted("fanout") {
        for callers in [1, 8] {
            runtime.block_on(fan_out(&fresh(&dir)?, callers));
        }
    }
    if wanted("scans") {
        runtime.block_on(scans(&fresh(&dir)?));
    }
    if wanted("reopen") {
        runtime.block_on(reopen(&fresh(&dir)?))?;
    }
    drop(runtime);
    fs::remove_dir_all(&dir)
}

/// An empty directory.
fn fresh(dir: &Path) -> io::Result<PathBuf> {
    if dir.exists() {
        fs::remove_dir_all(dir)?;
    }
    fs::create_dir_all(dir)?;
    Ok(dir.join("engine"))
}

/// CPU time of this process so far.
fn cpu() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the name in parentheses; a tick is 10 ms on every Linux.
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks = ticks
        .filter_map(|field| field.parse::<u64>().ok())
        .sum::<u64>();
    Duration::from_millis(ticks * 10)
}

struct Measured {
    began: Instant,
    cpu: Duration,
}

impl Measured {
    fn begin() -> Measured {
        Measured {
            began: Instant::now(),
            cpu: cpu(),
        }
    }

    fn report(&self, what: &str, count: u64, mut waits: Vec<Duration>) {
        let seconds = self.began.elapsed().as_secs_f64();
        let cpu_us = (cpu() - self.cpu).as_micros() as f64 / count as f64;
        let rate = count as f64 / seconds;
        waits.sort_unstable();
        let at = |part: f64| {
            let index = ((waits.len() as f64 * part) as usize).min(waits.len().saturating_sub(1));
            waits
                .get(index)
                .map_or(0.0, |wait| wait.as_secs_f64() * 1e3)
        };
        let (p50, p99, max) = (at(0.5), at(0.99), at(1.0));
        println!(
            "{what:<44} {rate:>9.0}/s  {cpu_us:>6.2} µs CPU  p50 {p50:.2} p99 {p99:.2} max {max:.1} ms"
        );
    }
}

/// What the disk does without an engine.
fn raw(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    for (what, zeroed) in [
        ("raw: append 8 KiB + fdatasync", 0),
        ("raw: the same into zeros", 64 << 20),
    ] {
        let path = dir.join("raw");
        let mut file = File::create(&path)?;
        file.write_all(&vec![0; zeroed])?;
        file.sync_all()?;
        let mut file = File::options().write(true).open(&path)?;
        let measured = Measured::begin();
        let mut waits = Vec::new();
        while measured.began.elapsed() < MEASURED / 2 && waits.len() < 8000 {
            let began = Instant::now();
            file.write_all(&[1; 8192])?;
            file.sync_data()?;
            waits.push(began.elapsed());
        }
        measured.report(what, waits.len() as u64, waits);
    }
    Ok(())
}

fn value() -> Bytes {
    let mut value = vec![0; VALUE_BYTES];
    fastrand::fill(&mut value);
    value.into()
}

fn user(number: u32) -> Bytes {
    Bytes::copy_from_slice(&number.to_be_bytes())
}

/// Everybody writes one row and waits until it is durable, again and again.
async fn clients_of_one_row(dir: &Path, clients: u32) {
    let engine = open(LocalConfig::at(dir)).await.expect("opens");
    let measured = Measured::begin();
    let clients_at_work = (0..clients).map(|_| {
        let engine = engine.clone();
        tokio::spawn(async move {
            let mut waits = Vec::new();
            let began = Instant::now();
            while began.elapsed() < MEASURED {
                let asked = Instant::now();
                let batch = Batch::new(user(fastrand::u32(..10_000))).append("i", value());
                engine
                    .write(vec![batch])
                    .await
                    .remove(0)
                    .expect("is written");
                waits.push(asked.elapsed());
            }
            waits
        })
    });
    let clients_at_work: Vec<_> = clients_at_work.collect();
    let mut waits = Vec::new();
    for client in clients_at_work {
        waits.extend(client.await.expect("ends"));
    }
    measured.report(
        &format!("{clients} clients, 1 row each"),
        waits.len() as u64,
        waits,
    );
    stats(&engine);
}

/// A message to a group of 500: into each member's inbox, once.
async fn fan_out(dir: &Path, callers: u32) {
    let engine = open(LocalConfig::at(dir)).await.expect("opens");
    let measured = Measured::begin();
    let callers_at_work = (0..callers).map(|caller| {
        let engine = engine.clone();
        tokio::spawn(async move {
            let mut waits = Vec::new();
            let mut mark = 0;
            let began = Instant::now();
            while began.elapsed() < MEASURED {
                mark += 1;
                let body = value();
                let key = Bytes::from(format!("g{caller}"));
                let batch = |member| {
                    let key = key.clone();
                    Batch::new(user(member))
                        .when(Condition::Below {
                            key: key.clone(),
                            mark,
                        })
                        .append("i", body.clone())
                        .put(key, mark.to_be_bytes().to_vec())
                };
                let first = fastrand::u32(..20) * 500;
                let asked = Instant::now();
                let answers = engine
                    .write((first..first + 500).map(batch).collect())
                    .await;
                assert!(answers.iter().all(Result::is_ok), "all are written");
                waits.push(asked.elapsed());
            }
            waits
        })
    });
    let callers_at_work: Vec<_> = callers_at_work.collect();
    let mut waits = Vec::new();
    for caller in callers_at_work {
        waits.extend(caller.await.expect("ends"));
    }
    let rows = waits.len() as u64 * 500;
    measured.report(
        &format!("{callers} callers of 500 members: inbox rows"),
        rows,
        waits,
    );
    stats(&engine);
}

/// The newest 50 rows of a random user out of 10,000 with 100 rows each.
async fn scans(dir: &Path) {
    let engine = open(LocalConfig::at(dir)).await.expect("opens");
    let began = Instant::now();
    for row in 0..100 {
        for first in (0..10_000).step_by(1_000) {
            let batch = |user_number| Batch::new(user(user_number)).append("i", value());
            let answers = engine
                .write((first..first + 1_000).map(batch).collect())
                .await;
            assert!(answers.iter().all(Result::is_ok), "row {row} is written");
        }
    }
    println!(
        "1 M rows in calls of 1,000: {:.1} s",
        began.elapsed().as_secs_f64()
    );
    stats(&engine);
    drop(engine);
    for (what, cache_bytes_max, users) in [
        ("newest 50, from the store", 1 << 20, 10_000),
        ("newest 50, from memory", 64 << 20, 1_000),
    ] {
        let config = LocalConfig {
            cache_bytes_max,
            ..LocalConfig::at(dir)
        };
        let engine = open(config).await.expect("opens");
        let newest = |user_number| Scan {
            direction: Direction::Backward,
            rows_max: 50,
            ..Scan::prefix(user(user_number), "i")
        };
        for user_number in 0..users {
            engine.scan(newest(user_number)).await.expect("is read");
        }
        let measured = Measured::begin();
        let mut waits = Vec::new();
        while measured.began.elapsed() < MEASURED {
            let asked = Instant::now();
            let page = engine
                .scan(newest(fastrand::u32(..users)))
                .await
                .expect("is read");
            assert_eq!(page.rows.len(), 50);
            waits.push(asked.elapsed());
        }
        measured.report(what, waits.len() as u64, waits);
        stats(&engine);
    }
}

/// A process writes a million rows, says so and is killed; then how long until the engine is open again and answers.
async fn reopen(dir: &Path) -> io::Result<()> {
    let this = std::env::current_exe()?;
    let mut child = Command::new(this)
        .arg("fill")
        .arg(dir)
        .stdout(Stdio::piped())
        .spawn()?;
    let mut said = [0; 5];
    if let Some(stdout) = &mut child.stdout {
        stdout.read_exact(&mut said)?;
    }
    child.kill()?;
    child.wait()?;
    let began = Instant::now();
    let engine = open(LocalConfig::at(dir)).await.expect("opens");
    let opened = began.elapsed();
    let page = engine.scan(Scan::all(user(9_999))).await.expect("is read");
    assert_eq!(page.version, 100);
    println!(
        "open after kill -9 with 1 M rows: {} ms, first answer {} ms",
        opened.as_millis(),
        began.elapsed().as_millis()
    );
    stats(&engine);
    let empty = dir.join("../empty");
    let began = Instant::now();
    open(LocalConfig::at(empty)).await.expect("opens");
    println!(
        "open of a new directory: {} ms",
        began.elapsed().as_millis()
    );
    Ok(())
}

fn fill(dir: &Path) -> io::Result<()> {
    tokio::runtime::Runtime::new()?.block_on(async {
        let engine = open(LocalConfig::at(dir)).await.expect("opens");
        for _ in 0..100 {
            for first in (0..10_000).step_by(1_000) {
                let batch = |user_number| Batch::new(user(user_number)).append("i", value());
                engine
                    .write((first..first + 1_000).map(batch).collect())
                    .await;
            }
        }
        print!("done.");
        io::stdout().flush()?;
        std::future::pending().await
    })
}

fn stats(engine: &Engine) {
    let stats = engine.stats();
    let commits = stats.commits.max(1);
    let reads = (stats.cache_hits + stats.cache_misses).max(1);
    println!(
        "    {} batches in {} commits ({:.1} each, {:.2} ms), {} checkpoints of {} rows, memory {} KiB, hits {:.1} %",
        stats.batches,
        stats.commits,
        stats.batches as f64 / commits as f64,
        stats.sync_us as f64 / commits as f64 / 1e3,
        stats.checkpoints,
        stats.settled_rows,
        stats.cache_bytes / 1024,
        stats.cache_hits as f64 * 100.0 / reads as f64,
    );
}
