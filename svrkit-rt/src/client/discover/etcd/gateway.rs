//! The little of etcd's JSON gateway that is needed: lists, leases and watches, each call on a connection of its own. They are rare, and
//! a watch holds its connection for as long as it lasts.

use crate::http_client::{HttpError, HttpRequest, HttpTarget, OpenAnswer};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::BytesMut;
use serde_json::{Value, json};
use std::error::Error;
use std::fmt;
use std::time::Duration;
use tokio::time::timeout;

/// Milliseconds in which a call must be answered.
const CALL_TIMEOUT_MS: u64 = 3_000;
/// The status of what went well.
const OK: u16 = 200;
/// Bytes of one answer, or of one line of a watch: some ten thousand endpoints.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Why etcd was not of use.
#[derive(Debug)]
pub(super) enum EtcdError {
    /// It cannot be asked: it is not there, or does not answer, or not in HTTP.
    Http(HttpError),
    /// It refused, by this status; with what it said.
    Refused(u16, String),
    /// It ended a watch.
    Ended,
    /// It said what we do not understand.
    Strange(String),
}

/// One member of an etcd cluster.
#[derive(Clone, Debug)]
pub(super) struct Gateway {
    target: HttpTarget,
}

/// A key and its value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) key: String,
    pub(super) value: String,
}

/// All keys below a prefix, as they were at a revision.
#[derive(Debug)]
pub(super) struct Range {
    pub(super) pairs: Vec<Pair>,
    pub(super) revision: i64,
}

impl Gateway {
    /// The member at `host:port`.
    ///
    /// # Errors
    /// It is no such address.
    pub(super) fn new(address: &str) -> Result<Gateway, HttpError> {
        let target = HttpTarget::parse(&format!("http://{address}"))?;
        Ok(Gateway { target })
    }

    pub(super) async fn range(&self, prefix: &str) -> Result<Range, EtcdError> {
        let answer = self.call("/v3/kv/range", below(prefix)).await?;
        let pairs = answer["kvs"].as_array().cloned().unwrap_or_default();
        let pair = |kv: &Value| {
            Ok(Pair {
                key: text(&kv["key"])?,
                value: text(&kv["value"])?,
            })
        };
        Ok(Range {
            pairs: pairs.iter().map(pair).collect::<Result<_, EtcdError>>()?,
            revision: number(&answer["header"]["revision"])?,
        })
    }

    pub(super) async fn put(&self, key: &str, value: &str, lease: i64) -> Result<(), EtcdError> {
        let body = json!({
            "key": STANDARD.encode(key),
            "value": STANDARD.encode(value),
            "lease": lease.to_string(),
        });
        self.call("/v3/kv/put", body).await.map(drop)
    }

    /// A lease that ends so many seconds after it was last kept alive.
    pub(super) async fn grant(&self, ttl_s: u64) -> Result<i64, EtcdError> {
        let body = json!({ "TTL": ttl_s.to_string() });
        number(&self.call("/v3/lease/grant", body).await?["ID"])
    }

    /// False when the lease has ended already.
    pub(super) async fn keep_alive(&self, lease: i64) -> Result<bool, EtcdError> {
        let body = json!({ "ID": lease.to_string() });
        let answer = self.call("/v3/lease/keepalive", body).await?;
        let ttl = &answer["result"]["TTL"];
        Ok(!ttl.is_null() && number(ttl)? > 0)
    }

    /// Ends a lease, and with it whatever was put under it.
    pub(super) async fn revoke(&self, lease: i64) -> Result<(), EtcdError> {
        let body = json!({ "ID": lease.to_string() });
        self.call("/v3/lease/revoke", body).await.map(drop)
    }

    /// Tells of changes below a prefix from a revision on.
    pub(super) async fn watch(&self, prefix: &str, revision: i64) -> Result<Watch, EtcdError> {
        let mut create = below(prefix);
        create["start_revision"] = json!(revision.to_string());
        let body = json!({ "create_request": create });
        let request = request(body);
        let timeout_ms = request.timeout_ms;
        let target = self.target.path("/v3/watch")?;
        let asked = timeout(Duration::from_millis(timeout_ms), target.ask(request)).await;
        let mut answer = asked.map_err(|_| HttpError::TimedOut { timeout_ms })??;
        if answer.status != OK {
            let said = answer.pieces.next().await?.unwrap_or_default();
            return Err(EtcdError::refused(answer.status, &said));
        }
        Ok(Watch {
            answer,
            buffer: BytesMut::new(),
        })
    }

    async fn call(&self, path: &str, body: Value) -> Result<Value, EtcdError> {
        let answer = self.target.path(path)?.send(request(body)).await?;
        match answer.status {
            OK => read(&answer.body),
            status => Err(EtcdError::refused(status, &answer.body)),
        }
    }
}

fn request(body: Value) -> HttpRequest {
    let json = ("content-type".to_owned(), "application/json".to_owned());
    HttpRequest {
        headers: vec![json],
        body: Some(body.to_string().into()),
        timeout_ms: CALL_TIMEOUT_MS,
        answer_bytes_max: ANSWER_BYTES_MAX,
    }
}

/// A watch under way.
#[derive(Debug)]
pub(super) struct Watch {
    answer: OpenAnswer,
    buffer: BytesMut,
}

impl Watch {
    /// Waits for something to have changed.
    ///
    /// # Errors
    /// The watch is over: the member went, or what we wait for is so old that the store has forgotten it.
    pub(super) async fn changed(&mut self) -> Result<(), EtcdError> {
        loop {
            let line = self.next_line().await?;
            let answer = read(&line)?;
            if let Some(error) = answer.get("error") {
                return Err(EtcdError::Strange(error.to_string()));
            }
            let result = &answer["result"];
            if result["canceled"].as_bool() == Some(true) {
                let why = result["cancel_reason"].as_str().unwrap_or("watch ended");
                return Err(EtcdError::Strange(why.to_owned()));
            }
            if result["events"].as_array().is_some_and(|e| !e.is_empty()) {
                return Ok(());
            }
        }
    }

    async fn next_line(&mut self) -> Result<BytesMut, EtcdError> {
        loop {
            if let Some(end) = self.buffer.iter().position(|b| *b == b'\n') {
                return Ok(self.buffer.split_to(end + 1));
            }
            let Some(more) = self.answer.pieces.next().await? else {
                return Err(EtcdError::Ended);
            };
            if self.buffer.len() + more.len() > ANSWER_BYTES_MAX {
                let max = ANSWER_BYTES_MAX;
                return Err(HttpError::TooLarge { max }.into());
            }
            self.buffer.extend_from_slice(&more);
        }
    }
}

fn read(bytes: &[u8]) -> Result<Value, EtcdError> {
    serde_json::from_slice(bytes).map_err(|e| EtcdError::Strange(e.to_string()))
}

/// The keys that begin with a prefix, as a range: up to the prefix with its last byte one higher.
fn below(prefix: &str) -> Value {
    let mut end = prefix.as_bytes().to_vec();
    if let Some(last) = end.last_mut() {
        // A byte of UTF-8 is never the highest.
        *last += 1;
    }
    json!({ "key": STANDARD.encode(prefix), "range_end": STANDARD.encode(end) })
}

fn text(value: &Value) -> Result<String, EtcdError> {
    // A field that is empty is left out.
    let encoded = value.as_str().unwrap_or_default();
    let bytes = STANDARD.decode(encoded);
    let bytes = bytes.map_err(|e| EtcdError::Strange(e.to_string()))?;
    String::from_utf8(bytes).map_err(|e| EtcdError::Strange(e.to_string()))
}

/// 64-bit numbers are strings in protobuf's JSON.
fn number(value: &Value) -> Result<i64, EtcdError> {
    let parsed = match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_i64(),
    };
    parsed.ok_or_else(|| EtcdError::Strange(format!("{value} is no number")))
}

impl EtcdError {
    fn refused(status: u16, said: &[u8]) -> EtcdError {
        EtcdError::Refused(status, String::from_utf8_lossy(said).trim().to_owned())
    }
}

impl From<HttpError> for EtcdError {
    fn from(error: HttpError) -> EtcdError {
        EtcdError::Http(error)
    }
}

impl fmt::Display for EtcdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EtcdError::Http(error) => {
                write!(f, "{error}")?;
                // One line for a log: there is nobody who would ask for the source.
                error
                    .source()
                    .map_or(Ok(()), |source| write!(f, ": {source}"))
            }
            EtcdError::Refused(status, said) => write!(f, "refused, {status}: {said}"),
            EtcdError::Ended => f.write_str("the watch was ended"),
            EtcdError::Strange(what) => write!(f, "not understood: {what}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_a_range() {
        let range = below("im/message/");
        assert_eq!(text(&range["range_end"]).unwrap(), "im/message0");
    }

    #[test]
    fn numbers_come_as_text() {
        assert_eq!(number(&json!("12")).unwrap(), 12);
        assert_eq!(number(&json!(12)).unwrap(), 12);
        assert!(number(&json!(null)).is_err());
        assert_eq!(text(&json!(null)).unwrap(), "");
    }
}
