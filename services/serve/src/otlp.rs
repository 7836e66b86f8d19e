//! Metrics and spans to an OpenTelemetry collector: section `[otlp]`.

use crate::settings::{Settings, SettingsError};
use crate::start::StartError;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use tokio::task::JoinSet;

/// Which collector a process reports to. Needs a program that was built with the feature `otlp`.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct Otlp {
    /// The collector, such as `http://127.0.0.1:4318`; OTLP over HTTP, protobuf. Default none.
    pub endpoint: String,
    /// Whom to trust at an `https://` endpoint: certificates in PEM.
    pub ca_file: PathBuf,
    /// A file with a token for the `authorization` header. Default none.
    pub bearer_file: PathBuf,
    /// Milliseconds between two reports of metrics. Default 10,000.
    pub metrics_every_ms: u64,
    /// Milliseconds between two reports of spans. Default 5,000.
    pub spans_every_ms: u64,
}

impl Default for Otlp {
    fn default() -> Otlp {
        Otlp {
            endpoint: String::new(),
            ca_file: PathBuf::new(),
            bearer_file: PathBuf::new(),
            metrics_every_ms: 10_000,
            spans_every_ms: 5_000,
        }
    }
}

/// Reports until it is dropped.
#[derive(Debug)]
#[must_use = "dropped, it reports no more"]
pub struct Exporting {
    _task: JoinSet<()>,
}

/// Begins to report as this service, if there is anybody to report to.
///
/// # Errors
/// A section that makes no sense, a file that cannot be read, or a program that cannot report.
pub fn export(settings: &Settings, service: &str) -> Result<Exporting, StartError> {
    let otlp = Otlp::from_settings(settings)?;
    let mut task = JoinSet::new();
    if !otlp.endpoint.is_empty() {
        otlp.spawn(service, &mut task)?;
    }
    Ok(Exporting { _task: task })
}

impl Otlp {
    fn from_settings(settings: &Settings) -> Result<Otlp, SettingsError> {
        settings.section("otlp")
    }

    #[cfg(feature = "otlp")]
    fn spawn(&self, service: &str, task: &mut JoinSet<()>) -> Result<(), StartError> {
        use svrkit_rt::TlsClient;
        use svrkit_rt::otlp::{OtlpConfig, OtlpExporter};

        let mut headers = Vec::new();
        if !self.bearer_file.as_os_str().is_empty() {
            let token = std::fs::read_to_string(&self.bearer_file)
                .map_err(|e| format!("otlp.bearer_file {}: {e}", self.bearer_file.display()))?;
            headers.push((
                "authorization".to_owned(),
                format!("Bearer {}", token.trim()),
            ));
        }
        let config = OtlpConfig {
            endpoint: self.endpoint.clone(),
            headers,
            service: service.to_owned(),
            instance: svrkit_rt::monitor::snapshot().instance.name,
            metrics_every_ms: self.metrics_every_ms,
            spans_every_ms: self.spans_every_ms,
            ..OtlpConfig::default()
        };
        let exporter = OtlpExporter::new(config);
        let mut exporter = exporter.map_err(|e| format!("otlp.endpoint: {e}"))?;
        if self.endpoint.starts_with("https://") {
            let tls = TlsClient::from_file(&self.ca_file)
                .map_err(|e| format!("otlp.ca_file {}: {e}", self.ca_file.display()))?;
            exporter = exporter.tls(tls);
        }
        task.spawn(exporter.run());
        Ok(())
    }

    #[cfg(not(feature = "otlp"))]
    fn spawn(&self, _: &str, _: &mut JoinSet<()>) -> Result<(), StartError> {
        Err("otlp.endpoint is set, but this program was built without the feature `otlp`".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(endpoint: &str) -> Settings {
        let mut settings = Settings::default();
        settings.set("otlp.endpoint", endpoint).unwrap();
        settings
    }

    #[tokio::test]
    async fn nobody_is_reported_to_unless_somebody_is_named() {
        drop(export(&Settings::default(), "shop").unwrap());
    }

    #[cfg(not(feature = "otlp"))]
    #[tokio::test]
    async fn a_program_that_cannot_report_does_not_pretend_to() {
        let refused = export(&settings("http://127.0.0.1:4318"), "shop").unwrap_err();
        assert!(refused.to_string().contains("feature `otlp`"), "{refused}");
    }

    #[cfg(feature = "otlp")]
    #[tokio::test]
    async fn a_collector_that_is_named_gets_metrics_and_a_token() {
        use tokio::io::AsyncReadExt;

        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut token = tempfile::NamedTempFile::new().unwrap();
        std::io::Write::write_all(&mut token, b"of-this-test\n").unwrap();
        let mut settings = settings(&format!("http://{}", listener.local_addr().unwrap()));
        let path = token.path().display().to_string();
        settings.set("otlp.bearer_file", &path).unwrap();
        let _exporting = export(&settings, "shop").unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 1_024];
        let read = stream.read(&mut request).await.unwrap();
        let head = String::from_utf8_lossy(&request[..read]).to_lowercase();
        assert!(head.starts_with("post /v1/metrics"), "{head}");
        assert!(
            head.contains("authorization: bearer of-this-test"),
            "{head}"
        );
    }

    #[cfg(feature = "otlp")]
    #[tokio::test]
    async fn what_cannot_be_reported_to_is_said_by_name() {
        let refused = |settings: &Settings| export(settings, "shop").unwrap_err().to_string();
        assert!(refused(&settings("somewhere")).contains("otlp.endpoint"));
        assert!(refused(&settings("https://127.0.0.1:1")).contains("otlp.ca_file"));
        let mut no_token = settings("http://127.0.0.1:1");
        no_token.set("otlp.bearer_file", "/nowhere").unwrap();
        assert!(refused(&no_token).contains("otlp.bearer_file /nowhere"));
    }
}
