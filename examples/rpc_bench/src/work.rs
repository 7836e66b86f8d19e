//! What every handler does: answer at once, or sleep first when the payload's first byte says so.

use std::time::Duration;

const SLOW: u8 = 0xff;
const SLOW_MS: u64 = 5;

/// The payload of a call.
pub(crate) fn payload(bytes: usize, slow: bool) -> bytes::Bytes {
    let mut payload: Vec<u8> = (0..bytes).map(|i| (i * 31 + 7) as u8).collect();
    if slow {
        payload[0] = SLOW;
    }
    payload.into()
}

/// The handler's work, before it sends the payload back.
pub(crate) async fn handle(payload: &[u8]) {
    if payload.first() == Some(&SLOW) {
        tokio::time::sleep(Duration::from_millis(SLOW_MS)).await;
    }
}
