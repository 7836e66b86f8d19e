//! What processes say on standard error.

use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr};
use tokio::time::timeout;

/// The log of a process that was started with its standard error piped. It must be kept: a process cannot write to one that is closed.
pub(crate) struct Log(Lines<BufReader<ChildStderr>>);

impl Log {
    pub(crate) fn of(process: &mut Child) -> Log {
        Log(BufReader::new(process.stderr.take().unwrap()).lines())
    }

    /// Reads on until a line has these words, and returns it.
    pub(crate) async fn has(&mut self, words: &str) -> String {
        let heard = async {
            loop {
                let line = self.0.next_line().await.unwrap();
                let line = line.expect("it ended");
                if line.contains(words) {
                    return line;
                }
            }
        };
        timeout(Duration::from_secs(60), heard).await.expect(words)
    }
}
