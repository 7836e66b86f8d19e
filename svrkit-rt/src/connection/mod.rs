//! What both ends of a connection share: reading frames, queueing them for the writer, and deciding who writes.

mod buffers;
mod out_queue;
mod outbox;
mod reader;

pub(crate) use out_queue::OutQueue;
pub(crate) use outbox::{Duty, Flush, Outbox, State, Writer};
pub(crate) use reader::{FrameReader, Incoming, TURN_FRAMES_MAX};
