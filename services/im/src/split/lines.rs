//! A child's output, line by line, each with its name.

use std::io::Write;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tracing::warn;

/// Bytes of a line that are shown.
const LINE_BYTES_MAX: usize = 4_096;

/// Prints each line under `name`, until the child closes the pipe.
pub(super) async fn forward(name: &str, from: impl AsyncRead + Unpin) {
    let mut lines = BufReader::new(from).split(b'\n');
    loop {
        match lines.next_segment().await {
            Ok(Some(line)) => {
                let line = String::from_utf8_lossy(&line[..line.len().min(LINE_BYTES_MAX)]);
                // Whether or not anybody reads it any more.
                let _ = writeln!(std::io::stderr(), "{name:<14} {line}");
            }
            Ok(None) => return,
            Err(error) => {
                warn!(name, %error, "its output cannot be read");
                return;
            }
        }
    }
}
