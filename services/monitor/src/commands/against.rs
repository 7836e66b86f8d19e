//! The past that a command looks at: that of a running centre, or a store in a folder.

use super::remote::Remote;
use crate::history::History;
use im_serve::StartError;
use std::path::{Path, PathBuf};
use svrkit_rt::http_client::HttpTarget;

/// Opens the store in a folder, to be read.
pub type OpenHistory = fn(&Path) -> Result<Box<dyn History + Send + Sync>, StartError>;

/// Whose past.
#[derive(Clone, Debug)]
pub(super) enum Against {
    Centre(HttpTarget),
    Folder(PathBuf),
}

/// The centre's page as it is by default.
pub(super) const USUAL: &str = "http://127.0.0.1:8088";

/// `--against` as clap reads it.
pub(super) fn parse(text: &str) -> Result<Against, String> {
    if !text.contains("://") {
        return Ok(Against::Folder(text.into()));
    }
    let target = HttpTarget::parse(text).map_err(|e| e.to_string())?;
    match target.is_https() {
        true => Err("a centre is asked by http, on its own machine".to_owned()),
        false => Ok(Against::Centre(target)),
    }
}

impl Against {
    /// Asks the past between two times, on a thread that may block.
    ///
    /// # Errors
    /// The past cannot be read.
    pub(super) async fn ask<T: Send + 'static>(
        self,
        open: OpenHistory,
        (from_s, to_s): (u64, u64),
        ask: impl FnOnce(&dyn History) -> T + Send + 'static,
    ) -> Result<T, StartError> {
        let runtime = tokio::runtime::Handle::current();
        let asked = tokio::task::spawn_blocking(move || match self {
            Against::Folder(folder) => Ok(ask(&*open(&folder)?)),
            Against::Centre(target) => {
                let remote = Remote::new(target, runtime, (from_s, to_s));
                let answer = ask(&remote);
                remote.failed().map_or(Ok(answer), Err)
            }
        });
        asked.await?
    }
}
