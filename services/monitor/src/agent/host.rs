//! The machine itself, as an instance called `host`: processors, memory, network, files. Where there is no `/proc`, there is none.

use super::reading::{InstanceReading, SeriesReading, Value};
use crate::definition::{Definition, series_id};
use std::fs;
use std::sync::Arc;
use svrkit_rt::monitor::Kind;

/// Its name, and its service's.
pub(super) const NAME: &str = "host";
/// Microseconds of a tick of `/proc/stat`: the kernel tells user space hundredths of a second, whatever it counts itself.
const TICK_US: u64 = 10_000;

/// Reads it; `None` where the system does not tell.
pub(super) fn read() -> Option<InstanceReading> {
    let file = |path: &str| fs::read_to_string(path).ok();
    let stat = file("/proc/stat")?;
    let boot = file("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let began_ms = boot_time_ms(&stat)?;
    let mut series = Vec::new();
    series.extend(processors(&stat));
    series.extend(memory(&file("/proc/meminfo")?));
    series.extend(network(&file("/proc/net/dev").unwrap_or_default()));
    series.extend(files(&file("/proc/sys/fs/file-nr").unwrap_or_default()));
    Some(InstanceReading {
        name: NAME.to_owned(),
        service: NAME.to_owned(),
        run: series_id(Kind::Counter, boot.trim(), [].into_iter()),
        run_began_ms: began_ms,
        started_ms: began_ms,
        series,
        ..InstanceReading::default()
    })
}

fn boot_time_ms(stat: &str) -> Option<u64> {
    let line = stat.lines().find_map(|line| line.strip_prefix("btime "))?;
    Some(line.trim().parse::<u64>().ok()? * 1_000)
}

fn processors(stat: &str) -> Vec<SeriesReading> {
    let count = stat.lines().filter(|line| {
        let number = line.strip_prefix("cpu").unwrap_or_default();
        number.starts_with(|first: char| first.is_ascii_digit())
    });
    let first = stat.lines().next().unwrap_or_default();
    let ticks = first.split_whitespace().skip(1);
    let ticks: Vec<u64> = ticks.filter_map(|number| number.parse().ok()).collect();
    // user, nice, system, idle, iowait, irq, softirq, steal; guests are in user already.
    let [user, nice, system, _idle, iowait, irq, softirq, steal, ..] = ticks[..] else {
        return Vec::new();
    };
    let us = |ticks: u64| Value::Count(ticks * TICK_US);
    vec![
        level(
            "host_processors",
            "",
            "Processors of the machine.",
            count.count() as u64,
        ),
        series(
            Kind::Counter,
            "host_cpu_busy_microseconds",
            "microseconds",
            "Time that processors worked, all of them together.",
            us(user + nice + system + irq + softirq),
        ),
        series(
            Kind::Counter,
            "host_cpu_waiting_microseconds",
            "microseconds",
            "Time that processors waited for disks.",
            us(iowait),
        ),
        series(
            Kind::Counter,
            "host_cpu_stolen_microseconds",
            "microseconds",
            "Time that the machine's own host gave to others.",
            us(steal),
        ),
    ]
}

fn memory(meminfo: &str) -> Vec<SeriesReading> {
    let bytes = |name: &str| {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(name))?;
        let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
        Some(kib * 1_024)
    };
    let total = bytes("MemTotal:").map(|n| level("host_memory_bytes", "bytes", "Memory.", n));
    let free = bytes("MemAvailable:").map(|n| {
        let help = "Memory that programs can still have.";
        level("host_memory_available_bytes", "bytes", help, n)
    });
    total.into_iter().chain(free).collect()
}

/// All devices but the loopback, together.
fn network(dev: &str) -> Vec<SeriesReading> {
    let devices = dev.lines().filter_map(|line| line.split_once(':'));
    let devices = devices.filter(|(name, _)| name.trim() != "lo");
    let (mut received, mut sent) = (0u64, 0u64);
    for (_, numbers) in devices {
        let mut numbers = numbers.split_whitespace();
        let mut number = |place| numbers.nth(place).and_then(|n| n.parse::<u64>().ok());
        received = received.wrapping_add(number(0).unwrap_or(0));
        sent = sent.wrapping_add(number(7).unwrap_or(0));
    }
    let help = "Bytes that came over the network.";
    let received = series(
        Kind::Counter,
        "host_network_received_bytes",
        "bytes",
        help,
        Value::Count(received),
    );
    let help = "Bytes that went over the network.";
    let sent = series(
        Kind::Counter,
        "host_network_sent_bytes",
        "bytes",
        help,
        Value::Count(sent),
    );
    vec![received, sent]
}

fn files(file_nr: &str) -> Vec<SeriesReading> {
    let numbers = file_nr.split_whitespace();
    let numbers: Vec<u64> = numbers.filter_map(|number| number.parse().ok()).collect();
    let [open, _, most] = numbers[..] else {
        return Vec::new();
    };
    vec![
        level("host_open_files", "", "Files open on the machine.", open),
        level("host_open_files_limit", "", "Files that may be open.", most),
    ]
}

fn level(name: &str, unit: &str, help: &str, level: u64) -> SeriesReading {
    let level = i64::try_from(level).unwrap_or(i64::MAX);
    series(Kind::Gauge, name, unit, help, Value::Level(level))
}

fn series(kind: Kind, name: &str, unit: &str, help: &str, value: Value) -> SeriesReading {
    let definition = Definition {
        name: name.to_owned(),
        labels: Vec::new(),
        kind,
        unit: unit.to_owned(),
        help: help.to_owned(),
    };
    SeriesReading {
        id: definition.id(),
        definition: Arc::new(definition),
        value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(series: &[SeriesReading], name: &str) -> Value {
        let found = series.iter().find(|series| series.definition.name == name);
        found.unwrap().value.clone()
    }

    #[test]
    fn what_the_kernel_writes_is_understood() {
        let stat =
            "cpu  100 2 30 4000 50 6 7 8 0 0\ncpu0 50 1\ncpu1 50 1\nintr 1\nbtime 1700000000\n";
        let cpu = processors(stat);
        assert_eq!(value(&cpu, "host_processors"), Value::Level(2));
        assert_eq!(
            value(&cpu, "host_cpu_busy_microseconds"),
            Value::Count(1_450_000)
        );
        assert_eq!(boot_time_ms(stat), Some(1_700_000_000_000));
        let dev = "Inter-|   Receive\n face |bytes\n    lo: 9 9 9 9 9 9 9 9 9 9\n  eth0: 100 1 0 0 0 0 0 0 200 2 0\n";
        let network = network(dev);
        assert_eq!(
            value(&network, "host_network_received_bytes"),
            Value::Count(100)
        );
        assert_eq!(
            value(&network, "host_network_sent_bytes"),
            Value::Count(200)
        );
        let memory = memory("MemTotal:  8 kB\nMemFree: 1 kB\nMemAvailable:  4 kB\n");
        assert_eq!(
            value(&memory, "host_memory_available_bytes"),
            Value::Level(4_096)
        );
        assert_eq!(
            value(&files("3 0 100\n"), "host_open_files_limit"),
            Value::Level(100)
        );
    }

    #[test]
    fn nonsense_is_nothing() {
        assert!(processors("").is_empty() && memory("").is_empty() && files("x").is_empty());
        assert_eq!(boot_time_ms("btime soon"), None);
    }
}
