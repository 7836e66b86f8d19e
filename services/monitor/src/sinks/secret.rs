//! Secrets and certificates in files, read when they are needed: whoever replaces one need tell nobody.

use super::error::SinkError;
use std::path::Path;

/// The first line of a file.
pub(super) fn secret(path: &Path) -> Result<String, SinkError> {
    let text = String::from_utf8(bytes(path)?).map_err(|e| SinkError::File {
        path: path.to_owned(),
        source: std::io::Error::new(std::io::ErrorKind::InvalidData, e),
    })?;
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

/// All of a file.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, SinkError> {
    std::fs::read(path).map_err(|source| SinkError::File {
        path: path.to_owned(),
        source,
    })
}
