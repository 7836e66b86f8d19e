//! Pace of TLS handshakes: so many computed in one turn of the scheduler, however many clients come at once.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use svrkit_rt::Stream;
use tokio::io::AsyncReadExt;
use tokio::sync::Semaphore;

/// Bytes of a client's first words that are read here.
const FIRST_BYTES: usize = 1_024;

/// Lets connections through that must compute before they can be read.
#[derive(Debug)]
pub(crate) struct Turnstile(Arc<Semaphore>);

impl Turnstile {
    pub(crate) fn new(at_once: usize) -> Turnstile {
        Turnstile(Arc::new(Semaphore::new(at_once.max(1))))
    }

    /// What the client says first, after its handshake; empty when it goes without a word.
    ///
    /// A handshake costs half a millisecond of computing, inside of a read. A thousand clients whose first bytes came together would
    /// be read one after the other, and live links would wait for all of them. So each such read needs a place, and the place is free
    /// again only after all other tasks that are ready have run once. Nobody holds one while he waits for the network.
    ///
    /// # Errors
    /// The handshake failed, or the client is gone.
    pub(crate) async fn first_bytes(&self, stream: &mut Stream) -> io::Result<Vec<u8>> {
        let mut buffer = Vec::with_capacity(FIRST_BYTES);
        loop {
            let Ok(place) = self.0.clone().acquire_owned().await else {
                return Err(io::ErrorKind::NotConnected.into());
            };
            let read = poll_fn(|cx| Poll::Ready(pin!(stream.read_buf(&mut buffer)).poll(cx))).await;
            tokio::spawn(async move {
                tokio::task::yield_now().await;
                drop(place);
            });
            match read {
                Poll::Ready(read) => return read.map(|_| buffer),
                Poll::Pending => woken().await,
            }
        }
    }
}

/// Ready when this task is woken. Nothing may happen between the poll that left the waker and this.
async fn woken() {
    let mut waited = false;
    poll_fn(|_| match std::mem::replace(&mut waited, true) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    })
    .await;
}
