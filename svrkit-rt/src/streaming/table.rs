//! The streams of one connection: what may be sent of each, and where what comes goes. Under the connection's lock.

use super::inlet::{FIRST_CREDIT_BYTES, Inlet};
use crate::compression::{Arrived, Packing};
use crate::frame::{HEADER_BYTES, Head, Header, Payload};
use crate::id_hasher::IdHasher;
use crate::status::Status;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::Arc;
use std::task::{Context, Waker};

/// More credit than this is as good as none missing.
const CREDIT_BYTES_MAX: i64 = i32::MAX as i64;

/// Calls in flight that stream, by request id.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    open: HashMap<u64, Open, BuildHasherDefault<IdHasher>>,
    /// Somebody waits because too much of the connection is unwritten.
    crowded: bool,
    /// The peer sends nothing more, neither messages nor credit.
    hung_up: bool,
}

/// Whether a message may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Take {
    /// It may, and its credit is taken.
    Sent,
    /// The peer takes no more for now.
    NoCredit,
    /// The connection takes no more for now.
    NoRoom,
    /// The call is over.
    Over,
}

#[derive(Debug)]
struct Open {
    /// Tells calls apart that had the same id one after the other.
    number: u64,
    /// Bytes that the peer takes. A message may be sent while it is above zero, and may be larger.
    credit: i64,
    sender: Option<Waker>,
    inlet: Arc<Inlet>,
}

impl Streams {
    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    /// Most connections have no streams, and their calls ask for nothing else.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// The call of this number, whose messages go to `inlet`.
    pub(crate) fn open(&mut self, id: u64, number: u64, inlet: Arc<Inlet>) {
        let open = Open {
            number,
            credit: FIRST_CREDIT_BYTES as i64,
            sender: None,
            inlet,
        };
        self.open.insert(id, open);
    }

    /// The call is over: nothing more is sent, and nothing more comes. What has come is in the inlet. `None` if it did not stream, or
    /// was over before.
    #[cold]
    pub(crate) fn close(&mut self, id: u64, number: u64) -> Option<Arc<Inlet>> {
        if !self.is_open(id, number) {
            return None;
        }
        let open = self.open.remove(&id)?;
        if self.open.is_empty() {
            self.open = HashMap::default();
        }
        Some(open.close())
    }

    /// The same for all of them.
    pub(crate) fn close_all(&mut self) -> Vec<Arc<Inlet>> {
        let all = std::mem::take(&mut self.open);
        all.into_values().map(Open::close).collect()
    }

    pub(crate) fn is_open(&self, id: u64, number: u64) -> bool {
        self.open.get(&id).is_some_and(|open| open.number == number)
    }

    /// Takes credit for a message in a frame of so many bytes, if the connection has room for it. Who has to wait is woken.
    pub(super) fn take(
        &mut self,
        id: u64,
        number: u64,
        frame_bytes: usize,
        has_room: bool,
        cx: &mut Context<'_>,
    ) -> Take {
        let Some(open) = self.open.get_mut(&id).filter(|o| o.number == number) else {
            return Take::Over;
        };
        if has_room && open.credit > 0 {
            open.credit -= frame_bytes as i64;
            return Take::Sent;
        }
        if self.hung_up && open.credit <= 0 {
            return Take::Over;
        }
        match &mut open.sender {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        if has_room {
            return Take::NoCredit;
        }
        self.crowded = true;
        Take::NoRoom
    }

    /// Whether somebody waits for room.
    #[inline]
    pub(crate) fn is_crowded(&self) -> bool {
        self.crowded
    }

    /// There is room again. The wakers are of those who waited for it.
    pub(super) fn make_room(&mut self) -> Vec<Waker> {
        self.crowded = false;
        let with_credit = self.open.values_mut().filter(|open| open.credit > 0);
        with_credit.filter_map(|open| open.sender.take()).collect()
    }

    /// Takes what the peer sent for a stream: a message, its end, or credit. A stream that is not known has ended here, and the peer does
    /// not know yet. The waker is of who waits for it.
    ///
    /// # Errors
    /// What the peer did wrong. The caller ends the stream.
    pub(crate) fn receive(
        &mut self,
        header: &Header,
        payload: Result<Payload, Status>,
    ) -> Result<Option<Waker>, Status> {
        let Some(open) = self.open.get_mut(&header.request_id) else {
            return Ok(None);
        };
        let payload = payload?;
        match header.head {
            Head::Message => {
                let message = Arrived {
                    packing: Packing::of(header.packed, &payload.body)?,
                    body: payload.body,
                };
                // As if it had come as it was.
                let beside = header.payload_len - header.body_len();
                let frame_bytes = HEADER_BYTES + beside as usize + message.len();
                open.inlet.push(frame_bytes, message)
            }
            Head::End => Ok(open.inlet.end(Ok(()))),
            Head::Credit(credit) => {
                open.credit = CREDIT_BYTES_MAX.min(open.credit + i64::from(credit.bytes));
                Ok(match open.credit > 0 {
                    true => open.sender.take(),
                    false => None,
                })
            }
            _ => Ok(None),
        }
    }

    /// The peer sends nothing more on the whole connection, though it may still read. Streams of its messages that it has not ended are
    /// broken off, and nobody waits for credit any more. The wakers are of those who wait.
    pub(crate) fn hang_up(&mut self) -> Vec<Waker> {
        self.hung_up = true;
        let broken_off = || Status::cancelled("the caller has hung up before its last message");
        let open = self.open.values_mut();
        open.flat_map(|open| [open.inlet.end(Err(broken_off())), open.sender.take()])
            .flatten()
            .collect()
    }

    /// Tells whoever waits for messages of a call that the peer did something wrong. The waker is of who waits for it.
    pub(crate) fn fail(&mut self, id: u64, status: Status) -> Option<Waker> {
        self.open.get(&id)?.inlet.fail(status)
    }
}

impl Open {
    /// Wakes a sender who still waits. Nobody does, usually: the call is over because its handler is, or its caller has the answer.
    fn close(self) -> Arc<Inlet> {
        if let Some(waker) = self.sender {
            waker.wake();
        }
        self.inlet
    }
}

/// What those are told that still hold an end of a call.
pub(crate) fn over() -> Status {
    Status::cancelled("the call is over")
}
