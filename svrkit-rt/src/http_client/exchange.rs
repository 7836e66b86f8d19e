//! One request and its answer.

use super::body::{Whole, read};
use super::error::HttpError;
use super::io::ClientIo;
use super::target::HttpTarget;
use bytes::Bytes;
use hyper::client::conn::http1;
use std::pin::pin;
use std::time::Duration;

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
        let answer = async {
            let answer = sender.send_request(built).await.map_err(broken)?;
            let retry_after = answer.headers().get("retry-after");
            Ok(HttpAnswer {
                status: answer.status().as_u16(),
                retry_after_s: retry_after.and_then(|value| value.to_str().ok()?.parse().ok()),
                body: read(answer.into_body(), request.answer_bytes_max).await?,
            })
        };
        let (mut answer, mut connection) = (pin!(answer), pin!(connection));
        tokio::select! {
            answer = &mut answer => answer,
            // All that will ever come has been read; whether that is a whole answer shows there.
            _ = &mut connection => answer.await,
        }
    }
}
