//! One HTTP connection: hyper, a drain from outside, and an eye on the clock.

use super::activity::{Activity, Overdue};
use super::exchange::Exchange;
use super::io::HttpIo;
use super::refusal::{HTTP2_PREFACE, refusal};
use crate::auth::Caller;
use crate::server::{Control, Identity, ServerState, Traffic};
use crate::service::Service;
use crate::transport::Stream;
use bytes::BytesMut;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// What the server does to a connection from outside.
#[derive(Debug)]
struct HttpControl {
    activity: Activity,
    /// Told to end once its request is answered.
    drain: Notify,
    identity: Arc<Identity>,
}

impl Control for HttpControl {
    fn traffic(&self) -> Traffic {
        self.activity.traffic()
    }

    fn caller(&self) -> Option<Caller> {
        self.identity.caller().cloned()
    }

    fn drain(&self) {
        self.drain.notify_one();
    }
}

/// The task's own part.
pub(crate) struct Connection<S> {
    io: HttpIo,
    activity: Activity,
    control: Arc<HttpControl>,
    server: Arc<ServerState<S>>,
    /// The peer begins as HTTP/2 does.
    is_http2: bool,
}

/// Why a connection is over.
enum End {
    /// The peer is gone, or asked to close, or everything is drained; or it broke the protocol and was told so.
    Http(hyper::Result<()>),
    Overdue(Overdue),
}

impl<S: Service> Connection<S> {
    /// `first` are the bytes by which the protocol was recognised.
    pub(crate) fn new(
        stream: Stream,
        first: BytesMut,
        opened: Instant,
        identity: Identity,
        server: Arc<ServerState<S>>,
    ) -> Connection<S> {
        let activity = Activity::new(opened, first.len());
        Connection {
            is_http2: first.starts_with(HTTP2_PREFACE),
            io: HttpIo::new(stream, first, activity.clone()),
            control: Arc::new(HttpControl {
                activity: activity.clone(),
                drain: Notify::new(),
                identity: Arc::new(identity),
            }),
            activity,
            server,
        }
    }

    pub(crate) fn control(&self) -> Arc<dyn Control> {
        self.control.clone()
    }

    /// Serves until the peer is gone, takes too long, breaks the protocol, or a drain is over.
    pub(crate) async fn run(self) {
        let Connection {
            #[cfg_attr(
                feature = "grpc",
                expect(unused_mut, reason = "nothing is said to HTTP/2")
            )]
            mut io,
            activity,
            control,
            server,
            is_http2,
        } = self;
        let identity = control.identity.clone();
        #[cfg(feature = "grpc")]
        if is_http2 {
            return super::grpc::run(io, activity, &control.drain, identity, server).await;
        }
        // Of the next version's preface, hyper would make silence.
        #[cfg(not(feature = "grpc"))]
        if is_http2 {
            let message = "this server speaks HTTP/1.1 and frames";
            let status = "505 HTTP Version Not Supported";
            io.say(&refusal(status, "unimplemented", message)).await;
            return io.linger().await;
        }
        let options = server.site().options().clone();
        let limits = server.limits().clone();
        let exchange = Exchange::new(server, identity, activity.clone());
        let mut http = hyper::server::conn::http1::Builder::new()
            .header_read_timeout(None)
            .max_buf_size(options.head_bytes_max.max(8 * 1024))
            .max_headers(options.headers_max)
            .serve_connection(io, exchange);
        let mut draining = false;
        let mut drained = pin!(control.drain.notified());
        let mut timer = pin!(sleep_until(Instant::now()));
        // Polled by hand, because hyper gives the stream back only from `poll_without_shutdown`, and because all that moves the
        // clock happens inside of it.
        let end = poll_fn(|cx| {
            loop {
                if let Poll::Ready(result) = http.poll_without_shutdown(cx) {
                    return Poll::Ready(End::Http(result));
                }
                if !draining && drained.as_mut().poll(cx).is_ready() {
                    draining = true;
                    activity.drain();
                    Pin::new(&mut http).graceful_shutdown();
                    continue;
                }
                let Some((at, overdue)) = activity.due(&limits, &options) else {
                    return Poll::Pending;
                };
                if at <= Instant::now() {
                    return Poll::Ready(End::Overdue(overdue));
                }
                if timer.deadline() != at {
                    timer.as_mut().reset(at);
                }
                if timer.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
            }
        })
        .await;
        let mut io = http.into_parts().io;
        match end {
            End::Http(Ok(())) if !activity.is_unread() => io.close().await,
            End::Http(result) => {
                if let Err(e) = result {
                    tracing::debug!(error = %e, "HTTP connection ended");
                }
                io.linger().await;
            }
            End::Overdue(Overdue::Idle) => io.close().await,
            End::Overdue(Overdue::Head) => {
                let message = "first_frame_timeout_ms: no whole request head in time";
                io.say(&refusal(
                    "408 Request Timeout",
                    "deadline_exceeded",
                    message,
                ))
                .await;
                io.linger().await;
            }
            // Nothing can reach somebody who does not read; the log is all there is.
            End::Overdue(Overdue::Write) => {
                tracing::warn!("write_stall_timeout_ms: HTTP peer does not read");
            }
        }
    }
}
