//! The short link: HTTP/1.1, a call a request. The same bodies as on the long link, without its frame: the path says which method.

pub(crate) mod answer;
mod exchange;
mod io;
mod pace;
mod request;

use crate::accept::{Guest, link};
use crate::handle::End;
use crate::stats::Kind;
use crate::websocket::WebSocket;
use exchange::Exchange;
use io::HttpIo;
use pace::Pace;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use svrkit_rt::Stream;

/// How a connection ended.
enum Ended {
    /// The peer is gone, or asked to close, or everything is drained, or became a WebSocket; or it broke the protocol and was told so.
    Http(hyper::Result<()>),
    /// It was late, or the node ends now.
    Cut,
}

/// Serves one connection. It may become a WebSocket, which is a link as any other.
pub(crate) async fn serve(guest: Guest) {
    let Guest {
        mut entry,
        pass,
        stream,
        address,
        first,
    } = guest;
    let node = entry.node().clone();
    let pace = Arc::new(Pace::new(node.clone(), entry.handle().number));
    let io = HttpIo::new(stream, first, pace.clone());
    let exchange = Arc::new(Exchange::new(node.clone(), address, pass, pace.clone()));
    let service = hyper::service::service_fn(|request| {
        let exchange = exchange.clone();
        Box::pin(async move { exchange.answer(request).await })
    });
    let mut http = hyper::server::conn::http1::Builder::new()
        .header_read_timeout(None)
        .max_buf_size(node.config.short_head_bytes_max.max(8 * 1024))
        .serve_connection(io, service);
    let mut draining = false;
    // Polled by hand, because hyper gives the stream back only so, and the clock is the node's wheel.
    let ended = poll_fn(|cx| {
        let told = entry.handle().listen(cx.waker());
        match told.end {
            Some(End::Gone) => return Poll::Ready(Ended::Cut),
            Some(_) if !draining => {
                draining = true;
                Pin::new(&mut http).graceful_shutdown();
            }
            _ => {}
        }
        if let Poll::Ready(result) = http.poll_without_shutdown(cx) {
            return Poll::Ready(Ended::Http(result));
        }
        match pace.is_late() {
            true => Poll::Ready(Ended::Cut),
            false => Poll::Pending,
        }
    })
    .await;
    let parts = http.into_parts();
    match ended {
        Ended::Cut => {}
        Ended::Http(Ok(())) if exchange.is_upgraded() => {
            let Some(pass) = exchange.take_pass() else {
                return;
            };
            let (stream, first) = parts.io.into_parts(&parts.read_buf);
            entry.becomes(Kind::WebSocket);
            let stream = Stream::new(WebSocket::new(stream, first));
            let first = Vec::new();
            // Not in one future with what went before: an idle link would be that much larger all its life.
            tokio::spawn(link(Guest {
                entry,
                pass,
                stream,
                address,
                first,
            }));
        }
        Ended::Http(result) => {
            if let Err(e) = result {
                tracing::debug!(error = %e, "short link ended");
            }
            drop(entry);
            parts.io.close().await;
        }
    }
}
