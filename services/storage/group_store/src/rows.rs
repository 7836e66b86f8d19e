//! Rows of one partition, all that a range has and all that a batch changes.

use im_engine::{Batch, Engine, EngineError, Row, Scan, Version, WriteError};

/// All rows of a range, whatever the scan's bounds on a page, and the partition's version when the first page was read. What changed
/// while the others were read has a later one.
pub(crate) async fn read(
    engine: &Engine,
    mut scan: Scan,
) -> Result<(Vec<Row>, Version), EngineError> {
    let mut page = engine.scan(scan.clone()).await?;
    let version = page.version;
    let mut rows = std::mem::take(&mut page.rows);
    while page.more
        && let Some(last) = rows.last()
    {
        scan.from = [&last.key[..], &[0]].concat().into();
        page = engine.scan(scan.clone()).await?;
        rows.append(&mut page.rows);
    }
    Ok((rows, version))
}

/// Writes one batch.
pub(crate) async fn write(engine: &Engine, batch: Batch) -> Result<Version, WriteError> {
    let answer = engine.write(vec![batch]).await.pop();
    answer.unwrap_or_else(|| {
        let reason = "no answer to a batch";
        Err(EngineError::Invalid { reason }.into())
    })
}
