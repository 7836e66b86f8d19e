//! A real process, killed with SIGKILL while it writes and settles, again and again on the same directory.

use bytes::Bytes;
use im_engine::{Batch, Engine, LocalConfig, Scan, open};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use tokio::task::JoinSet;

/// Tells the process that it is the one to be killed, and where it writes.
const DIR: &str = "IM_ENGINE_KILLED_DIR";
const WRITERS: u64 = 8;
/// Rows that each writer leaves behind it.
const ROWS_KEPT: u64 = 20;

/// So small that there is always a checkpoint under way.
async fn engine(dir: &Path) -> Engine {
    let config = LocalConfig {
        dirty_bytes_max: 64 << 10,
        cache_bytes_max: 16 << 10,
        wal_bytes_max: 64 << 10,
        wal_segment_bytes: 16 << 10,
        ..LocalConfig::at(dir)
    };
    open(config).await.unwrap()
}

fn partition(writer: u64) -> Bytes {
    format!("writer {writer}").into()
}

/// Row after row, each keyed by its version, with the oldest deleted; says which version is durable as soon as it is.
async fn write_until_killed(dir: &Path) {
    let engine = engine(dir).await;
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        writers.spawn(write_and_say(engine.clone(), writer));
    }
    // None ends but by a panic, and then the process ends before it was killed.
    writers.join_next().await.unwrap().unwrap();
}

async fn write_and_say(engine: Engine, writer: u64) {
    let mut version = engine.versions(vec![partition(writer)]).await.unwrap()[0];
    loop {
        let oldest = version.saturating_sub(ROWS_KEPT - 2).to_be_bytes();
        let batch = Batch::new(partition(writer))
            .append("", vec![7; 100])
            .delete_range("", Some(Bytes::copy_from_slice(&oldest)));
        version = engine.write(vec![batch]).await.remove(0).unwrap();
        let said = format!("\ndurable {writer} {version}\n");
        std::io::stdout().write_all(said.as_bytes()).unwrap();
    }
}

/// What the killed process had said to be durable.
fn killed(dir: &Path, after_lines: usize) -> HashMap<u64, u64> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "kill::a_killed_process_loses_nothing_it_had_acknowledged",
            "--nocapture",
        ])
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut durable = HashMap::new();
    let said = BufReader::new(child.stdout.take().unwrap());
    let mut lines = 0;
    for line in said.lines() {
        let line = line.unwrap();
        let [word, writer, version] = line.split(' ').collect::<Vec<_>>()[..] else {
            continue;
        };
        // The last line may be cut.
        if let ("durable", Ok(writer), Ok(version)) = (word, writer.parse(), version.parse()) {
            durable.insert(writer, version);
        }
        lines += 1;
        if lines == after_lines {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(
        lines >= after_lines,
        "it ended by itself after {lines} lines"
    );
    durable
}

#[test]
fn a_killed_process_loses_nothing_it_had_acknowledged() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if let Some(dir) = std::env::var_os(DIR) {
        return runtime.block_on(write_until_killed(Path::new(&dir)));
    }
    let dir = tempfile::tempdir().unwrap();
    let mut checkpoints = 0;
    for _ in 0..6 {
        let durable = killed(dir.path(), fastrand::usize(200..2000));
        runtime.block_on(async {
            let engine = engine(dir.path()).await;
            for writer in 0..WRITERS {
                let page = engine.scan(Scan::all(partition(writer))).await.unwrap();
                let acknowledged = durable.get(&writer).copied().unwrap_or(0);
                // One more may have become durable before it could be said.
                assert!(
                    (acknowledged..=acknowledged + 1).contains(&page.version),
                    "{acknowledged} is {}",
                    page.version
                );
                let found: Vec<u64> = page.rows.iter().map(|row| row.version).collect();
                let expected: Vec<u64> =
                    (1..=page.version).rev().take(ROWS_KEPT as usize).collect();
                assert_eq!(found, expected.into_iter().rev().collect::<Vec<_>>());
                assert!(
                    page.rows
                        .iter()
                        .all(|row| row.key == row.version.to_be_bytes()[..])
                );
            }
            checkpoints += usize::from(
                dir.path()
                    .join("rows/keyspaces/1/tables")
                    .read_dir()
                    .unwrap()
                    .count()
                    > 0,
            );
        });
    }
    assert!(checkpoints > 0, "nothing was ever settled");
}
