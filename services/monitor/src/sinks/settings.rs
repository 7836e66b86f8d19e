//! Where people are told.

use crate::alarms::Severity;
use std::path::PathBuf;
use svrkit_rt::http_client::HttpTarget;

/// A place to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkPlan {
    /// Its name.
    pub name: String,
    /// Nothing less bad is told there.
    pub least: Severity,
    /// How it is told.
    pub kind: SinkKind,
}

/// How a place is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SinkKind {
    /// In the process's log.
    Log,
    /// A POST a notice, as Alertmanager's webhooks are.
    Webhook(HttpPlan),
    /// All that fires, as Prometheus tells an Alertmanager, which groups and routes by itself.
    Alertmanager(HttpPlan),
    /// A mail a notice.
    Mail {
        /// By which server.
        smtp: SmtpPlan,
        /// To whom.
        to: Vec<String>,
    },
}

/// Where a POST goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpPlan {
    /// The address.
    pub url: String,
    /// A file whose first line is sent as a bearer token; read anew each time.
    pub bearer_file: Option<PathBuf>,
    /// Root certificates, PEM, for an `https` address; read anew each time.
    pub ca_file: PathBuf,
    /// Seconds for a request.
    pub timeout_s: u64,
}

/// A mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpPlan {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether it is spoken to in the open.
    pub tls: SmtpTls,
    /// Root certificates, PEM; read anew each time.
    pub ca_file: PathBuf,
    /// Who logs in there, and the file whose first line is the password; read anew each time.
    pub login: Option<(String, PathBuf)>,
    /// From whom mails are.
    pub from: String,
    /// Seconds for a mail.
    pub timeout_s: u64,
}

/// How a mail server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpTls {
    /// In the open: on this machine only.
    None,
    /// In the open until it agrees to encrypt.
    StartTls,
    /// Encrypted from the first byte.
    Tls,
}

/// Where systems keep the certificates that they trust.
pub const CA_FILE: &str = "/etc/ssl/certs/ca-certificates.crt";

impl HttpPlan {
    /// The target, whose address was looked at when the plan was read.
    pub(crate) fn target(&self) -> Result<HttpTarget, svrkit_rt::http_client::HttpError> {
        HttpTarget::parse(&self.url)
    }
}
