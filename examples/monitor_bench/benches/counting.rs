//! One addition, one observation: with a handle and by labels, on one thread and on all processors at once.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use metrics_util::registry::{AtomicStorage, Registry};
use monitor_bench::{ThreadCells, open_segment};
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Barrier, LazyLock};
use std::thread;
use std::time::{Duration, Instant};
use svrkit_rt::monitor;

svrkit_rt::monitor! {
    /// Steps.
    static STEPS: Counter = "bench_steps";
    /// Time of a step.
    static STEP_TIME: Histogram = "bench_step_microseconds" in "microseconds";
    /// The longest step.
    static STEP_MAX: Max = "bench_longest_step_microseconds" in "microseconds";
    /// The number of the step.
    static STEP: Gauge = "bench_step";
}

static CELLS: LazyLock<ThreadCells> = LazyLock::new(ThreadCells::new);
static SHARED: AtomicU64 = AtomicU64::new(0);

/// What the `metrics` crate counts into: its own registry of atomics, as its exporters have.
struct Recorder(Registry<metrics::Key, AtomicStorage>);

impl metrics::Recorder for Recorder {
    fn describe_counter(
        &self,
        _: metrics::KeyName,
        _: Option<metrics::Unit>,
        _: metrics::SharedString,
    ) {
    }
    fn describe_gauge(
        &self,
        _: metrics::KeyName,
        _: Option<metrics::Unit>,
        _: metrics::SharedString,
    ) {
    }
    fn describe_histogram(
        &self,
        _: metrics::KeyName,
        _: Option<metrics::Unit>,
        _: metrics::SharedString,
    ) {
    }

    fn register_counter(&self, key: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Counter {
        self.0.get_or_create_counter(key, |c| Arc::clone(c).into())
    }

    fn register_gauge(&self, key: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Gauge {
        self.0.get_or_create_gauge(key, |g| Arc::clone(g).into())
    }

    fn register_histogram(
        &self,
        key: &metrics::Key,
        _: &metrics::Metadata<'_>,
    ) -> metrics::Histogram {
        self.0
            .get_or_create_histogram(key, |h| Arc::clone(h).into())
    }
}

/// Benches of one thread.
fn alone(c: &mut Criterion) {
    let mut group = c.benchmark_group("alone");
    bench(&mut group, "svrkit add", || STEPS.add(1));
    let id = STEPS.id();
    bench(&mut group, "svrkit add by id", || {
        monitor::add(black_box(id), 1)
    });
    bench(&mut group, "svrkit observe", || {
        STEP_TIME.observe(black_box(1_234))
    });
    bench(&mut group, "svrkit max", || STEP_MAX.max(black_box(1_234)));
    bench(&mut group, "svrkit set", || STEP.set(black_box(1_234)));
    bench(&mut group, "svrkit add by labels", || {
        let id = STEPS.labelled(&[("method", black_box("Send")), ("code", black_box("ok"))]);
        monitor::add(id, 1);
    });
    bench(&mut group, "thread cells (bvar) add", || CELLS.add(1));
    bench(&mut group, "fetch_add", || {
        SHARED.fetch_add(1, Relaxed);
    });
    let counter = metrics::counter!("bench_kept");
    bench(&mut group, "metrics add, handle kept", || {
        counter.increment(1)
    });
    bench(&mut group, "metrics add", || {
        metrics::counter!("bench_static").increment(1)
    });
    bench(&mut group, "metrics add by labels", || {
        let (method, code) = (black_box("Send"), black_box("ok"));
        metrics::counter!("bench_labelled", "method" => method, "code" => code).increment(1);
    });
    group.finish();
}

fn bench(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, mut count: impl FnMut()) {
    group.bench_function(name, |b| b.iter(&mut count));
}

/// Benches of a counter that all processors count at once.
fn contended(c: &mut Criterion) {
    let mut group = c.benchmark_group("contended");
    let mut bench = |name: &str, count: &(dyn Fn(u64) + Sync)| {
        group.bench_function(name, |b| {
            b.iter_custom(|steps| on_all_processors(steps, count))
        });
    };
    bench("svrkit add", &|steps| (0..steps).for_each(|_| STEPS.add(1)));
    bench("svrkit observe", &|steps| {
        (0..steps).for_each(|_| STEP_TIME.observe(black_box(1_234)));
    });
    bench("thread cells (bvar) add", &|steps| {
        (0..steps).for_each(|_| CELLS.add(1))
    });
    bench("fetch_add", &|steps| {
        (0..steps).for_each(|_| {
            SHARED.fetch_add(1, Relaxed);
        });
    });
    let counter = metrics::counter!("bench_kept");
    bench("metrics add, handle kept", &|steps| {
        (0..steps).for_each(|_| counter.increment(1));
    });
    group.finish();
}

/// The mean time in which a thread does so many steps while others do as many.
fn on_all_processors(steps: u64, count: &(dyn Fn(u64) + Sync)) -> Duration {
    let threads = thread::available_parallelism()
        .map_or(2, usize::from)
        .max(2);
    let begin = Barrier::new(threads);
    let times = thread::scope(|scope| {
        let run = || {
            begin.wait();
            let began = Instant::now();
            count(steps);
            began.elapsed()
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        let times = threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"));
        times.sum::<Duration>()
    });
    times / threads as u32
}

fn prepare(_: &mut Criterion) {
    open_segment().expect("a segment");
    let registry = Registry::new(AtomicStorage);
    metrics::set_global_recorder(Recorder(registry)).expect("no recorder yet");
}

criterion_group!(benches, prepare, alone, contended);
criterion_main!(benches);
