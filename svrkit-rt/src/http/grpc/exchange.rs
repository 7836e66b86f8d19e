//! One gRPC request and its answer.

use super::answers::Answers;
use super::body::{InFlight, Outgoing};
use super::head::{self, GRPC, IDENTITY};
use super::messages::{MessageBounds, Messages};
use super::streaming::Call;
use super::trailers;
use crate::deadline::Deadline;
use crate::descriptor::MethodDescriptor;
use crate::http::activity::Activity;
use crate::http::caller_rate::CallerRate;
use crate::http::codec::Codec;
use crate::http::headers::put_metadata;
use crate::http::serving::serve;
use crate::http::site::{Door, Route};
use crate::metadata::Metadata;
use crate::server::{Identity, Limits, ServerState};
use crate::service::{BoxFuture, Service};
use crate::status::Status;
use crate::streaming::InletBounds;
use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use tokio::time::timeout_at;

/// The name that reflection had before it was stable. Its messages are the same, and so tools that are older than that are served too.
const REFLECTION_V1ALPHA: &str = "/grpc.reflection.v1alpha.ServerReflection/";
const REFLECTION_V1: &str = "/grpc.reflection.v1.ServerReflection/";

type Answer = Response<Outgoing>;

/// What hyper calls for each request of a connection.
pub(super) struct Exchange<S> {
    server: Arc<ServerState<S>>,
    identity: Arc<Identity>,
    activity: Activity,
    /// Bytes of answers that are not written yet.
    unwritten: Arc<AtomicUsize>,
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
            unwritten: Arc::default(),
        }
    }
}

impl<S: Service> hyper::service::Service<Request<Incoming>> for Exchange<S> {
    type Response = Answer;
    type Error = Infallible;
    type Future = BoxFuture<Result<Answer, Infallible>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let in_flight = InFlight::begin(&self.activity, &self.unwritten);
        let (server, identity) = (self.server.clone(), self.identity.clone());
        let rate = self.rate.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            if let Some(answer) = not_grpc(&head) {
                return Ok(answer.map(|()| Outgoing::nothing(in_flight)));
            }
            let path = canonical(head.uri.path());
            let route = server.site().route(&path);
            let Some(route) = route.filter(|route| route.door == Door::Inside) else {
                let status = Status::unimplemented("no method has this path");
                return Ok(failed(trailers::of_failure(&status), in_flight));
            };
            let let_in = rate
                .admit(&server, route.method)
                .and_then(|()| server.admit_caller(route.method, &identity));
            if let Err(status) = let_in {
                return Ok(failed(trailers::of_failure(&status), in_flight));
            }
            if head::is_encoded(&head.headers) {
                let message = "grpc-encoding: no compression is served";
                let mut trailers = trailers::of_failure(&Status::unimplemented(message));
                let accepted = HeaderValue::from_static(IDENTITY);
                trailers.insert("grpc-accept-encoding", accepted);
                return Ok(failed(trailers, in_flight));
            }
            let streams_answers = route.method.streaming.of_server();
            let answer = match streams_answers {
                false => {
                    one_answer(&server, &identity, route, &head.headers, body, in_flight).await
                }
                true => {
                    many_answers(&server, &identity, route, &head.headers, body, in_flight).await
                }
            };
            Ok(answer)
        })
    }
}

/// A method with one answer. The handler runs in the stream's own task, and is dropped with it.
async fn one_answer<S: Service>(
    server: &ServerState<S>,
    identity: &Identity,
    route: &Route,
    headers: &HeaderMap,
    body: Incoming,
    in_flight: InFlight,
) -> Answer {
    let serve = async {
        let call = read(server, identity, route, headers, body, &in_flight).await?;
        match route.method.streaming.of_client() {
            true => call.serve(server).await,
            false => serve(server, call.context, call.body, |_, _| {}).await,
        }
    };
    let result = serve.await;
    match result.and_then(|response| server.admit_response(response, in_flight.unwritten())) {
        Err(status) => failed(trailers::of_failure(&status), in_flight),
        Ok(response) => {
            let trailers = trailers::of_success(None);
            let body = Outgoing::one(response.body, trailers, in_flight);
            answer(body, Some(&response.metadata))
        }
    }
}

/// A method whose answers stream. The headers go as soon as the call was let in: many callers wait for them before they send anything.
async fn many_answers<S: Service>(
    server: &Arc<ServerState<S>>,
    identity: &Identity,
    route: &Route,
    headers: &HeaderMap,
    body: Incoming,
    in_flight: InFlight,
) -> Answer {
    let call = match read(server, identity, route, headers, body, &in_flight).await {
        Ok(call) => call,
        Err(status) => return failed(trailers::of_failure(&status), in_flight),
    };
    let answers = call.answers.clone();
    let running = call.spawn(server.clone());
    match answers.begun().await {
        Ok(()) => answer(Outgoing::many(answers, running, in_flight), None),
        Err(trailers) => failed(trailers, in_flight),
    }
}

/// Reads a request, up to the first message of those that stream.
async fn read<S>(
    server: &ServerState<S>,
    identity: &Identity,
    route: &Route,
    headers: &HeaderMap,
    body: Incoming,
    in_flight: &InFlight,
) -> Result<Call, Status> {
    let (method, limits) = (route.method, server.limits());
    let (mut context, asked) = head::context(method, headers, limits)?;
    identity.stamp(&mut context);
    let (request_max, answer_max) = sizes(method, limits);
    let bounds = MessageBounds::new(request_max, limits);
    let mut messages = Messages::new(body, bounds, server.stream_bytes().clone());
    let streams = method.streaming.of_client();
    let body = match streams {
        true => Bytes::new(),
        false => {
            let (body, key) = route.types.request(
                method,
                Codec::Proto,
                within(asked, only(&mut messages)).await?,
            )?;
            context.routing_key = key;
            // The method's own time is for serving, and begins when there is something to serve, as with frames.
            context.deadline = asked.unwrap_or_else(|| head::own_deadline(method));
            body
        }
    };
    Ok(Call {
        context,
        body,
        messages: streams.then_some(messages),
        bounds: InletBounds {
            window_bytes: limits.stream_window_bytes,
            message_bytes_max: request_max,
        },
        answers: Arc::new(Answers::new(answer_max, in_flight.activity().clone())),
    })
}

/// The request of a method that takes one.
async fn only(messages: &mut Messages) -> Result<Bytes, Status> {
    let none = || Status::invalid_argument("the request has no message");
    let first = messages.first().await.map_err(|e| e.status())?;
    let message = first.ok_or_else(none)?;
    match messages.first().await {
        Ok(None) => Ok(message),
        Ok(Some(_)) => Err(Status::invalid_argument("the request has two messages")),
        Err(e) => Err(e.status()),
    }
}

async fn within<T>(
    asked: Option<Deadline>,
    read: impl Future<Output = Result<T, Status>>,
) -> Result<T, Status> {
    let Some(deadline) = asked else {
        return read.await;
    };
    timeout_at(deadline.instant(), read)
        .await
        .unwrap_or_else(|_| {
            let message = "deadline passed before the request was there";
            Err(Status::deadline_exceeded(message).with_not_started())
        })
}

/// Bytes of a request message and of an answer message.
fn sizes(method: &MethodDescriptor, limits: &Limits) -> (usize, usize) {
    let or = |own: u32, limit: usize| match own {
        0 => limit,
        own => own as usize,
    };
    let answer = or(method.response_bytes_max, limits.response_bytes_max);
    (
        or(method.request_bytes_max, limits.request_bytes_max),
        answer.min(limits.frame_bytes_max),
    )
}

fn canonical(path: &str) -> std::borrow::Cow<'_, str> {
    match path.strip_prefix(REFLECTION_V1ALPHA) {
        Some(method) => format!("{REFLECTION_V1}{method}").into(),
        None => path.into(),
    }
}

/// What HTTP says to a request that is none of gRPC.
fn not_grpc(head: &Parts) -> Option<Response<()>> {
    let mut answer = Response::new(());
    if head.method != Method::POST {
        *answer.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        let allow = HeaderValue::from_static("POST");
        answer.headers_mut().insert(ALLOW, allow);
    } else if !head::is_grpc(&head.headers) {
        *answer.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        let accept = HeaderValue::from_static(GRPC);
        answer.headers_mut().insert("accept-post", accept);
    } else {
        return None;
    }
    Some(answer)
}

fn answer(body: Outgoing, metadata: Option<&Metadata>) -> Answer {
    let mut answer = Response::new(body);
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(GRPC));
    if let Some(metadata) = metadata {
        put_metadata(metadata, headers);
    }
    answer
}

/// An answer that is nothing but how it went.
fn failed(trailers: HeaderMap, in_flight: InFlight) -> Answer {
    let mut answer = answer(Outgoing::nothing(in_flight), None);
    answer.headers_mut().extend(trailers);
    answer
}
