//! Where a server's requests are offered to a recording, and what of them goes into its queue.

use super::call::TakenCall;
use super::format::BLOCK_BYTES_MAX;
use super::metadata::without_secrets;
use crate::service::Request;
use bytes::Bytes;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::time::Instant;

/// Calls that wait for the thread that writes.
pub(super) const QUEUE_CALLS_MAX: usize = 4_096;
/// Bytes of them, unless a single one is larger.
const QUEUE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Bytes of a call beside its body, metadata and attachment, rounded up.
const CALL_OVERHEAD_BYTES: usize = 1_024;
/// Bodies up to this size are copied: sharing them would keep read buffers of 64 KiB for as long as they wait.
const COPIED_BYTES_MAX: usize = 4 * 1024;

/// A server's way into a recording: closed, unless one is under way. A cheap clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tap(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    is_open: AtomicBool,
    /// Behind a lock that readers share: whoever closes it knows that nobody is at it any more.
    sink: RwLock<Option<Arc<Sink>>>,
}

/// Takes a sample of the calls that it is offered.
#[derive(Debug)]
pub(super) struct Sink {
    /// The chosen methods by name, with their numbers in the file.
    pub(super) methods: HashMap<&'static str, u16>,
    pub(super) sample: Sample,
    pub(super) began: Instant,
    pub(super) queue: SyncSender<TakenCall>,
    pub(super) counts: Arc<Counts>,
}

/// Which calls are taken: those whose random number is below this, of 2^32.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample(u64);

/// What became of the calls that were taken.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) recorded: AtomicU64,
    /// There was no room, in the queue or in the file.
    pub(super) dropped: AtomicU64,
    /// Their bodies were not what the IDL says, so that nobody knows what in them is a secret.
    pub(super) unreadable: AtomicU64,
    /// Bytes of the file.
    pub(super) file_bytes: AtomicU64,
    /// Bytes of calls in the queue.
    pub(super) queued_bytes: AtomicUsize,
}

impl Tap {
    /// Whether requests are wanted.
    #[inline]
    pub(crate) fn is_open(&self) -> bool {
        self.0.is_open.load(Relaxed)
    }

    /// Offers a request that is about to be served.
    #[cold]
    pub(crate) fn offer(&self, request: &Request) {
        let sink = self.0.sink.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(sink) = &*sink {
            sink.offer(request);
        }
    }

    /// Lets requests in. False when they go to somebody else already.
    pub(super) fn open(&self, sink: Arc<Sink>) -> bool {
        let mut own = self.0.sink.write().unwrap_or_else(PoisonError::into_inner);
        if own.as_ref().is_some_and(|own| !Arc::ptr_eq(own, &sink)) {
            return false;
        }
        *own = Some(sink);
        self.0.is_open.store(true, Relaxed);
        true
    }

    /// Once this returns, no request comes any more.
    pub(super) fn close(&self) {
        self.0.is_open.store(false, Relaxed);
        *self.0.sink.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Sink {
    fn offer(&self, request: &Request) {
        let context = &*request.context;
        let Some(method) = self.methods.get(context.method.full_name) else {
            return;
        };
        if !self.sample.takes() {
            return;
        }
        let now = Instant::now();
        let call = TakenCall {
            method: *method,
            at: now.saturating_duration_since(self.began),
            timeout: context.deadline.remaining_at(now),
            priority: context.priority,
            routing_key: context.routing_key,
            metadata: without_secrets(&context.metadata),
            body: kept(&request.body),
            attachment: kept(&context.attachment),
        };
        let bytes = call.bytes();
        let queued = self.counts.queued_bytes.fetch_add(bytes, Relaxed);
        let has_room = queued == 0 || queued + bytes <= QUEUE_BYTES_MAX;
        let fits = has_room && bytes + CALL_OVERHEAD_BYTES <= BLOCK_BYTES_MAX;
        if !fits || self.queue.try_send(call).is_err() {
            self.counts.queued_bytes.fetch_sub(bytes, Relaxed);
            self.counts.dropped.fetch_add(1, Relaxed);
        }
    }
}

impl Sample {
    /// Of how many calls, 0 to 1.
    pub(super) fn of(share: f64) -> Sample {
        Sample((share * (1_u64 << 32) as f64).ceil() as u64)
    }

    fn takes(self) -> bool {
        u64::from(fastrand::u32(..)) < self.0
    }
}

fn kept(bytes: &Bytes) -> Bytes {
    match bytes.len() {
        0..=COPIED_BYTES_MAX => Bytes::copy_from_slice(bytes),
        _ => bytes.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Context;
    use crate::deadline::Deadline;
    use crate::descriptor::MethodDescriptor;
    use std::sync::mpsc::sync_channel;
    use std::time::Duration;

    static METHOD: MethodDescriptor = MethodDescriptor::plain(1, "a.B", "C", "a.B/C");

    fn request(body_bytes: usize) -> Request {
        let context = Context::new(&METHOD, Deadline::after(Duration::from_secs(1)));
        Request::new(context, vec![0; body_bytes].into())
    }

    #[test]
    fn what_the_queue_has_no_room_for_is_dropped_and_counted() {
        let (queue, taken) = sync_channel(2);
        let counts = Arc::new(Counts::default());
        let tap = Tap::default();
        let sink = |queue| Sink {
            methods: HashMap::from([(METHOD.full_name, 0)]),
            sample: Sample::of(1.0),
            began: Instant::now(),
            queue,
            counts: counts.clone(),
        };
        assert!(!tap.is_open());
        assert!(tap.open(Arc::new(sink(queue.clone()))));
        assert!(tap.is_open() && !tap.open(Arc::new(sink(queue))));
        let dropped = || counts.dropped.load(Relaxed);
        // Two bodies of this size are over the bound together, one alone is not.
        let half = QUEUE_BYTES_MAX * 2 / 3;
        for (bytes, expected) in [(half, 0), (half, 1), (10, 1), (10, 2)] {
            tap.offer(&request(bytes));
            assert_eq!(dropped(), expected);
        }
        let calls: Vec<TakenCall> = taken.try_iter().collect();
        let bytes = calls.iter().map(|call| call.body.len());
        assert_eq!(bytes.collect::<Vec<_>>(), [half, 10]);
        let held: usize = calls.iter().map(TakenCall::bytes).sum();
        assert_eq!(counts.queued_bytes.load(Relaxed), held);
        counts.queued_bytes.store(0, Relaxed);
        tap.offer(&request(BLOCK_BYTES_MAX));
        assert_eq!(dropped(), 3);
        tap.close();
        tap.offer(&request(1));
        assert!(!tap.is_open() && taken.recv().is_err());
        assert_eq!(dropped(), 3);
    }

    #[test]
    fn a_share_is_about_that_share() {
        fastrand::seed(7);
        let taken = |share| (0..10_000).filter(|_| Sample::of(share).takes()).count();
        assert_eq!(taken(1.0), 10_000);
        assert!((400..600).contains(&taken(0.05)), "{}", taken(0.05));
        // So small a share is still more than nothing.
        assert_eq!(Sample::of(1e-12).0, 1);
    }

    /// What a call pays: `cargo test --release -p svrkit-rt --lib record::tap -- --ignored --nocapture`.
    #[test]
    #[ignore = "a measurement"]
    fn cost_of_a_call() {
        const CALLS: u32 = 100_000;
        static OTHER: MethodDescriptor = MethodDescriptor::plain(2, "a.B", "D", "a.B/D");
        let (queue, taken) = sync_channel::<TakenCall>(QUEUE_CALLS_MAX);
        let counts = Arc::new(Counts::default());
        let held = counts.clone();
        std::thread::spawn(move || {
            for call in taken {
                held.queued_bytes.fetch_sub(call.bytes(), Relaxed);
            }
        });
        let sink = Arc::new(Sink {
            methods: HashMap::from([(METHOD.full_name, 0)]),
            sample: Sample::of(1.0),
            began: Instant::now(),
            queue,
            counts: counts.clone(),
        });
        let tap = Tap::default();
        let per_call = |name: &str, request: &Request| {
            let turns = (0..20).map(|_| {
                let begun = std::time::Instant::now();
                for _ in 0..CALLS {
                    if std::hint::black_box(&tap).is_open() {
                        tap.offer(std::hint::black_box(request));
                    }
                }
                begun.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS)
            });
            // The best of many turns: others use the machine, too.
            println!("{name}: {:.1} ns", turns.fold(f64::INFINITY, f64::min));
        };
        let chosen = request(100);
        let mut other = request(100);
        other.context.method = &OTHER;
        per_call("off", &chosen);
        assert!(tap.open(sink));
        per_call("on, another method", &other);
        per_call("on, taken or dropped", &chosen);
        println!("dropped {} of {}", counts.dropped.load(Relaxed), 20 * CALLS);
    }
}
