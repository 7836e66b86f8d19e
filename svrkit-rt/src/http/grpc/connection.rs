//! One HTTP/2 connection: hyper within our bounds, a drain from outside, and an eye on the clock.

use super::exchange::Exchange;
use crate::http::activity::{Activity, Overdue};
use crate::http::io::HttpIo;
use crate::http::options::HttpOptions;
use crate::server::{Identity, Limits, ServerState};
use crate::service::Service;
use crate::streaming::FIRST_CREDIT_BYTES;
use hyper::rt::Executor;
use hyper::server::conn::http2::Builder;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// Bytes of all requests of a connection that nobody has read yet. A stream's part of it is what callers may send unasked in frames,
/// too; what its handler has not taken is held elsewhere, so a stream that stands still takes no more of this than that.
const CONNECTION_WINDOW_BYTES: u32 = 1024 * 1024;
/// Streams that the peer may have reset before we came to them (a rapid reset), and beyond which it is sent away. hyper's own default.
const RESET_UNSEEN_MAX: usize = 20;
/// Streams that we may have had to reset for what the peer did wrong, and beyond which it is sent away.
const RESET_BY_US_MAX: usize = 128;
/// Bytes of a stream's answers that HTTP/2 keeps at most and at least, however many streams share [`Limits::unwritten_bytes_max`].
const SEND_BYTES_MAX: usize = 1024 * 1024;
const SEND_BYTES_MIN: usize = 16 * 1024;
/// A stream's task ends with its connection: hyper tells it that its peer is gone.
#[derive(Clone, Copy, Debug)]
struct Spawn;

impl<F> Executor<F> for Spawn
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        tokio::spawn(stream);
    }
}

/// Serves until the peer is gone, takes too long, breaks the protocol, or a drain is over.
pub(in crate::http) async fn run<S: Service>(
    io: HttpIo,
    activity: Activity,
    drain: &Notify,
    identity: Arc<Identity>,
    server: Arc<ServerState<S>>,
) {
    activity.multiplex();
    let limits = server.limits().clone();
    let options = server.site().options().clone();
    let exchange = Exchange::new(server, identity, activity.clone());
    let mut http = pin!(builder(&limits, &options).serve_connection(io, exchange));
    // Since when no request is let in any more.
    let mut leaving: Option<Instant> = None;
    loop {
        let due = match leaving {
            None => activity.due(&limits, &options),
            Some(since) => activity.due_leaving(since, &limits),
        };
        // Requests end in tasks of their own, after which nobody comes by here.
        let check = Instant::now() + Duration::from_millis(limits.write_stall_timeout_ms);
        let at = due.map_or(check, |(at, _)| at.min(check));
        tokio::select! {
            biased;
            result = &mut http => {
                if let Err(e) = result {
                    tracing::debug!(error = %e, "HTTP/2 connection ended");
                }
                return;
            }
            () = drain.notified(), if leaving.is_none() => {
                leaving = Some(Instant::now());
                activity.drain();
                http.as_mut().graceful_shutdown();
            }
            () = sleep_until(at) => {
                let due = match leaving {
                    None => activity.due(&limits, &options),
                    Some(since) => activity.due_leaving(since, &limits),
                };
                match due.filter(|(at, _)| *at <= Instant::now()) {
                    None => {}
                    // Nothing can reach somebody who does not read; the log is all there is.
                    Some((_, Overdue::Write)) => {
                        tracing::warn!("write_stall_timeout_ms: HTTP/2 peer does not read");
                        return;
                    }
                    Some(_) if leaving.is_some() => return,
                    Some(_) => {
                        leaving = Some(Instant::now());
                        http.as_mut().graceful_shutdown();
                    }
                }
            }
        }
    }
}

fn builder(limits: &Limits, options: &HttpOptions) -> Builder<Spawn> {
    let streams = limits
        .streams_per_connection_max
        .min(limits.in_flight_per_connection_max)
        .max(1);
    let send_bytes = (limits.unwritten_bytes_max / streams).clamp(SEND_BYTES_MIN, SEND_BYTES_MAX);
    let mut http = Builder::new(Spawn);
    http.max_concurrent_streams(u32::try_from(streams).unwrap_or(u32::MAX))
        .max_pending_accept_reset_streams(RESET_UNSEEN_MAX)
        .max_local_error_reset_streams(RESET_BY_US_MAX)
        .max_header_list_size(u32::try_from(options.head_bytes_max).unwrap_or(u32::MAX))
        .initial_stream_window_size(FIRST_CREDIT_BYTES as u32)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_send_buf_size(send_bytes)
        .auto_date_header(false);
    http
}
