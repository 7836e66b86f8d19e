//! What a run found: a table for people, a line of JSON for each row.

use crate::bars::{self, Outcome};
use crate::cell::Cell;
use crate::options::Run;
use crate::runner::Series;
use crate::systems::BASE;
use serde::Serialize;
use std::fmt::Write;

/// One line of `--json`; medians over the repetitions.
#[derive(Serialize)]
struct Line<'a> {
    system: &'a str,
    cell: String,
    pin: String,
    calls_per_s: f64,
    p50_us: f64,
    p99_us: f64,
    p999_us: f64,
    server_cpu_us: f64,
    client_cpu_us: f64,
    server_writes_per_call: Option<f64>,
    rss_mib: f64,
}

pub(crate) fn print(runs: &[Series], options: &Run) {
    let mut text = String::new();
    for cell in &options.cells {
        table(&mut text, *cell, runs);
    }
    if !options.json {
        print!("{text}");
        return;
    }
    eprint!("{text}");
    for line in runs.iter().filter_map(line) {
        println!(
            "{}",
            serde_json::to_string(&line).expect("numbers and names")
        );
    }
}

fn line(run: &Series) -> Option<Line<'_>> {
    Some(Line {
        system: run.system.name,
        cell: run.cell.shape(),
        pin: run.cell.pin.to_string(),
        calls_per_s: run.median(|m| m.calls_per_s)?.round(),
        p50_us: run.median(|m| m.p50_us)?,
        p99_us: run.median(|m| m.p99_us)?,
        p999_us: run.median(|m| m.p999_us)?,
        server_cpu_us: thousandths(run.median(|m| m.server_cpu_us)?),
        client_cpu_us: thousandths(run.median(|m| m.client_cpu_us)?),
        server_writes_per_call: run.median_writes().map(thousandths),
        rss_mib: thousandths(run.median(|m| m.rss_mib)?),
    })
}

fn thousandths(figure: f64) -> f64 {
    (figure * 1000.0).round() / 1000.0
}

fn table(text: &mut String, cell: Cell, runs: &[Series]) {
    let mut rows: Vec<(&Series, Line<'_>, f64)> = Vec::new();
    let mut failed = Vec::new();
    for run in runs.iter().filter(|run| run.cell == cell) {
        match (line(run), bars::cpu_us(run)) {
            (Some(line), Some(cpu_us)) => rows.push((run, line, cpu_us)),
            _ => failed.push(run.system.name),
        }
    }
    rows.sort_by(|a, b| a.2.total_cmp(&b.2));
    let base = rows
        .iter()
        .find(|row| row.1.system == BASE)
        .map(|row| row.2);
    let _ = writeln!(text, "\n{cell}");
    let _ = writeln!(
        text,
        "  {:<17} {:>10} {:>9} {:>9} {:>9} {:>8} {:>8} {:>8} {:>6} {:>6} {:>6} {:>8} {:>8}",
        "system",
        "calls/s",
        "p50 us",
        "p99 us",
        "p99.9 us",
        "srv us",
        "cli us",
        "srv+cli",
        "+-%",
        "/ raw",
        "cores",
        "writes",
        "rss MiB"
    );
    for (run, line, cpu_us) in &rows {
        let _ = writeln!(
            text,
            "  {:<17} {:>10.0} {:>9.0} {:>9.0} {:>9.0} {:>8.2} {:>8.2} {:>8.2} {:>6.0} {:>6} {:>6.2} {:>8} {:>8.1}",
            line.system,
            line.calls_per_s,
            line.p50_us,
            line.p99_us,
            line.p999_us,
            line.server_cpu_us,
            line.client_cpu_us,
            cpu_us,
            spread_percent(run, *cpu_us),
            base.map_or("-".into(), |base| format!("{:.2}", cpu_us / base)),
            line.calls_per_s * cpu_us / 1e6,
            line.server_writes_per_call
                .map_or("-".into(), |writes| format!("{writes:.3}")),
            line.rss_mib,
        );
    }
    for name in failed {
        let _ = writeln!(text, "  {name:<17} failed every time");
    }
    for bar in bars::of(cell, runs) {
        let got = bar.got.map_or("-".into(), |got| format!("{got:.2}"));
        let outcome = match bar.outcome {
            Outcome::Met => "met",
            Outcome::Missed => "MISSED",
            Outcome::Unknown => "not measured",
        };
        let _ = writeln!(text, "  svrkit: {}: {got} {outcome}", bar.goal);
    }
}

/// Half the distance between the dearest and the cheapest repetition.
fn spread_percent(run: &Series, cpu_us: f64) -> f64 {
    let figures = run
        .measurements
        .iter()
        .map(|m| m.server_cpu_us + m.client_cpu_us);
    let (low, high) = figures.fold((f64::MAX, 0.0f64), |(low, high), us| {
        (low.min(us), high.max(us))
    });
    50.0 * (high - low) / cpu_us
}
