//! Runs every system through every cell: a server and a client each time, in turns, the order rotated.

use crate::Fault;
use crate::cell::{Cell, Kind};
use crate::client::Measurement;
use crate::options::Run;
use crate::systems::System;
use std::env;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Every measurement of one system in one cell, a repetition each.
pub(crate) struct Series {
    pub(crate) system: &'static System,
    pub(crate) cell: Cell,
    pub(crate) measurements: Vec<Measurement>,
}

/// What a client may take beyond its warm-up and window: connecting, and counting writes.
const GRACE_SECS: f64 = 20.0;

/// A turn that failed twice is told on stderr and left out; the others go on.
pub(crate) fn run(options: &Run) -> Result<Vec<Series>, Fault> {
    let mut runs = Vec::new();
    for cell in &options.cells {
        let fits = |system: &&System| system.blocking_client || cell.kind != Kind::Threads;
        let systems = options.systems.iter().copied().filter(fits);
        runs.extend(systems.map(|system| Series {
            system,
            cell: *cell,
            measurements: Vec::new(),
        }));
    }
    let total = runs.len() * options.reps;
    let mut done = 0;
    for rep in 0..options.reps {
        for (number, cell) in options.cells.iter().enumerate() {
            // Rows in turns within a cell, so that a drift of the machine meets all of them, and never the same first.
            let mut rows: Vec<usize> = (0..runs.len())
                .filter(|row| runs[*row].cell == *cell)
                .collect();
            if !rows.is_empty() {
                let first = (rep + number) % rows.len();
                rows.rotate_left(first);
            }
            for row in rows {
                done += 1;
                // Once more, for a machine that took the cores away for the whole window.
                let outcome = one(&runs, row, options).or_else(|fault| {
                    eprintln!("{cell} {}: {fault}; once more", runs[row].system.name);
                    one(&runs, row, options)
                });
                eprintln!(
                    "[{done}/{total}] {cell} {}: {}",
                    runs[row].system.name,
                    told(&outcome)
                );
                runs[row].measurements.extend(outcome);
            }
        }
    }
    Ok(runs)
}

fn one(runs: &[Series], row: usize, options: &Run) -> Result<Measurement, Fault> {
    let Series { system, cell, .. } = &runs[row];
    let mut server = Process::start(&[
        "server",
        "--system",
        system.name,
        "--pin",
        &cell.pin.to_string(),
    ])?;
    let addr = server.first_line()?;
    let window = options.window;
    let mut client = Process::start(&[
        "client",
        "--system",
        system.name,
        "--addr",
        &addr,
        "--cell",
        &cell.to_string(),
        "--server-pid",
        &server.0.id().to_string(),
        "--warmup",
        &window.warmup_secs.to_string(),
        "--secs",
        &window.secs.to_string(),
        "--rate",
        &rate(runs, system, cell)?.to_string(),
    ])?;
    let output = client.finish(Duration::from_secs_f64(
        window.warmup_secs + window.secs + GRACE_SECS,
    ))?;
    Ok(serde_json::from_str(&output)?)
}

/// Calls a second of an open loop: its share of what the same system reached in the closed loop.
fn rate(runs: &[Series], system: &System, cell: &Cell) -> Result<f64, Fault> {
    let Kind::Open { percent } = cell.kind else {
        return Ok(0.0);
    };
    let plain = runs
        .iter()
        .find(|run| run.system.name == system.name && run.cell == cell.plain());
    let reached = plain
        .and_then(|run| run.median(|m| m.calls_per_s))
        .ok_or("the closed loop gave no rate")?;
    Ok(reached * percent / 100.0)
}

fn told(outcome: &Result<Measurement, Fault>) -> String {
    match outcome {
        Ok(m) => format!(
            "{:.0}/s p50 {:.0} p99 {:.0} us, cpu {:.2} + {:.2} us",
            m.calls_per_s, m.p50_us, m.p99_us, m.server_cpu_us, m.client_cpu_us
        ),
        Err(fault) => format!("failed: {fault}"),
    }
}

impl Series {
    /// None if not one repetition gave a figure.
    pub(crate) fn median(&self, figure: impl Fn(&Measurement) -> f64) -> Option<f64> {
        median(self.measurements.iter().map(figure).collect())
    }

    pub(crate) fn median_writes(&self) -> Option<f64> {
        median(
            self.measurements
                .iter()
                .filter_map(|m| m.server_writes_per_call)
                .collect(),
        )
    }
}

fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    let (low, high) = (figures.len().checked_sub(1)? / 2, figures.len() / 2);
    Some((figures[low] + figures[high]) / 2.0)
}

/// This program again, in another process that ends with this value.
struct Process(Child);

impl Process {
    fn start(args: &[&str]) -> Result<Self, Fault> {
        let child = Command::new(env::current_exe()?)
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        Ok(Self(child))
    }

    fn first_line(&mut self) -> Result<String, Fault> {
        let stdout = self.0.stdout.as_mut().ok_or("no output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        match line.trim() {
            "" => Err("the server did not start".into()),
            line => Ok(line.to_owned()),
        }
    }

    /// All it says; it says little, so the pipe holds it.
    fn finish(&mut self, limit: Duration) -> Result<String, Fault> {
        let began = Instant::now();
        let status = loop {
            match self.0.try_wait()? {
                Some(status) => break status,
                None if began.elapsed() > limit => {
                    return Err("the client did not end in time".into());
                }
                None => thread::sleep(Duration::from_millis(20)),
            }
        };
        if !status.success() {
            return Err(format!("the client ended with {status}").into());
        }
        let mut output = String::new();
        self.0
            .stdout
            .take()
            .ok_or("no output")?
            .read_to_string(&mut output)?;
        Ok(output)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_few() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }
}
