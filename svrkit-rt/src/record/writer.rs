//! The thread that writes a recording.

use super::call::{RecordedMethod, TakenCall};
use super::format::{BLOCK_HEAD_BYTES, END_BYTES, EndBlock, Header, block_head};
use super::recording::Ended;
use super::redaction::Redaction;
use super::tap::Counts;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

/// Bytes gathered before they are written, while calls come faster than that.
const BUFFER_BYTES: usize = 64 * 1024;

/// Writes calls as they come, until one of the bounds is reached or nobody sends any more.
#[derive(Debug)]
pub(super) struct Writer<W: Write> {
    file: BufWriter<W>,
    queue: Receiver<TakenCall>,
    redactions: Vec<Redaction>,
    counts: Arc<Counts>,
    began: Instant,
    duration_max: Duration,
    file_bytes_max: u64,
    /// Of the call being written; kept for the next one.
    block: Vec<u8>,
}

/// What bounds a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) file_bytes_max: u64,
    pub(super) duration_max: Duration,
}

enum Next {
    Call(TakenCall),
    Ended(Ended),
}

impl<W: Write> Writer<W> {
    /// Calls of the method with number `n` lose their secrets by `redactions[n]`.
    pub(super) fn new(
        file: W,
        queue: Receiver<TakenCall>,
        redactions: Vec<Redaction>,
        counts: Arc<Counts>,
        bounds: Bounds,
    ) -> Writer<W> {
        Writer {
            file: BufWriter::with_capacity(BUFFER_BYTES, file),
            queue,
            redactions,
            counts,
            began: Instant::now(),
            duration_max: bounds.duration_max,
            file_bytes_max: bounds.file_bytes_max,
            block: Vec::new(),
        }
    }

    /// Begins the file.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn begin(&mut self, header: &Header, methods: &[RecordedMethod]) -> io::Result<()> {
        let header = header.encode();
        self.file.write_all(&header)?;
        self.counts
            .file_bytes
            .fetch_add(header.len() as u64, Relaxed);
        for method in methods {
            self.put(&method.encode())?;
        }
        self.file.flush()
    }

    /// Writes until the end; `close` sees to it that nothing more is sent. Returns why it ended.
    pub(super) fn run(mut self, close: impl FnOnce()) -> Ended {
        let why = loop {
            match self.next() {
                Ok(Next::Ended(why)) => break why,
                Ok(Next::Call(call)) => match self.write(&call) {
                    Ok(true) => {}
                    Ok(false) => break Ended::FileBytes,
                    Err(error) => break Ended::Failed(error.to_string()),
                },
                Err(error) => break Ended::Failed(error.to_string()),
            }
        };
        close();
        match self.finish(&why) {
            Ok(()) => why,
            Err(error) => Ended::Failed(error.to_string()),
        }
    }

    fn next(&mut self) -> io::Result<Next> {
        let left = self.duration_max.saturating_sub(self.began.elapsed());
        if left.is_zero() {
            return Ok(Next::Ended(Ended::Time));
        }
        match self.queue.try_recv() {
            Ok(call) => return Ok(Next::Call(call)),
            Err(TryRecvError::Disconnected) => return Ok(Next::Ended(Ended::Stopped)),
            // Whoever reads along, or the process's end, finds all that came.
            Err(TryRecvError::Empty) => self.file.flush()?,
        }
        Ok(match self.queue.recv_timeout(left) {
            Ok(call) => Next::Call(call),
            Err(RecvTimeoutError::Disconnected) => Next::Ended(Ended::Stopped),
            Err(RecvTimeoutError::Timeout) => Next::Ended(Ended::Time),
        })
    }

    /// False when the file has no room for it.
    fn write(&mut self, call: &TakenCall) -> io::Result<bool> {
        self.counts.queued_bytes.fetch_sub(call.bytes(), Relaxed);
        let Ok(body) = self.redactions[usize::from(call.method)].clear(&call.body) else {
            self.counts.unreadable.fetch_add(1, Relaxed);
            return Ok(true);
        };
        let mut block = std::mem::take(&mut self.block);
        call.encode(&body, &mut block);
        let whole = (BLOCK_HEAD_BYTES + block.len() + BLOCK_HEAD_BYTES + END_BYTES) as u64;
        let has_room = self.counts.file_bytes.load(Relaxed) + whole <= self.file_bytes_max;
        match has_room {
            true => {
                self.put(&block)?;
                self.counts.recorded.fetch_add(1, Relaxed);
            }
            false => drop(self.counts.dropped.fetch_add(1, Relaxed)),
        }
        self.block = block;
        Ok(has_room)
    }

    /// What was taken before the end and has room is written still, and then the end itself.
    fn finish(&mut self, why: &Ended) -> io::Result<()> {
        let mut has_room = matches!(why, Ended::Stopped | Ended::Time);
        while let Ok(call) = self.queue.recv() {
            match has_room {
                true => has_room = self.write(&call)?,
                false => drop(self.counts.dropped.fetch_add(1, Relaxed)),
            }
        }
        // Behind a block that was not written whole nothing may stand.
        let Some(why) = why.number() else {
            return Ok(());
        };
        let end = EndBlock {
            why,
            recorded: self.counts.recorded.load(Relaxed),
            dropped: self.counts.dropped.load(Relaxed),
            unreadable: self.counts.unreadable.load(Relaxed),
            lasted_us: self.began.elapsed().as_micros() as u64,
        };
        self.put(&end.encode())?;
        self.file.flush()
    }

    fn put(&mut self, block: &[u8]) -> io::Result<()> {
        let head = block_head(block);
        self.file.write_all(&head)?;
        self.file.write_all(block)?;
        let bytes = (head.len() + block.len()) as u64;
        self.counts.file_bytes.fetch_add(bytes, Relaxed);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::sync_channel;

    /// A disk that is full after so many bytes.
    struct Disk(usize);

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self
                .0
                .checked_sub(bytes.len())
                .ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_ends_the_recording_and_says_so() {
        let (queue, taken) = sync_channel(1);
        let counts = Arc::new(Counts::default());
        let bounds = Bounds {
            file_bytes_max: 1 << 20,
            duration_max: Duration::from_secs(3_600),
        };
        let mut writer = Writer::new(Disk(40), taken, Vec::new(), counts, bounds);
        let header = Header {
            share: 1.0,
            started_us: 0,
        };
        writer.begin(&header, &[]).unwrap();
        drop(queue);
        let ended = writer.run(|| {});
        assert!(
            matches!(&ended, Ended::Failed(why) if why.contains("no storage space")),
            "{ended:?}"
        );
    }
}
