//! Bare tokio: frames of `len u32, id u64, payload`, many calls in flight on a connection, nothing else.
//!
//! No protobuf, deadlines, metadata or cancellation: what a framework on tokio can come near to.
//!
//! The client is a real one: any task may call, and a reader task completes the slots.

use super::run_on_workers;
use crate::load::Load;
use crate::{Fault, server, work};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use std::future::poll_fn;
use std::mem;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Poll, Waker};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Variant {
    /// A task a call; a writer that lets the other ready tasks add their frames before it writes.
    Spawn,
    /// The handler runs in the connection's task, which answers a read with one write.
    Inline,
    /// As `Spawn`, but the writer writes as soon as it is woken, and tokio runs a task that was just woken first:
    /// about one write a call.
    Eager,
}

const HEADER_BYTES: usize = 12;
const BUFFER_BYTES: usize = 128 * 1024;

pub(crate) fn server(addr: SocketAddr, variant: Variant) -> Result<(), Fault> {
    run_on_workers(async move {
        let listener = TcpListener::bind(addr).await?;
        server::announce(listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let (reader, writer) = stream.into_split();
            match variant {
                Variant::Inline => tokio::spawn(serve_inline(reader, writer)),
                _ => tokio::spawn(serve(reader, writer, variant)),
            };
        }
    })
}

async fn serve(mut reader: OwnedReadHalf, writer: OwnedWriteHalf, variant: Variant) {
    let outbox = Arc::new(Outbox::new());
    tokio::spawn(outbox.clone().run(writer, variant));
    let mut input = BytesMut::with_capacity(BUFFER_BYTES);
    while fill(&mut reader, &mut input).await {
        while let Some((id, payload)) = take_frame(&mut input) {
            let outbox = outbox.clone();
            tokio::spawn(async move {
                work::handle(&payload).await;
                outbox.push(id, &payload);
            });
        }
    }
    outbox.wake.notify_one();
}

async fn serve_inline(mut reader: OwnedReadHalf, mut writer: OwnedWriteHalf) {
    let mut input = BytesMut::with_capacity(BUFFER_BYTES);
    let mut output = BytesMut::with_capacity(BUFFER_BYTES);
    while fill(&mut reader, &mut input).await {
        while let Some((id, payload)) = take_frame(&mut input) {
            work::handle(&payload).await;
            put_frame(&mut output, id, &payload);
        }
        if writer.write_all(&output).await.is_err() {
            return;
        }
        output.clear();
    }
}

pub(crate) fn client(load: Load, variant: Variant) -> Result<(), Fault> {
    run_on_workers(async move {
        for _ in 0..load.cell.connections {
            let client = Client::connect(load.addr, variant).await?;
            let call = async move |payload: Bytes| Ok(client.call(&payload).await.len());
            load.slots(call).for_each(|slot| drop(tokio::spawn(slot)));
        }
        load.measure().await
    })
}

fn take_frame(input: &mut BytesMut) -> Option<(u64, Bytes)> {
    let header: &[u8; HEADER_BYTES] = input.first_chunk()?;
    let length = u32::from_le_bytes(*header.first_chunk()?) as usize;
    if input.len() < HEADER_BYTES + length {
        return None;
    }
    input.advance(4);
    let id = input.get_u64_le();
    Some((id, input.split_to(length).freeze()))
}

fn put_frame(output: &mut BytesMut, id: u64, payload: &[u8]) {
    output.reserve(HEADER_BYTES + payload.len());
    output.put_u32_le(payload.len() as u32);
    output.put_u64_le(id);
    output.put_slice(payload);
}

/// False at the end of the stream.
async fn fill(reader: &mut OwnedReadHalf, input: &mut BytesMut) -> bool {
    if input.capacity() - input.len() < BUFFER_BYTES / 4 {
        input.reserve(BUFFER_BYTES);
    }
    matches!(reader.read_buf(input).await, Ok(read) if read > 0)
}

/// Frames on their way out: who has one appends it, the writer takes all there are.
struct Outbox {
    frames: Mutex<Frames>,
    wake: Notify,
}

struct Frames {
    bytes: BytesMut,
    /// The writer was told and has not yet found the buffer empty.
    writing: bool,
}

impl Outbox {
    fn new() -> Self {
        let bytes = BytesMut::with_capacity(BUFFER_BYTES / 2);
        Self {
            frames: Mutex::new(Frames {
                bytes,
                writing: false,
            }),
            wake: Notify::new(),
        }
    }

    fn push(&self, id: u64, payload: &[u8]) {
        let mut frames = locked(&self.frames);
        put_frame(&mut frames.bytes, id, payload);
        let was_writing = mem::replace(&mut frames.writing, true);
        drop(frames);
        if !was_writing {
            self.wake.notify_one();
        }
    }

    async fn run(self: Arc<Self>, mut writer: OwnedWriteHalf, variant: Variant) {
        let mut batch = BytesMut::with_capacity(BUFFER_BYTES / 2);
        loop {
            self.wake.notified().await;
            loop {
                if variant != Variant::Eager {
                    tokio::task::yield_now().await;
                }
                {
                    let mut frames = locked(&self.frames);
                    if frames.bytes.is_empty() {
                        frames.writing = false;
                        break;
                    }
                    mem::swap(&mut frames.bytes, &mut batch);
                }
                if writer.write_all(&batch).await.is_err() {
                    return;
                }
                batch.clear();
            }
            if Arc::strong_count(&self) == 1 {
                return;
            }
        }
    }
}

struct Client {
    outbox: Arc<Outbox>,
    pending: Mutex<Pending>,
}

struct Pending {
    slots: Vec<Slot>,
    free: Option<usize>,
}

enum Slot {
    /// The next free one.
    Free(Option<usize>),
    Waiting(Option<Waker>),
    Done(Bytes),
}

impl Client {
    async fn connect(addr: SocketAddr, variant: Variant) -> Result<Arc<Client>, Fault> {
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        let (reader, writer) = stream.into_split();
        let client = Arc::new(Client {
            outbox: Arc::new(Outbox::new()),
            pending: Mutex::new(Pending {
                slots: Vec::new(),
                free: None,
            }),
        });
        tokio::spawn(client.outbox.clone().run(writer, variant));
        tokio::spawn(client.clone().complete(reader));
        Ok(client)
    }

    async fn complete(self: Arc<Self>, mut reader: OwnedReadHalf) {
        let mut input = BytesMut::with_capacity(BUFFER_BYTES);
        while fill(&mut reader, &mut input).await {
            let mut pending = locked(&self.pending);
            while let Some((id, payload)) = take_frame(&mut input) {
                if let Slot::Waiting(Some(waker)) =
                    mem::replace(&mut pending.slots[id as usize], Slot::Done(payload))
                {
                    waker.wake();
                }
            }
        }
        crate::client::fail("the server hung up");
    }

    async fn call(&self, payload: &[u8]) -> Bytes {
        let id = locked(&self.pending).take();
        self.outbox.push(id as u64, payload);
        poll_fn(|cx| {
            let mut pending = locked(&self.pending);
            let free = pending.free;
            match &mut pending.slots[id] {
                Slot::Done(answer) => {
                    let answer = mem::take(answer);
                    pending.slots[id] = Slot::Free(free);
                    pending.free = Some(id);
                    Poll::Ready(answer)
                }
                slot => {
                    *slot = Slot::Waiting(Some(cx.waker().clone()));
                    Poll::Pending
                }
            }
        })
        .await
    }
}

impl Pending {
    fn take(&mut self) -> usize {
        match self.free {
            None => {
                self.slots.push(Slot::Waiting(None));
                self.slots.len() - 1
            }
            Some(id) => {
                if let Slot::Free(next) = mem::replace(&mut self.slots[id], Slot::Waiting(None)) {
                    self.free = next;
                }
                id
            }
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no panic under this lock")
}
