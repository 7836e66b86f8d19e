//! Streams of server-sent events: a task that produces, a queue of a few events, and a body that ends with the drain.

use crate::http::activity::Activity;
use crate::service::BoxFuture;
use bytes::Bytes;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Instant, Sleep, sleep};

/// Events that wait for the peer to read; then the producer waits too.
const QUEUED_EVENTS_MAX: usize = 16;
/// Milliseconds of silence after which a comment is sent, so that nobody on the way takes the stream for dead.
const PULSE_MS: u64 = 15_000;
const PULSE: Bytes = Bytes::from_static(b":\n\n");

pub(super) type Producer = Box<dyn FnOnce(EventSender) -> BoxFuture<()> + Send>;

/// One event of a stream.
#[derive(Clone, Debug)]
pub struct Event(String);

impl Event {
    /// A `message` with these data. Line ends arrive as `\n`, whichever they were.
    pub fn new(data: &str) -> Event {
        let mut written = String::with_capacity(data.len() + 16);
        let ends = ["\r\n", "\r", "\n"];
        let lines = data.replace(ends[0], ends[2]).replace(ends[1], ends[2]);
        for line in lines.split('\n') {
            written.push_str("data: ");
            written.push_str(line);
            written.push('\n');
        }
        Event(written)
    }

    /// Gives it a type, by which a page listens for it. Only what stands before a line end counts.
    pub fn name(self, name: &str) -> Event {
        let name = name.lines().next().unwrap_or_default();
        Event(format!("event: {name}\n{}", self.0))
    }
}

/// The producing end of a stream.
#[derive(Clone, Debug)]
pub struct EventSender(mpsc::Sender<Bytes>);

/// Nobody reads the stream any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamEnded;

impl EventSender {
    /// Sends an event once there is room for it.
    ///
    /// # Errors
    /// [`StreamEnded`] when the peer is gone or the server drains.
    pub async fn send(&self, event: Event) -> Result<(), StreamEnded> {
        let written = event.0 + "\n";
        self.0.send(written.into()).await.map_err(|_| StreamEnded)
    }
}

impl fmt::Display for StreamEnded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody reads the stream of events any more")
    }
}

impl std::error::Error for StreamEnded {}

/// The reading end: the body of an answer.
pub(in crate::http) struct EventStream {
    events: mpsc::Receiver<Bytes>,
    /// Dropped, it ends the producer.
    _producer: JoinSet<()>,
    _permit: OwnedSemaphorePermit,
    pulse: Pin<Box<Sleep>>,
    activity: Activity,
}

impl EventStream {
    pub(super) fn start(
        produce: Producer,
        permit: OwnedSemaphorePermit,
        activity: Activity,
    ) -> EventStream {
        let (sender, events) = mpsc::channel(QUEUED_EVENTS_MAX);
        let mut producer = JoinSet::new();
        producer.spawn(produce(EventSender(sender)));
        EventStream {
            events,
            _producer: producer,
            _permit: permit,
            pulse: Box::pin(sleep(Duration::from_millis(PULSE_MS))),
            activity,
        }
    }

    /// Ready with `None` at the end.
    pub(in crate::http) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        // The connection's task polls its body each time it wakes, and a drain wakes it.
        if self.activity.is_draining() {
            return Poll::Ready(None);
        }
        let next = match self.events.poll_recv(cx) {
            Poll::Ready(next) => next,
            Poll::Pending if self.pulse.as_mut().poll(cx).is_ready() => Some(PULSE),
            Poll::Pending => return Poll::Pending,
        };
        let pulse = Instant::now() + Duration::from_millis(PULSE_MS);
        self.pulse.as_mut().reset(pulse);
        Poll::Ready(next)
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        self.activity.end_stream();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_data_can_end_an_event_or_begin_another_field() {
        let event = Event::new("a\r\nevent: x\r\rb\n").name("n\ndata: y");
        let lines = "event: n\ndata: a\ndata: event: x\ndata: \ndata: b\ndata: \n";
        assert_eq!(event.0, lines);
    }
}
