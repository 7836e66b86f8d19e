//! How the messages of a call travel on a connection of frames: the same on both sides.

use super::table::{Streams, Take, over};
use crate::compression::Outgoing;
use crate::connection::{Flush, Outbox};
use crate::frame::{Credit, HEADER_BYTES, Head, Header, Parts, put_frame};
use crate::status::Status;
use std::task::{Context, Poll};

/// What a connection keeps under its lock, as far as streams are concerned.
pub(crate) trait StreamTable {
    fn streams(&mut self) -> &mut Streams;

    /// Whether frames carry checksums.
    fn checksum(&self) -> bool;
}

/// One call's place on its connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) request_id: u64,
    /// Tells calls apart that had the same id one after the other.
    pub(crate) number: u64,
    /// Bytes of one message.
    pub(crate) message_bytes_max: usize,
    /// Bytes not yet written, of the whole connection, beyond which messages wait.
    pub(crate) unwritten_bytes_max: usize,
}

impl Line {
    /// Sends a message as soon as the peer has given credit and the connection has room.
    pub(crate) fn poll_send<T: StreamTable>(
        &self,
        outbox: &Outbox<T>,
        cx: &mut Context<'_>,
        message: &Outgoing,
    ) -> Poll<Result<(), Status>> {
        let (len, max) = (message.len, self.message_bytes_max);
        if len > max {
            let message = format!("a message is {len} bytes, over {max}");
            return Poll::Ready(Err(Status::resource_exhausted(message)));
        }
        let mut state = outbox.lock();
        let has_room = state.unwritten() < self.unwritten_bytes_max;
        let (id, number) = (self.request_id, self.number);
        let streams = state.table.streams();
        match streams.take(id, number, HEADER_BYTES + len, has_room, cx) {
            Take::Sent => {}
            Take::NoCredit => return Poll::Pending,
            Take::NoRoom => {
                // Whoever writes tells the connection's task, and that one tells us.
                state.tell_when_written(true);
                return Poll::Pending;
            }
            Take::Over => return Poll::Ready(Err(over())),
        }
        let checksum = state.table.checksum();
        let parts = Parts {
            body: &message.body,
            ..Parts::default()
        };
        let header = Header {
            packed: message.packed,
            ..Header::new(id, Head::Message)
        };
        put_frame(&mut state.out, header, parts, checksum);
        // Whoever sends one message sends more, usually.
        let duty = outbox.flush(&mut state, Flush::Soon);
        drop(state);
        outbox.carry_out(duty);
        Poll::Ready(Ok(()))
    }

    /// Says that the last message was sent.
    pub(crate) fn end<T: StreamTable>(&self, outbox: &Outbox<T>) {
        self.put(outbox, Head::End);
    }

    /// Lets the peer send so many bytes more.
    pub(crate) fn grant<T: StreamTable>(&self, outbox: &Outbox<T>, bytes: u32) {
        self.put(outbox, Head::Credit(Credit { bytes }));
    }

    fn put<T: StreamTable>(&self, outbox: &Outbox<T>, head: Head) {
        let mut state = outbox.lock();
        if !self.is_open(&mut state.table) {
            return;
        }
        let checksum = state.table.checksum();
        let header = Header::new(self.request_id, head);
        put_frame(&mut state.out, header, Parts::default(), checksum);
        let duty = outbox.flush(&mut state, Flush::Soon);
        drop(state);
        outbox.carry_out(duty);
    }

    fn is_open<T: StreamTable>(&self, table: &mut T) -> bool {
        table.streams().is_open(self.request_id, self.number)
    }
}

/// Lets those go on that wait for room, if there is some. To be called by the connection's task once it has written, when somebody waits.
#[cold]
pub(crate) fn make_room<T: StreamTable>(outbox: &Outbox<T>, unwritten_bytes_max: usize) {
    let mut state = outbox.lock();
    // Half of it, so that they do not take turns with single messages.
    if state.unwritten() > unwritten_bytes_max / 2 {
        state.tell_when_written(true);
        return;
    }
    let senders = state.table.streams().make_room();
    drop(state);
    for waker in senders {
        waker.wake();
    }
}
