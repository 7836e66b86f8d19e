//! Bounds that only HTTP needs; all others are the server's [`Limits`](crate::Limits).

/// How a server treats HTTP connections.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// Bytes of a request's first line and headers, 8,192 or more. Default 64 KiB: a GET carries its message there.
    pub head_bytes_max: usize,
    /// Headers of a request. Default 100.
    pub headers_max: usize,
    /// Milliseconds that a connection may be without a request before it is closed. Default 60,000.
    pub idle_timeout_ms: u64,
}

impl Default for HttpOptions {
    fn default() -> HttpOptions {
        HttpOptions {
            head_bytes_max: 64 * 1024,
            headers_max: 100,
            idle_timeout_ms: 60_000,
        }
    }
}
