//! Who an agent is: a name for its folder, and how often it was started there.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

const FILE: &str = "agent";
const LOCK_FILE: &str = "LOCK";

/// An agent's name, and numbers for its reports that rise over all its lives.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) agent: String,
    last_seq: u64,
    /// Held while it lives.
    _lock: File,
}

impl Identity {
    /// Begins a new life in this folder, once it is free or `lock_wait` is over. Blocks. The life is on the disk when this returns, so no number is ever given twice.
    pub(super) fn begin(dir: &Path, lock_wait: Duration) -> io::Result<Identity> {
        fs::create_dir_all(dir)?;
        let mut options = File::options();
        let options = options.create(true).truncate(false).write(true);
        let lock = options.open(dir.join(LOCK_FILE))?;
        lock_patiently(&lock, lock_wait)?;
        let (agent, lives) = match read(&dir.join(FILE))? {
            Some(known) => known,
            None => (format!("{:016x}", fastrand::u64(..)), 0),
        };
        let life = lives + 1;
        write(dir, &agent, life)?;
        Ok(Identity {
            agent,
            last_seq: u64::from(life) << 32,
            _lock: lock,
        })
    }

    /// The next report's number.
    pub(super) fn next_seq(&mut self) -> u64 {
        self.last_seq += 1;
        self.last_seq
    }

    /// The last report's.
    pub(super) fn last_seq(&self) -> u64 {
        self.last_seq
    }
}

/// The lock goes with the process that holds it; an agent of this process may still be at its last reading.
fn lock_patiently(lock: &File, wait: Duration) -> io::Result<()> {
    let began = Instant::now();
    loop {
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) if began.elapsed() < wait => {
                // On a thread of the blocking pool, where no timer of the runtime helps.
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::other("another agent has it"));
            }
            Err(TryLockError::Error(error)) => return Err(error),
            Ok(()) => return Ok(()),
        }
    }
}

/// `None` when there is none, or one that makes no sense: a new name does no harm.
fn read(path: &Path) -> io::Result<Option<(String, u32)>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut words = text.split_whitespace();
    let known = (|| {
        let agent = words.next().filter(|name| name.len() == 16)?;
        Some((agent.to_owned(), words.next()?.parse().ok()?))
    })();
    if known.is_none() {
        let path = path.display();
        tracing::warn!(%path, "the agent's name cannot be read: it takes a new one");
    }
    Ok(known)
}

fn write(dir: &Path, agent: &str, life: u32) -> io::Result<()> {
    let new = dir.join("agent.new");
    let mut file = File::create(&new)?;
    writeln!(file, "{agent} {life}")?;
    file.sync_all()?;
    fs::rename(new, dir.join(FILE))?;
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK_WAIT: Duration = Duration::from_millis(20);

    #[test]
    fn numbers_rise_over_lives_and_a_folder_has_one_agent() {
        let dir = tempfile::tempdir().unwrap();
        let mut last = 0;
        let mut agent = None;
        for _ in 0..3 {
            let mut identity = Identity::begin(dir.path(), LOCK_WAIT).unwrap();
            assert!(Identity::begin(dir.path(), LOCK_WAIT).is_err());
            let seq = identity.next_seq();
            assert!(seq > last);
            last = identity.next_seq();
            let name = agent.get_or_insert_with(|| identity.agent.clone());
            assert_eq!(*name, identity.agent);
        }
        fs::write(dir.path().join(FILE), "\0\0\0").unwrap();
        let identity = Identity::begin(dir.path(), LOCK_WAIT).unwrap();
        assert_ne!(agent, Some(identity.agent));
    }
}
