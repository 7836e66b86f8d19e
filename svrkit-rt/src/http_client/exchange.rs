//! One request and its answer.

use super::body::{Pieces, Whole, read};
use super::error::HttpError;
use super::io::ClientIo;
use super::target::HttpTarget;
use bytes::Bytes;
use hyper::client::conn::http1;
use std::time::Duration;
use tokio::task::JoinSet;

/// What is asked, and how much patience there is for the answer.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    /// Headers beside `host` and `content-length`.
    pub headers: Vec<(String, String)>,
    /// Sent by POST; `None` for a GET.
    pub body: Option<Bytes>,
    /// Milliseconds for all of it, from connecting to the answer's last byte. Default 10,000.
    pub timeout_ms: u64,
    /// Bytes of an answer's body. Default 64 KiB.
    pub answer_bytes_max: usize,
}

/// What the peer says.
#[derive(Clone, Debug)]
pub struct HttpAnswer {
    /// Its status.
    pub status: u16,
    /// Seconds to wait before trying again, where the peer says so.
    pub retry_after_s: Option<u64>,
    /// Its body.
    pub body: Bytes,
}

impl Default for HttpRequest {
    fn default() -> HttpRequest {
        HttpRequest {
            headers: Vec::new(),
            body: None,
            timeout_ms: 10_000,
            answer_bytes_max: 64 * 1024,
        }
    }
}

impl HttpTarget {
    /// Asks, over a connection of its own.
    ///
    /// # Errors
    /// There is no answer. One that says no is none of the errors.
    pub async fn send(&self, request: HttpRequest) -> Result<HttpAnswer, HttpError> {
        let timeout_ms = request.timeout_ms;
        let timeout = Duration::from_millis(timeout_ms);
        match tokio::time::timeout(timeout, self.exchange(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(HttpError::TimedOut { timeout_ms }),
        }
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpAnswer, HttpError> {
        let bytes_max = request.answer_bytes_max;
        let mut answer = self.ask(request).await?;
        Ok(HttpAnswer {
            status: answer.status,
            retry_after_s: answer.retry_after_s,
            body: read(&mut answer.pieces, bytes_max).await?,
        })
    }

    /// Asks, for an answer whose body is read as it comes: neither its size nor its time is bounded here.
    pub(crate) async fn ask(&self, request: HttpRequest) -> Result<OpenAnswer, HttpError> {
        let method = if request.body.is_some() {
            "POST"
        } else {
            "GET"
        };
        let mut built = hyper::Request::builder()
            .method(method)
            .uri(self.path_and_query())
            .header("host", self.authority())
            .header("connection", "close");
        for (name, value) in &request.headers {
            built = built.header(name, value);
        }
        let body = Whole(request.body.unwrap_or_default());
        let built = built
            .body(body)
            .map_err(|source| HttpError::Request { source })?;
        let broken = |source| HttpError::Broken { source };
        let io = ClientIo::new(self.connect().await?);
        let (mut sender, connection) = http1::handshake(io).await.map_err(broken)?;
        let mut carrying = JoinSet::new();
        // How it ends shows in the answer, or in its body.
        carrying.spawn(async { drop(connection.await) });
        let answer = sender.send_request(built).await.map_err(broken)?;
        let retry_after = answer.headers().get("retry-after");
        Ok(OpenAnswer {
            status: answer.status().as_u16(),
            retry_after_s: retry_after.and_then(|value| value.to_str().ok()?.parse().ok()),
            pieces: Pieces(answer.into_body()),
            _carrying: carrying,
        })
    }
}

/// An answer whose body is still to come.
#[derive(Debug)]
pub(crate) struct OpenAnswer {
    pub(crate) status: u16,
    pub(super) retry_after_s: Option<u64>,
    pub(crate) pieces: Pieces,
    /// The connection, which ends with this.
    _carrying: JoinSet<()>,
}
