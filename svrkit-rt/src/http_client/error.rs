//! Why there is no answer.

use std::fmt;
use std::io;

/// Why a request has no answer. An answer that says no is an answer.
#[derive(Debug)]
pub enum HttpError {
    /// It is no `http://` or `https://` address with a host.
    Url {
        /// The address.
        url: String,
    },
    /// A header's name or value is none, or the path.
    Request {
        /// Why.
        source: hyper::http::Error,
    },
    /// There is no connection.
    Connect {
        /// To whom, `host:port`.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// The connection broke, or the peer does not speak HTTP.
    Broken {
        /// Why.
        source: hyper::Error,
    },
    /// The answer is larger than this.
    TooLarge {
        /// Bytes.
        max: usize,
    },
    /// It took longer than this.
    TimedOut {
        /// Milliseconds.
        timeout_ms: u64,
    },
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HttpError::Url { url } => write!(f, "{url:?} is no http address with a host"),
            HttpError::Request { .. } => write!(f, "the request cannot be written"),
            HttpError::Connect { address, .. } => write!(f, "no connection to {address}"),
            HttpError::Broken { .. } => write!(f, "the exchange broke off"),
            HttpError::TooLarge { max } => write!(f, "the answer is over {max} bytes"),
            HttpError::TimedOut { timeout_ms } => write!(f, "no answer within {timeout_ms} ms"),
        }
    }
}

impl std::error::Error for HttpError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            HttpError::Request { source } => Some(source),
            HttpError::Connect { source, .. } => Some(source),
            HttpError::Broken { source } => Some(source),
            HttpError::Url { .. } | HttpError::TooLarge { .. } | HttpError::TimedOut { .. } => None,
        }
    }
}
