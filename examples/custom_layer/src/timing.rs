//! A layer: counts calls and failures a method, and adds up their time. It wraps a server's handlers and a channel's calls alike,
//! because both are a `Service`. A call whose future is dropped (nobody wants its answer any more) is not counted.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use svrkit_rt::{Layer, Request, Response, Service, Status};

/// What was measured; clones share it.
#[derive(Clone, Default)]
pub(crate) struct Timings(Arc<Mutex<BTreeMap<&'static str, Timing>>>);

#[derive(Clone, Copy, Default)]
pub(crate) struct Timing {
    pub(crate) calls: u64,
    pub(crate) failures: u64,
    pub(crate) total: Duration,
}

impl Timings {
    /// What was measured of a method, by its full name.
    pub(crate) fn of(&self, method: &str) -> Timing {
        let timings = self.0.lock().unwrap_or_else(|e| e.into_inner());
        timings.get(method).copied().unwrap_or_default()
    }

    fn add(&self, method: &'static str, took: Duration, failed: bool) {
        let mut timings = self.0.lock().unwrap_or_else(|e| e.into_inner());
        let timing = timings.entry(method).or_default();
        timing.calls += 1;
        timing.failures += u64::from(failed);
        timing.total += took;
    }
}

/// A service with its calls timed.
pub(crate) struct Timed<S> {
    inner: S,
    timings: Timings,
}

impl<S: Service> Layer<S> for Timings {
    type Service = Timed<S>;

    fn layer(self, inner: S) -> Timed<S> {
        Timed {
            inner,
            timings: self,
        }
    }
}

impl<S: Service> Service for Timed<S> {
    async fn call(&self, request: Request) -> Result<Response, Status> {
        let method = request.context.method.full_name;
        let begin = Instant::now();
        let result = self.inner.call(request).await;
        self.timings.add(method, begin.elapsed(), result.is_err());
        result
    }
}

impl fmt::Display for Timings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let timings = self.0.lock().unwrap_or_else(|e| e.into_inner());
        for (method, t) in timings.iter() {
            let Timing {
                calls,
                failures,
                total,
            } = t;
            writeln!(f, "  {method}: {calls} calls, {failures} failed, {total:?}")?;
        }
        Ok(())
    }
}
