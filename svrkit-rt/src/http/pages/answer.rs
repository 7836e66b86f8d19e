//! From a request to what its page answers: bounds, guards, the page as a task of its own, headers.

use super::events::EventStream;
use super::fields::Fields;
use super::request::PageRequest;
use super::response::{PageBody, PageResponse};
use super::table::Spot;
use crate::context::Priority;
use crate::deadline::Deadline;
use crate::http::activity::Activity;
use crate::http::answer::{Answer, Failure};
use crate::http::body::{self, Outgoing, ReadError};
use crate::server::{ServerState, Time};
use crate::status::Status;
use bytes::Bytes;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

pub(in crate::http) async fn answer<S>(
    server: &ServerState<S>,
    spot: Spot<'_>,
    head: &Parts,
    body: &mut Incoming,
    activity: &Activity,
) -> Answer {
    let pages = server.site().pages();
    let response = match serve(server, spot, head, body).await {
        Ok(response) => response,
        Err(Refusal::Failure(failure)) => failure.into(),
        Err(Refusal::Guard(response)) => response,
    };
    let response = response.secured();
    let outgoing = match response.body {
        PageBody::Whole(bytes) => Outgoing::Whole(bytes),
        PageBody::Events(produce) => match pages.streams.clone().try_acquire_owned() {
            Ok(permit) => {
                let stream = EventStream::start(produce, permit, activity.clone());
                Outgoing::Events(Box::new(stream))
            }
            Err(_) => {
                let message = "streams_max: too many streams of events are open";
                return Failure::from(Status::overloaded(message)).into_answer();
            }
        },
    };
    let mut answer = Response::new(outgoing);
    *answer.status_mut() = response.status;
    *answer.headers_mut() = *response.headers;
    answer
}

/// Why a page was not asked.
enum Refusal {
    Failure(Failure),
    Guard(PageResponse),
}

impl<F: Into<Failure>> From<F> for Refusal {
    fn from(failure: F) -> Refusal {
        Refusal::Failure(failure.into())
    }
}

async fn serve<S>(
    server: &ServerState<S>,
    spot: Spot<'_>,
    head: &Parts,
    body: &mut Incoming,
) -> Result<PageResponse, Refusal> {
    let pages = server.site().pages();
    let limits = &pages.limits;
    let Some((method, handler)) = spot.methods.named(head.method.as_str()) else {
        return Err(Failure::method_not_allowed(&spot.methods.allowed()).into());
    };
    let query = head.uri.query().unwrap_or_default();
    if query.len() > limits.query_bytes_max {
        let message = format!("query_bytes_max: over {} bytes", limits.query_bytes_max);
        let status = Status::invalid_argument(message);
        return Err(Failure::http(StatusCode::URI_TOO_LONG, status).into());
    }
    let path = head.uri.path();
    let mut request = PageRequest {
        method,
        path: path.to_owned(),
        rest_at: path.len() - spot.rest.len(),
        query: Fields::parse(query, limits.fields_max)?,
        headers: head.headers.clone(),
        body: Bytes::new(),
        fields_max: limits.fields_max,
    };
    pages.guards.check(&request).map_err(Refusal::Guard)?;
    if method != "GET" {
        let read = body::read(body, limits.body_bytes_max, server.limits()).await;
        request.body = read.map_err(|e| match e {
            ReadError::TooLarge(_) => Failure::http(StatusCode::PAYLOAD_TOO_LARGE, e.status()),
            ReadError::TooSlow => Failure::http(StatusCode::REQUEST_TIMEOUT, e.status()),
            ReadError::Broken(_) => e.status().into(),
        })?;
    }
    let priority = Priority::drawn(limits.priority);
    let time = Time {
        timeout_ms: limits.timeout_ms.try_into().unwrap_or(u32::MAX),
        deadline: Deadline::after(Duration::from_millis(limits.timeout_ms)),
    };
    let bytes = request.body.len();
    let entered = server.enter(priority, time, bytes, Instant::now()).await;
    let _entered = entered.map_err(|refused| refused.status)?;
    // A task of its own, for the runtime catches what panics in it; dropped, it ends with its set.
    let mut task = JoinSet::new();
    task.spawn(handler(request));
    let answered = timeout_at(time.deadline.instant(), task.join_next()).await;
    match answered {
        Ok(Some(Ok(response))) => Ok(response),
        Ok(_) => {
            tracing::error!(path, "page panicked");
            Err(Status::internal("the page panicked").into())
        }
        Err(_) => {
            let message = format!("timeout_ms: no answer within {} ms", limits.timeout_ms);
            Err(Status::deadline_exceeded(message).into())
        }
    }
}
