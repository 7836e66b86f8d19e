//! The bad network itself: takes frames from one side and gives them to the other, or not.

use super::faults::Faults;
use super::seed::Seed;
use crate::frame::{HEADER_BYTES, Header};
use crate::transport::{Io, Stream};
use bytes::BytesMut;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, sleep_until};

/// Bytes that the network holds in flight each way before it takes no more.
const HELD_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Bytes between the client and the network.
const PIPE_BYTES: usize = 256 * 1024;

/// One direction ended so that the other must end too.
struct Cut;

impl From<io::Error> for Cut {
    fn from(_: io::Error) -> Cut {
        Cut
    }
}

/// Puts the network before `server`; returns the client's end.
pub(super) fn start(server: impl Io, faults: Faults, seed: Seed) -> Stream {
    let (near, client) = tokio::io::duplex(PIPE_BYTES);
    tokio::spawn(async move {
        let (client_read, client_write) = tokio::io::split(client);
        let (server_read, server_write) = tokio::io::split(server);
        let requests = Direction::new(&faults, seed.derive("requests"));
        let answers = Direction::new(&faults, seed.derive("answers"));
        // A cut of either drops both, and with them the ends of both pipes.
        let _ = tokio::try_join!(
            requests.run(client_read, server_write),
            answers.run(server_read, client_write)
        );
    });
    Stream::new(near)
}

/// What flows one way.
struct Direction<'a> {
    faults: &'a Faults,
    rng: fastrand::Rng,
    /// Read, and not yet a whole frame.
    buffer: BytesMut,
    /// Frames on their way, the next to arrive on top.
    held: BinaryHeap<Reverse<Held>>,
    held_bytes: usize,
    frames: u64,
    /// Frames that are not to be overtaken have all arrived by then.
    in_order_by: Instant,
    ended: bool,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Held {
    due: Instant,
    number: u64,
    bytes: BytesMut,
}

impl Direction<'_> {
    fn new(faults: &Faults, seed: Seed) -> Direction<'_> {
        Direction {
            faults,
            rng: seed.rng(),
            buffer: BytesMut::new(),
            held: BinaryHeap::new(),
            held_bytes: 0,
            frames: 0,
            in_order_by: Instant::now(),
            ended: false,
        }
    }

    async fn run(
        mut self,
        mut from: impl AsyncRead + Unpin,
        mut to: impl AsyncWrite + Unpin,
    ) -> Result<(), Cut> {
        loop {
            let due = self.held.peek().map(|held| held.0.due);
            if due.is_some_and(|due| due <= Instant::now()) {
                if let Some(Reverse(held)) = self.held.pop() {
                    self.held_bytes -= held.bytes.len();
                    to.write_all(&held.bytes).await?;
                    to.flush().await?;
                }
                continue;
            }
            if self.ended && due.is_none() {
                return Ok(to.shutdown().await?);
            }
            let has_room = self.held_bytes < HELD_BYTES_MAX;
            tokio::select! {
                biased;
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
                read = from.read_buf(&mut self.buffer), if !self.ended && has_room => {
                    if read? == 0 {
                        self.ended = true;
                        let rest = self.buffer.split();
                        self.hold(rest, false);
                    }
                    while let Some(frame) = self.next_frame() {
                        self.send(frame)?;
                    }
                }
            }
        }
    }

    /// The next whole frame; of what is no frame, all there is.
    fn next_frame(&mut self) -> Option<BytesMut> {
        let Some(raw) = self.buffer.first_chunk::<HEADER_BYTES>() else {
            let frame_or_nothing = self
                .buffer
                .first()
                .is_none_or(|b| *b == crate::frame::MAGIC);
            return (!frame_or_nothing).then(|| self.buffer.split());
        };
        match Header::decode(raw) {
            Ok(header) => {
                let len = HEADER_BYTES + header.payload_len as usize;
                (self.buffer.len() >= len).then(|| self.buffer.split_to(len))
            }
            Err(_) => Some(self.buffer.split()),
        }
    }

    /// Decides what becomes of a frame. Every decision is drawn for every frame, so that one fault more or less does not shift the
    /// others.
    fn send(&mut self, mut frame: BytesMut) -> Result<(), Cut> {
        let mut happens = |probability: f64| self.rng.f64() < probability;
        let faults = self.faults;
        let (cut, half_close) = (happens(faults.cut), happens(faults.half_close));
        let (drop, reorder) = (happens(faults.drop), happens(faults.reorder));
        let corrupt = happens(faults.corrupt);
        let bit = self.rng.usize(..);
        if self.ended {
            return Ok(());
        }
        if cut {
            return Err(Cut);
        }
        if half_close {
            self.ended = true;
            return Ok(());
        }
        let payload_bits = frame.len().saturating_sub(HEADER_BYTES) * 8;
        if corrupt && payload_bits > 0 {
            let bit = bit % payload_bits;
            frame[HEADER_BYTES + bit / 8] ^= 1 << (bit % 8);
        }
        if !drop {
            self.hold(frame, reorder);
        }
        Ok(())
    }

    fn hold(&mut self, bytes: BytesMut, overtaken: bool) {
        if bytes.is_empty() {
            return;
        }
        let (least, most) = (self.faults.delay.start(), self.faults.delay.end());
        let spread = most.saturating_sub(*least).mul_f64(self.rng.f64());
        let due = Instant::now() + *least + spread;
        let due = if overtaken {
            due + self.faults.reorder_by
        } else {
            self.in_order_by = self.in_order_by.max(due);
            self.in_order_by
        };
        self.held_bytes += bytes.len();
        self.frames += 1;
        self.held.push(Reverse(Held {
            due,
            number: self.frames,
            bytes,
        }));
    }
}
