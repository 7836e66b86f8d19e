//! Metrics and spans to an OpenTelemetry collector, by OTLP over HTTP with protobuf bodies
//! (<https://opentelemetry.io/docs/specs/otlp/#otlphttp>).
//!
//! The [`OtlpExporter`] is a task that reads what the process keeps anyway, [`crate::monitor::snapshot`] and [`crate::spans`], and posts
//! it now and then. Metrics are cumulative, so that a report which is lost costs nothing but its moment; spans that could not be posted
//! are posted with the next ones, as long as they are kept.
//!
//! ```no_run
//! use svrkit_rt::otlp::{OtlpConfig, OtlpExporter};
//!
//! # async fn example() -> Result<(), svrkit_rt::http_client::HttpError> {
//! let exporter = OtlpExporter::new(OtlpConfig {
//!     service: "greeter".to_owned(),
//!     ..OtlpConfig::default()
//! })?;
//! tokio::spawn(exporter.run());
//! # Ok(())
//! # }
//! ```

mod attributes;
mod config;
mod exporter;
mod metrics;
mod sent;
mod spans;

pub use config::OtlpConfig;
pub use exporter::OtlpExporter;
