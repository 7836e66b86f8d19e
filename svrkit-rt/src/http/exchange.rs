//! One HTTP request and its answer.

use super::activity::Activity;
use super::answer::{Answer, Failure, with_type};
use super::body::{self, Outgoing, ReadError};
use super::builtin::BuiltinPage;
use super::caller_rate::CallerRate;
use super::codec::{ACCEPT_POST, Codec};
use super::encoding::{self, Encoding};
use super::headers::{put_metadata, to_metadata};
use super::pages;
use super::serving::{serve, within};
use super::site::{Door, Route};
use super::unary_get;
use crate::context::{Context, Inherited, Priority};
use crate::deadline::Deadline;
use crate::descriptor::Ticket;
use crate::server::{Identity, ServerState};
use crate::service::{BoxFuture, Service};
use crate::status::Status;
use crate::trace::TraceContext;
use bytes::Bytes;
use hyper::body::{Body, Incoming};
use hyper::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, VARY,
};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, StatusCode};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout_at;

/// Digits that a timeout may have, after the protocol.
const TIMEOUT_DIGITS_MAX: usize = 10;
const ACCEPT_POST_NAME: &str = "accept-post";

/// What hyper calls for each request of a connection.
pub(super) struct Exchange<S> {
    server: Arc<ServerState<S>>,
    identity: Arc<Identity>,
    activity: Activity,
    rate: CallerRate,
}

impl<S> Exchange<S> {
    pub(super) fn new(
        server: Arc<ServerState<S>>,
        identity: Arc<Identity>,
        activity: Activity,
    ) -> Exchange<S> {
        Exchange {
            rate: CallerRate::new(&server),
            server,
            identity,
            activity,
        }
    }
}

impl<S: Service> hyper::service::Service<hyper::Request<Incoming>> for Exchange<S> {
    type Response = Answer;
    type Error = Infallible;
    type Future = BoxFuture<Result<Answer, Infallible>>;

    fn call(&self, request: hyper::Request<Incoming>) -> Self::Future {
        let (server, activity) = (self.server.clone(), self.activity.clone());
        let (identity, rate) = (self.identity.clone(), self.rate.clone());
        activity.begin();
        Box::pin(async move {
            let (head, mut body) = request.into_parts();
            let answer = answer(&*server, &identity, &rate, &head, &mut body, &activity).await;
            let mut answer = answer.unwrap_or_else(Failure::into_answer);
            // What is left of the body would have to be read before the next request; it is cheaper to part.
            let unread = !body.is_end_stream();
            if unread {
                let close = HeaderValue::from_static("close");
                answer.headers_mut().insert(CONNECTION, close);
            }
            let streams = matches!(answer.body(), Outgoing::Events(_));
            activity.end(unread, streams);
            Ok(answer)
        })
    }
}

async fn answer<S: Service>(
    server: &ServerState<S>,
    identity: &Identity,
    rate: &CallerRate,
    head: &Parts,
    body: &mut Incoming,
    activity: &Activity,
) -> Result<Answer, Failure> {
    let (path, site) = (head.uri.path(), server.site());
    if let Some(spot) = site.pages().at(path) {
        return Ok(pages::answer(server, spot, head, body, activity).await);
    }
    if let Some(page) = BuiltinPage::at(path) {
        return match head.method {
            Method::GET | Method::HEAD => Ok(site.builtin().answer(page, &head.headers)),
            _ => Err(Failure::method_not_allowed("GET, HEAD")),
        };
    }
    if let Some(route) = site.route(path) {
        rate.admit(server, route.method)?;
        return call(server, identity, route, head, body).await;
    }
    match site.pages().above(path) {
        Some(spot) => Ok(pages::answer(server, spot, head, body, activity).await),
        None => Err(Failure::no_such_path()),
    }
}

async fn call<S: Service>(
    server: &ServerState<S>,
    identity: &Identity,
    route: &Route,
    head: &Parts,
    body: &mut Incoming,
) -> Result<Answer, Failure> {
    let method = route.method;
    server.admit_caller(method, identity)?;
    let wanted = Wanted::of(route, head)?;
    let asked = timeout(&head.headers)?.map(Deadline::after);
    let own = || Deadline::after(Duration::from_millis(method.timeout_ms as u64));
    let mut context = Box::new(Context::new(method, asked.unwrap_or_else(own)));
    context.priority = Priority::drawn(method.priority);
    context.trace = traceparent(&head.headers);
    let uin = match route.door {
        Door::Outside(Ticket::Required) => {
            let tickets = server.site().tickets();
            let verified = Inherited::of(&context).scope(tickets.uin(&head.headers));
            Some(within(context.deadline, verified).await??)
        }
        Door::Outside(Ticket::None) | Door::Inside => None,
    };
    context.metadata = to_metadata(&head.headers, server.limits().metadata_bytes_max)?;
    identity.stamp(&mut context);

    let max = match method.request_bytes_max {
        0 => server.limits().request_bytes_max,
        max => max as usize,
    };
    let bytes = match wanted.message {
        Some(message) if message.len() > max => {
            return Err(ReadError::TooLarge(max).status().into());
        }
        Some(message) => message,
        None => {
            let bytes = read(server, body, max, asked).await?;
            wanted.encoding.decode(bytes, max)?
        }
    };
    let (bytes, key) = route.types.request(method, wanted.codec, bytes)?;
    if bytes.len() > max {
        return Err(ReadError::TooLarge(max).status().into());
    }
    context.routing_key = uin.unwrap_or(key);
    // A caller that asked for a time has been counting since it asked. The method's own time is for serving, and begins when there
    // is something to serve, as with frames.
    context.deadline = asked.unwrap_or_else(own);

    let response = serve(server, context, bytes, |_, _| {}).await?;
    let bytes = route.types.response(method, wanted.codec, response.body)?;
    let encoded = encoding::encoded(server, method, &head.headers, &bytes);
    let is_encoded = encoded.is_some();
    let mut answer = with_type(encoded.unwrap_or(bytes), wanted.codec.content_type());
    if is_encoded {
        let headers = answer.headers_mut();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("zstd"));
    }
    if server.packer().is_some() {
        // Also of what was sent as it is: a cache must not give the one to those who want the other.
        let headers = answer.headers_mut();
        headers.insert(VARY, HeaderValue::from(ACCEPT_ENCODING));
    }
    put_metadata(&response.metadata, answer.headers_mut());
    Ok(answer)
}

async fn read<S>(
    server: &ServerState<S>,
    body: &mut Incoming,
    max: usize,
    asked: Option<Deadline>,
) -> Result<Bytes, Failure> {
    let limits = server.limits();
    let read = body::read(body, max, limits);
    let read = match asked {
        None => read.await,
        Some(deadline) => match timeout_at(deadline.instant(), read).await {
            Ok(read) => read,
            Err(_) => {
                let message = "deadline passed before the body was there";
                return Err(Status::deadline_exceeded(message).with_not_started().into());
            }
        },
    };
    read.map_err(|e| match e {
        ReadError::TooSlow => Failure::http(StatusCode::REQUEST_TIMEOUT, e.status()),
        _ => e.status().into(),
    })
}

/// How the message is written, and the message itself if it is not in the body.
struct Wanted {
    codec: Codec,
    /// What the body is in.
    encoding: Encoding,
    message: Option<Bytes>,
}

impl Wanted {
    fn of(route: &Route, head: &Parts) -> Result<Wanted, Failure> {
        let by_get = route.method.idempotent && route.door == Door::Inside;
        match head.method {
            Method::POST => {
                let codec = posted_codec(&head.headers)?;
                Ok(Wanted {
                    codec,
                    encoding: Encoding::of(&head.headers)?,
                    message: None,
                })
            }
            Method::GET if by_get => {
                let query = head.uri.query().unwrap_or_default();
                let (codec, message) = unary_get::message(query)?;
                Ok(Wanted {
                    codec,
                    encoding: Encoding::Identity,
                    message: Some(message),
                })
            }
            _ if by_get => Err(Failure::method_not_allowed("GET, POST")),
            _ => Err(Failure::method_not_allowed("POST")),
        }
    }
}

fn posted_codec(headers: &HeaderMap) -> Result<Codec, Failure> {
    let content_type = text(headers, CONTENT_TYPE.as_str()).unwrap_or_default();
    let Some(codec) = Codec::of_content_type(content_type) else {
        let status = Status::invalid_argument(format!(
            "content type {content_type:?} is not served; these are: {ACCEPT_POST}"
        ));
        return Err(
            Failure::http(StatusCode::UNSUPPORTED_MEDIA_TYPE, status).header(
                hyper::header::HeaderName::from_static(ACCEPT_POST_NAME),
                ACCEPT_POST,
            ),
        );
    };
    match text(headers, "connect-protocol-version") {
        None | Some("1") => Ok(codec),
        Some(_) => {
            let message = "connect-protocol-version is not 1";
            Err(Status::invalid_argument(message).into())
        }
    }
}

/// What the caller says of time, bounded by [`crate::TIMEOUT_MS_MAX`] where it becomes a deadline.
fn timeout(headers: &HeaderMap) -> Result<Option<Duration>, Status> {
    if !headers.contains_key("connect-timeout-ms") {
        return Ok(None);
    }
    let digits = text(headers, "connect-timeout-ms").unwrap_or_default();
    let is_number = digits.bytes().all(|b| b.is_ascii_digit());
    match digits.parse() {
        Ok(ms) if is_number && digits.len() <= TIMEOUT_DIGITS_MAX => {
            Ok(Some(Duration::from_millis(ms)))
        }
        _ => Err(Status::invalid_argument(
            "connect-timeout-ms is no number of at most 10 digits",
        )),
    }
}

pub(super) fn traceparent(headers: &HeaderMap) -> Option<TraceContext> {
    TraceContext::parse(text(headers, "traceparent")?)
}

pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
