//! The task that posts.

use super::attributes::resource;
use super::config::OtlpConfig;
use super::metrics::{self, Times};
use super::sent::Sent;
use super::spans;
use crate::clock;
use crate::http_client::{HttpAnswer, HttpError, HttpRequest, HttpTarget};
use crate::monitor::snapshot;
use crate::spans::keep;
#[cfg(feature = "tls")]
use crate::transport::TlsClient;
use prost::Message;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// Posts metrics and spans of this process.
#[derive(Debug)]
pub struct OtlpExporter {
    config: OtlpConfig,
    metrics: HttpTarget,
    traces: HttpTarget,
    sent: Sent,
    /// When counters began, as far as anybody knows who did not open a segment.
    began_ms: u64,
    /// Whether the last post failed, which was said then.
    failing: bool,
}

impl OtlpExporter {
    /// One to this collector.
    ///
    /// # Errors
    /// [`HttpError::Url`] when the endpoint is none.
    pub fn new(config: OtlpConfig) -> Result<OtlpExporter, HttpError> {
        let endpoint = config.endpoint.trim_end_matches('/');
        Ok(OtlpExporter {
            metrics: HttpTarget::parse(&format!("{endpoint}/v1/metrics"))?,
            traces: HttpTarget::parse(&format!("{endpoint}/v1/traces"))?,
            config,
            sent: Sent::default(),
            began_ms: clock::now_ms(),
            failing: false,
        })
    }

    /// Trusts for an `https://` endpoint whom `tls` trusts.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: TlsClient) -> OtlpExporter {
        self.metrics = self.metrics.tls(tls.clone());
        self.traces = self.traces.tls(tls);
        self
    }

    /// Posts for ever; it is ended by being dropped, at any point. Has spans kept meanwhile.
    pub async fn run(mut self) {
        let _keeping = keep();
        let mut metrics = every(self.config.metrics_every_ms);
        let mut spans = every(self.config.spans_every_ms);
        loop {
            tokio::select! {
                _ = metrics.tick() => self.post_metrics().await,
                _ = spans.tick() => self.post_spans().await,
            }
        }
    }

    async fn post_metrics(&mut self) {
        let snapshot = snapshot();
        let began_ms = match snapshot.instance.created_ms {
            0 => self.began_ms,
            created_ms => created_ms,
        };
        let times = Times {
            began_ns: began_ms * 1_000_000,
            read_ns: clock::now_ms() * 1_000_000,
        };
        let request = metrics::request(&snapshot, resource(&self.config), times);
        self.post(self.metrics.clone(), request.encode_to_vec())
            .await;
    }

    async fn post_spans(&mut self) {
        let (news, after) = self.sent.news();
        if news.is_empty() {
            self.sent = after;
            return;
        }
        let request = spans::request(&news, resource(&self.config));
        if self
            .post(self.traces.clone(), request.encode_to_vec())
            .await
        {
            self.sent = after;
        }
    }

    /// Whether the collector has it, or will never want it.
    async fn post(&mut self, target: HttpTarget, body: Vec<u8>) -> bool {
        let kind = (
            "content-type".to_owned(),
            "application/x-protobuf".to_owned(),
        );
        let headers = self.config.headers.iter().cloned().chain([kind]);
        let request = HttpRequest {
            headers: headers.collect(),
            body: Some(body.into()),
            timeout_ms: self.config.timeout_ms,
            ..HttpRequest::default()
        };
        let outcome = Outcome::of(target.send(request).await);
        match &outcome {
            Outcome::Taken => self.failing = false,
            Outcome::Refused(error) | Outcome::Failed(error) => {
                if !self.failing {
                    tracing::warn!(collector = %target, error, "the collector does not take what is posted");
                }
                self.failing = true;
            }
        }
        !matches!(outcome, Outcome::Failed(_))
    }
}

/// What became of a post.
enum Outcome {
    Taken,
    /// It would be refused again.
    Refused(String),
    /// Another try may do.
    Failed(String),
}

impl Outcome {
    fn of(answered: Result<HttpAnswer, HttpError>) -> Outcome {
        match answered.map(|answer| answer.status) {
            Ok(200..300) => Outcome::Taken,
            // As the protocol has it: these ask for another try.
            Ok(status @ (429 | 502 | 503 | 504)) => Outcome::Failed(format!("status {status}")),
            Ok(status) => Outcome::Refused(format!("status {status}")),
            Err(error) => Outcome::Failed(error.to_string()),
        }
    }
}

fn every(ms: u64) -> tokio::time::Interval {
    let mut interval = interval(Duration::from_millis(ms.max(1)));
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}
