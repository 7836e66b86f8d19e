//! A POST of JSON to where a plan says.

use super::error::SinkError;
use super::secret::{bytes, secret};
use super::settings::HttpPlan;
use serde::Serialize;
use svrkit_rt::TlsClient;
use svrkit_rt::http_client::HttpRequest;

/// Posts `body`; any answer of 2xx will do.
pub(super) async fn post(plan: &HttpPlan, body: &impl Serialize) -> Result<(), SinkError> {
    let mut target = plan.target().map_err(|source| SinkError::Http { source })?;
    if target.is_https() {
        let roots = bytes(&plan.ca_file)?;
        let tls = TlsClient::from_pem(&roots).map_err(|source| SinkError::File {
            path: plan.ca_file.clone(),
            source,
        })?;
        target = target.tls(tls);
    }
    let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    if let Some(path) = &plan.bearer_file {
        let bearer = format!("Bearer {}", secret(path)?);
        headers.push(("authorization".to_owned(), bearer));
    }
    let body = serde_json::to_vec(body).map_err(|e| SinkError::Unwritable { source: e.into() })?;
    let request = HttpRequest {
        headers,
        body: Some(body.into()),
        timeout_ms: plan.timeout_s * 1_000,
        ..HttpRequest::default()
    };
    let answer = target.send(request).await;
    let answer = answer.map_err(|source| SinkError::Http { source })?;
    match answer.status {
        200..300 => Ok(()),
        status => Err(SinkError::Refused {
            status,
            retry_after_s: answer.retry_after_s,
        }),
    }
}
