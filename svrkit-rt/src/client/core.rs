//! The way of a call: to somebody who can be asked, and once more where that is right.

use super::backoff;
use super::callee::not_admitted;
use super::config::{ChannelConfig, HedgeConfig};
use super::connection::CallFuture;
use super::counting::Counting;
use super::discover::{Announce, Discover, EndpointOptions};
use super::endpoint::Endpoint;
use super::fleet::{Fleet, Instance, Picked, Watch};
use super::retry::{Allowance, Attempt, Budget, Verdict, verdict};
use super::usual::Usual;
use super::watch::ChannelState;
use crate::context::Context;
use crate::service::{Request, Response};
use crate::status::{Code, Status};
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{self, Poll, ready};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, sleep_until};

/// Connections that a call tries which turn out to be closed.
const CLOSED_MAX: u32 = 3;

/// What all clones of a channel share.
pub(crate) struct Core {
    fleet: Arc<Fleet>,
    waiting: AtomicUsize,
    config: Arc<ChannelConfig>,
    retries: Budget,
    hedges: Budget,
    runtime: Handle,
    /// Who tells which endpoints there are, if they are not fixed.
    source: Option<AbortHandle>,
}

impl Core {
    pub(super) fn new(config: ChannelConfig, runtime: Handle) -> Core {
        let config = Arc::new(config);
        let now = Instant::now();
        let retries = Allowance {
            percent: config.retry.percent,
            per_s: config.retry.per_s,
            window_ms: config.retry.window_ms,
        };
        let hedges = Allowance {
            percent: config.hedge.percent,
            per_s: config.hedge.per_s,
            window_ms: config.hedge.window_ms,
        };
        Core {
            fleet: Fleet::new(config.clone(), runtime.clone()),
            waiting: AtomicUsize::new(0),
            config,
            retries: Budget::new(retries, now),
            hedges: Budget::new(hedges, now),
            runtime,
            source: None,
        }
    }

    /// These endpoints, and no others ever.
    pub(super) fn set_endpoints(&self, endpoints: Vec<Endpoint>) {
        self.fleet.set(endpoints);
    }

    /// The endpoints that `source` tells, each with these options.
    pub(super) fn follow(&mut self, source: Box<dyn Discover>, options: EndpointOptions) {
        let announce = Announce::new(&self.fleet, options);
        let running = self.runtime.spawn(source.run(announce));
        self.source = Some(running.abort_handle());
    }

    /// How its instances do.
    pub(super) fn state(&self) -> ChannelState {
        self.fleet.state()
    }

    pub(super) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// `now` is when the call was made.
    ///
    /// What few calls need is boxed, and the rest stands here and not in functions of its own: a future is copied with all that it may
    /// come to hold, once for each that it is awaited in.
    pub(crate) async fn call(
        &self,
        mut request: Request,
        mut now: Instant,
    ) -> Result<Response, Status> {
        let mut counting = Counting::begin(&mut request, now);
        let picked = match self.fleet.pick(&request.context, now, None) {
            Some(picked) => Ok(picked),
            None => {
                let picked = Box::pin(self.wait(&request.context)).await;
                now = Instant::now();
                picked
            }
        };
        let admitted = picked.and_then(|picked| {
            let admitted = self.fleet.admitting(picked, &request.context, now);
            admitted.ok_or_else(not_admitted)
        });
        let result = match admitted {
            Err(status) => Err(status),
            Ok(picked) if picked.instance.is_some() => {
                self.retries.made(now);
                Box::pin(self.call_one_of_many(picked, request, now, &mut counting)).await
            }
            // Nobody to compare or to ask instead: the call is made, and that is all.
            Ok(picked) => {
                self.retries.made(now);
                let idempotent = request.context.may_be_repeated();
                let mut call = picked.connection.call(request, idempotent, now);
                let result = (&mut call).await;
                counting.attempted(call.times());
                match result {
                    Ok(response) => Ok(response),
                    Err(status) => {
                        let failed = Failed::of(status, call, idempotent, None, false);
                        Box::pin(self.again(failed, &mut counting)).await
                    }
                }
            }
        };
        counting.end(&result);
        result.map_err(Status::of_callee)
    }

    /// One attempt, and others where that is right.
    async fn call_one_of_many(
        &self,
        picked: Picked,
        request: Request,
        now: Instant,
        counting: &mut Counting,
    ) -> Result<Response, Status> {
        let usual = self.usual(&picked, &request.context);
        let hedge_after = self.hedge_after(usual.as_deref(), &request.context, now);
        let mut sending = self.send(picked, usual, request, now, now);
        let result = match hedge_after {
            None => sending.answer(counting).await,
            Some(after) => self.hedge(&mut sending, after, counting).await,
        };
        match result {
            Ok(response) => Ok(response),
            Err(status) => {
                let failed = sending.failed(status, false);
                Box::pin(self.again(failed, counting)).await
            }
        }
    }

    /// Makes a call again that failed, and again, as long as that is right; which may be not at all.
    async fn again(
        &self,
        mut failed: Box<Failed>,
        counting: &mut Counting,
    ) -> Result<Response, Status> {
        let retry = &self.config.retry;
        let (mut attempts, mut closed) = (1_u8, 1_u32);
        let mut refused = false;
        let mut may_have_run = false;
        loop {
            may_have_run |= !failed.status.not_started();
            refused |= failed.verdict == Verdict::Elsewhere;
            let Some(mut request) = failed.request.take() else {
                break;
            };
            let context = &mut request.context;
            match failed.verdict {
                Verdict::Fail => break,
                // Nobody noticed: it counts for nothing.
                Verdict::Next if closed >= CLOSED_MAX => break,
                Verdict::Next => closed += 1,
                Verdict::Elsewhere if failed.instance.is_none() => break,
                Verdict::Again | Verdict::Elsewhere => {
                    let (base_ms, max_ms) = (retry.pause_base_ms, retry.pause_max_ms);
                    let pause = backoff::pause(base_ms, max_ms, attempts as u32);
                    let may = attempts < retry.attempts_max && pause < context.remaining();
                    if !may || !self.retries.take(Instant::now()) {
                        break;
                    }
                    sleep(pause).await;
                    attempts += 1;
                    counting.is_retried();
                    context.attempt = context.attempt.saturating_add(1);
                }
            }
            let not = failed.instance.as_ref();
            let other = self.fleet.pick(context, Instant::now(), not);
            let picked = match (other, failed.verdict) {
                (Some(picked), _) => picked,
                (None, Verdict::Elsewhere) => break,
                (None, verdict) => match self.wait(context).await {
                    Ok(picked) => picked,
                    Err(status) if verdict == Verdict::Next => {
                        failed.status = status;
                        break;
                    }
                    // Who waits in vain gets the failure that he had.
                    Err(_) => break,
                },
            };
            if !picked.connection.admits(context.priority) {
                if failed.verdict == Verdict::Next {
                    failed.status = not_admitted();
                }
                break;
            }
            let now = Instant::now();
            let usual = self.usual(&picked, context);
            let mut sending = self.send(picked, usual, request, now, now);
            match sending.answer(counting).await {
                Ok(response) => return Ok(response),
                Err(status) => failed = sending.failed(status, refused),
            }
        }
        Err(match may_have_run {
            true => failed.status.with_maybe_started(),
            false => failed.status,
        })
    }

    /// Waits for `first`, and after a while asks somebody else beside it. The first answer counts; the other call is cancelled.
    async fn hedge<'a>(
        &'a self,
        first: &mut Sending<'a>,
        after: Duration,
        counting: &mut Counting,
    ) -> Result<Response, Status> {
        tokio::select! {
            biased;
            result = first.answer(counting) => return result,
            () = sleep(after) => {}
        }
        let Some(mut second) = self.second(first) else {
            return first.answer(counting).await;
        };
        counting.is_hedged();
        let (first_ended, result) = tokio::select! {
            biased;
            result = &mut *first => (true, result),
            result = &mut second => (false, result),
        };
        let (ended, other) = match first_ended {
            true => (&mut *first, &mut second),
            false => (&mut second, &mut *first),
        };
        counting.attempted(ended.call.times());
        match result {
            // The other may do better.
            Err(status) if ended.is_worth_repeating(&status) => other.answer(counting).await,
            result => {
                if !first_ended {
                    first.overtaken();
                }
                result
            }
        }
    }

    /// The call once more, to somebody else, if it may be made twice.
    fn second(&self, first: &Sending<'_>) -> Option<Sending<'_>> {
        let now = Instant::now();
        let (watch, request) = (first.watch.as_ref()?, first.call.request()?);
        let picked = self
            .fleet
            .pick(&request.context, now, Some(watch.instance()))?;
        // Whoever sheds has enough to do with first calls.
        let sheds = picked.instance.as_ref().is_none_or(|i| i.sheds());
        if sheds || !self.hedges.take(now) {
            return None;
        }
        let mut request = request.clone();
        request.context.attempt = request.context.attempt.saturating_add(1);
        Some(self.send(picked, watch.usual(), request, now, watch.began()))
    }

    fn send(
        &self,
        picked: Picked,
        usual: Option<Arc<Usual>>,
        request: Request,
        now: Instant,
        began: Instant,
    ) -> Sending<'_> {
        let idempotent = request.context.may_be_repeated();
        let streams = request.context.streams.is_some();
        let watch = |instance| Watch::new(&self.fleet, instance, usual, now, began);
        let watch = picked.instance.map(watch);
        // A channel to one instance has no use for a call that it may not make again, and nobody has for a stream that has begun.
        let keep = (idempotent || watch.is_some()) && !streams;
        Sending {
            call: picked.connection.call(request, keep, now),
            watch,
            idempotent,
            streams,
        }
    }

    /// After how long a call is made a second time, if it may be.
    fn hedge_after(
        &self,
        usual: Option<&Usual>,
        context: &Context,
        now: Instant,
    ) -> Option<Duration> {
        let HedgeConfig {
            percent,
            per_s,
            delay_ms_min,
            ..
        } = self.config.hedge;
        if !context.may_be_repeated() || (percent == 0 && per_s == 0) {
            return None;
        }
        let after = usual?.p95()?.max(Duration::from_millis(delay_ms_min));
        (after < context.deadline.remaining_at(now)).then_some(after)
    }

    /// What the method's calls usually take, where there is somebody to compare. Streams take what their callers want them to.
    fn usual(&self, picked: &Picked, context: &Context) -> Option<Arc<Usual>> {
        picked.instance.as_ref()?;
        match context.streams {
            None => self.fleet.usual(context.method.id),
            Some(_) => None,
        }
    }

    /// Waits for anybody to be there, starting what may be started.
    async fn wait(&self, context: &Context) -> Result<Picked, Status> {
        let _waiting = Waiting::enter(&self.waiting, self.config.waiting_calls_max)?;
        let deadline = context.deadline.instant();
        loop {
            let mut changed = pin!(self.fleet.changed().notified());
            changed.as_mut().enable();
            let now = Instant::now();
            if let Some(picked) = self.fleet.pick(context, now, None) {
                return Ok(picked);
            }
            let retry_at = self.fleet.tend(now);
            let until = retry_at.map_or(deadline, |t| t.min(deadline));
            tokio::select! {
                biased;
                () = changed => {}
                () = sleep_until(until) => {}
            }
            if deadline <= Instant::now() {
                return Err(self.fleet.not_connected());
            }
        }
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        if let Some(source) = &self.source {
            source.abort();
        }
        self.fleet.close();
    }
}

/// A call on its way to one instance.
struct Sending<'a> {
    call: CallFuture,
    watch: Option<Watch<'a>>,
    idempotent: bool,
    streams: bool,
}

/// Why a call failed, and what is to become of it.
struct Failed {
    status: Status,
    verdict: Verdict,
    request: Option<Request>,
    /// Who failed it, where there are others.
    instance: Option<Arc<Instance>>,
}

impl Failed {
    fn of(
        status: Status,
        mut call: CallFuture,
        idempotent: bool,
        instance: Option<Arc<Instance>>,
        refused_before: bool,
    ) -> Box<Failed> {
        let attempt = Attempt {
            idempotent,
            unsent: call.is_unsent(),
            whole: call.request().is_some(),
            refused_before,
        };
        Box::new(Failed {
            verdict: verdict(&status, attempt),
            status,
            request: call.take_request(),
            instance,
        })
    }
}

impl Sending<'_> {
    /// Its end, counted.
    async fn answer(&mut self, counting: &mut Counting) -> Result<Response, Status> {
        let result = (&mut *self).await;
        counting.attempted(self.call.times());
        result
    }

    fn overtaken(&self) {
        if let Some(watch) = &self.watch {
            watch.overtaken();
        }
    }

    fn is_worth_repeating(&self, status: &Status) -> bool {
        let attempt = Attempt {
            idempotent: self.idempotent,
            unsent: self.call.is_unsent(),
            whole: self.call.request().is_some(),
            refused_before: false,
        };
        verdict(status, attempt) != Verdict::Fail
    }

    fn failed(self, status: Status, refused_before: bool) -> Box<Failed> {
        let instance = self.watch.as_ref().map(|watch| watch.instance().clone());
        Failed::of(status, self.call, self.idempotent, instance, refused_before)
    }
}

impl Future for Sending<'_> {
    type Output = Result<Response, Status>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Self::Output> {
        let result = ready!(Pin::new(&mut self.call).poll(cx));
        // A stream that went on for as long as it might says nothing of who served it.
        let is_full = self.streams
            && matches!(&result, Err(status) if status.code() == Code::DeadlineExceeded);
        if let Some(watch) = &self.watch
            && !self.call.is_unsent()
            && !is_full
        {
            watch.ended(&result);
        }
        Poll::Ready(result)
    }
}

struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn enter(waiting: &'a AtomicUsize, max: usize) -> Result<Waiting<'a>, Status> {
        let before = waiting.fetch_add(1, Relaxed);
        let entered = Waiting(waiting);
        if before >= max {
            let message = format!("waiting_calls_max: {before} calls wait for a connection");
            return Err(Status::resource_exhausted(message).with_not_started());
        }
        Ok(entered)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Channel({} lanes)", self.fleet.lanes())
    }
}
