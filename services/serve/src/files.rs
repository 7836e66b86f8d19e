//! Files that are looked at from time to time, for what is in them to be taken over when they change.

use crate::process::causes;
use crate::start::StartError;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::sleep;
use tracing::{info, warn};

/// How often. An operator's change need not be faster, and a look costs a system call a file.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Files that belong together, as they were when they were last looked at.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    paths: Vec<PathBuf>,
    seen: Vec<Option<Stamp>>,
}

/// What changes when a file does, another one takes its place, or others may read it.
#[derive(Clone, Debug, PartialEq)]
struct Stamp {
    inode: u64,
    changed_at: (i64, i64),
    bytes: u64,
}

impl Files {
    /// As they are now: before they are read, lest what changes meanwhile is never seen.
    pub(crate) fn now(paths: Vec<PathBuf>) -> Files {
        let seen = stamps(&paths);
        Files { paths, seen }
    }

    pub(crate) fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// Waits until one is not as it was.
    pub(crate) async fn change(&mut self) {
        while !self.look().await {}
    }

    /// Has `take` take over what is in them each time one has changed, until the runtime ends. It changes nothing when it fails: of files
    /// that are written one after the other the first may not fit those that are still to come, and a certificate may not be valid yet. So
    /// it is tried again, and told once.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub(crate) fn follow(
        mut self,
        what: &'static str,
        take: impl Fn() -> Result<(), StartError> + Send + 'static,
    ) {
        tokio::spawn(async move {
            let mut is_behind = false;
            loop {
                let has_changed = self.look().await;
                if !has_changed && !is_behind {
                    continue;
                }
                let files = &self.paths;
                let taken = take();
                is_behind = taken.is_err();
                match taken {
                    Ok(()) => info!(?files, "{what} taken anew, for new connections"),
                    Err(error) if has_changed => {
                        let error = causes(&*error);
                        warn!(?files, error, "new {what} are of no use; the old ones stay");
                    }
                    Err(_) => {}
                }
            }
        });
    }

    /// Waits for its time; whether one is not as it was.
    async fn look(&mut self) -> bool {
        sleep(LOOK_EVERY).await;
        let before = std::mem::replace(&mut self.seen, stamps(&self.paths));
        before != self.seen
    }
}

/// Of each file; `None` while it is not there.
fn stamps(paths: &[PathBuf]) -> Vec<Option<Stamp>> {
    let stamp = |path: &PathBuf| {
        let metadata = std::fs::metadata(path).ok()?;
        Some(Stamp {
            inode: metadata.ino(),
            changed_at: (metadata.ctime(), metadata.ctime_nsec()),
            bytes: metadata.len(),
        })
    };
    paths.iter().map(stamp).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tokio::sync::watch;
    use tokio::time::timeout;

    /// Of a file whose first reading fails, as if half of it were there.
    #[tokio::test(start_paused = true)]
    async fn what_is_of_no_use_yet_is_tried_again_and_what_stays_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("word");
        fs::write(&path, "old").unwrap();
        let files = Files::now(vec![path.clone()]);
        let (tried, mut tries) = watch::channel(0);
        files.follow("words", move || {
            tried.send_modify(|tries| *tries += 1);
            match *tried.borrow() {
                1 => Err("it is half a word".into()),
                _ => Ok(()),
            }
        });
        let mut quiet = async || timeout(LOOK_EVERY * 10, tries.changed()).await;
        quiet().await.unwrap_err();
        fs::write(&path, "new").unwrap();
        for _ in 0..2 {
            quiet().await.unwrap().unwrap();
        }
        quiet().await.unwrap_err();
        fs::rename(&path, folder.path().join("elsewhere")).unwrap();
        quiet().await.unwrap().unwrap();
    }
}
