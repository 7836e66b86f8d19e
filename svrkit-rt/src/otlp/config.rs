//! Where to, how often, and as whom.

/// What an exporter is told.
#[derive(Clone, Debug)]
pub struct OtlpConfig {
    /// The collector; `/v1/metrics` and `/v1/traces` are below it. Default `http://127.0.0.1:4318`.
    pub endpoint: String,
    /// Headers of each request, such as an `authorization`.
    pub headers: Vec<(String, String)>,
    /// `service.name`.
    pub service: String,
    /// `service.instance.id`; empty for none.
    pub instance: String,
    /// More attributes of the process.
    pub resource: Vec<(String, String)>,
    /// Milliseconds between two reports of metrics. Default 10,000, as the agents of `im` do.
    pub metrics_every_ms: u64,
    /// Milliseconds between two reports of spans. Default 5,000: of a hundred a second for each reason, 512 are kept.
    pub spans_every_ms: u64,
    /// Milliseconds for a request. Default 5,000.
    pub timeout_ms: u64,
}

impl Default for OtlpConfig {
    fn default() -> OtlpConfig {
        OtlpConfig {
            endpoint: "http://127.0.0.1:4318".to_owned(),
            headers: Vec::new(),
            service: "svrkit".to_owned(),
            instance: String::new(),
            resource: Vec::new(),
            metrics_every_ms: 10_000,
            spans_every_ms: 5_000,
            timeout_ms: 5_000,
        }
    }
}
