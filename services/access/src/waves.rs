//! How the links of a node that leaves are sent away: not all at once, or all would come back to the others at the same moment.

use crate::handle::{End, Handle};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// Milliseconds between two waves.
const WAVE_MS: u64 = 100;

/// Ends links in random order, so many a second, but all of them within `window_ms`.
pub(crate) async fn end_in_waves(mut links: Vec<Arc<Handle>>, per_s: u64, window_ms: u64) {
    fastrand::shuffle(&mut links);
    let size = wave_size(links.len(), per_s, window_ms);
    let mut waves = links.chunks(size).peekable();
    while let Some(wave) = waves.next() {
        for handle in wave {
            handle.end(End::Drained);
        }
        if waves.peek().is_some() {
            sleep(Duration::from_millis(WAVE_MS)).await;
        }
    }
}

/// Links of one wave.
fn wave_size(links: usize, per_s: u64, window_ms: u64) -> usize {
    let at_this_pace = (per_s * WAVE_MS / 1_000) as usize;
    let waves_max = (window_ms / WAVE_MS).max(1) as usize;
    at_this_pace.max(links.div_ceil(waves_max)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_go_at_once_and_many_within_the_window() {
        assert_eq!(wave_size(0, 5_000, 3_000), 500);
        assert_eq!(wave_size(100, 5_000, 3_000), 500, "one wave");
        assert_eq!(wave_size(10_000, 5_000, 3_000), 500, "twenty waves");
        assert_eq!(
            wave_size(90_000, 5_000, 3_000),
            3_000,
            "thirty waves, larger ones"
        );
        assert_eq!(wave_size(7, 0, 0), 7);
    }
}
