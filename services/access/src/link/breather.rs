//! The moment for which a link is not read of which something was refused, since there is too much to do.
//!
//! What comes meanwhile is read, refused and answered together: of refusing an ask, reading and writing is most. Whoever goes on asking is
//! given longer ones. It is what others wait before anybody is refused.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// The first one is so long, or up to twice as long.
const MIN_MS: u8 = 20;
/// The longest is so long, or up to twice as long.
const MAX_MS: u8 = 80;

/// One link's breathers, each twice as long as the one before as long as something is refused after each.
#[derive(Debug, Default)]
pub(super) struct Breather {
    /// What the last one took at least; 0 if nothing was refused after it.
    last_ms: u8,
    /// Something was refused since the last one.
    is_due: bool,
    /// The one that is being taken. Boxed, and only there meanwhile.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Breather {
    /// Something was refused.
    pub(super) fn refused(&mut self) {
        self.is_due = true;
    }

    /// Everything that had come is read. If something of it was refused, a breather begins. It wakes nobody until [`Breather::is_taken`] asks,
    /// which whoever reads does before reading: until something comes there is nothing to wake for.
    pub(super) fn all_is_read(&mut self) {
        if self.sleep.is_some() {
            return;
        }
        if !std::mem::take(&mut self.is_due) {
            self.last_ms = 0;
            return;
        }
        self.last_ms = self.last_ms.saturating_mul(2).clamp(MIN_MS, MAX_MS);
        // At random up to twice as long: links that began together must not go on together, which would be a load that nobody could follow.
        let longer_ms = fastrand::u8(0..=self.last_ms);
        let length = Duration::from_millis(u64::from(self.last_ms) + u64::from(longer_ms));
        self.sleep = Some(Box::pin(sleep(length)));
    }

    /// Whether one is being taken. Wakes the task when it is over.
    pub(super) fn is_taken(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(sleep) = &mut self.sleep else {
            return false;
        };
        let is_over = sleep.as_mut().poll(cx) == Poll::Ready(());
        if is_over {
            self.sleep = None;
        }
        !is_over
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use svrkit_rt::testing::run_test;
    use tokio::time::Instant;

    /// Milliseconds that it takes from when all is read.
    async fn taken_ms(breather: &mut Breather) -> u128 {
        let began = Instant::now();
        breather.all_is_read();
        let over = poll_fn(|cx| match breather.is_taken(cx) {
            true => Poll::Pending,
            false => Poll::Ready(()),
        });
        over.await;
        began.elapsed().as_millis()
    }

    #[test]
    fn whoever_goes_on_asking_is_read_less_often() {
        run_test("breather", |_| async {
            let mut breather = Breather::default();
            assert_eq!(taken_ms(&mut breather).await, 0, "nothing was refused");
            for ms in [20, 40, 80, 80] {
                breather.refused();
                let taken = taken_ms(&mut breather).await;
                assert!((ms..=2 * ms + 1).contains(&taken), "{taken}, not {ms}");
            }
            assert_eq!(taken_ms(&mut breather).await, 0);
            breather.refused();
            assert!(taken_ms(&mut breather).await <= 41, "it had stopped");
        });
    }

    #[test]
    fn what_is_refused_meanwhile_makes_it_no_longer() {
        run_test("breather", |_| async {
            let mut breather = Breather::default();
            for _ in 0..2 {
                breather.refused();
                breather.all_is_read();
            }
            assert!(taken_ms(&mut breather).await <= 41);
            assert!(
                (40..=81).contains(&taken_ms(&mut breather).await),
                "the next one is for that"
            );
        });
    }
}
