//! One request of the short link and its answer.

use super::answer::{self, Answer};
use super::pace::Pace;
use super::request::{self, BodyError};
use crate::doors::Pass;
use crate::frame::HEAD_BYTES;
use crate::node::{Node, Who, address_text};
use crate::priority::UserLevel;
use crate::routes::Route;
use crate::stats::count;
use crate::websocket;
use bytes::Bytes;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::{Method, Request, StatusCode};
use im_idl::account::VerifyResponse;
use im_idl::base::Caller;
use im_idl::refusal;
use prost::Message;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use svrkit_rt::{Status, Ticket};
use tokio::time::Instant;

/// Slack in milliseconds beyond a method's own timeout, after which its connection is given up.
const SERVE_SLACK_MS: u64 = 5_000;

/// What the requests of one connection share.
pub(super) struct Exchange {
    node: Arc<Node>,
    address: Option<IpAddr>,
    /// Its place among those who are nobody yet; given back with the first valid ticket.
    pass: Mutex<Option<Pass>>,
    pace: Arc<Pace>,
    upgraded: AtomicBool,
}

/// Why a call has no answer of its method.
enum Failure {
    /// Said as the long link says it.
    Refused(Status),
    /// A client of Mars' would see an error whatever is said.
    Http(Answer),
}

impl From<Status> for Failure {
    fn from(status: Status) -> Failure {
        Failure::Refused(status)
    }
}

impl Exchange {
    pub(super) fn new(
        node: Arc<Node>,
        address: Option<IpAddr>,
        pass: Pass,
        pace: Arc<Pace>,
    ) -> Exchange {
        Exchange {
            node,
            address,
            pass: Mutex::new(Some(pass)),
            pace,
            upgraded: AtomicBool::new(false),
        }
    }

    /// Whether the connection speaks WebSocket from now on.
    pub(super) fn is_upgraded(&self) -> bool {
        self.upgraded.load(Relaxed)
    }

    pub(super) fn take_pass(&self) -> Option<Pass> {
        let mut pass = self.pass.lock().unwrap_or_else(PoisonError::into_inner);
        pass.take()
    }

    pub(super) async fn answer(&self, request: Request<Incoming>) -> Result<Answer, Infallible> {
        let (head, body) = request.into_parts();
        let answer = match (&head.method, head.uri.path()) {
            (&Method::GET | &Method::HEAD, "/") => {
                answer::text(StatusCode::OK, "im: the door for clients\n")
            }
            (&Method::GET | &Method::HEAD, "/health") => answer::text(StatusCode::OK, "ok\n"),
            (_, "/" | "/health") => answer::method_not_allowed("GET, HEAD"),
            (_, websocket::PATH) => self.upgrade(&head),
            (_, path) => match self.node.routes.at_path(path) {
                Some(route) => {
                    let route = route.clone();
                    self.call(&route, &head, body).await
                }
                None => answer::text(StatusCode::NOT_FOUND, "no method has this path\n"),
            },
        };
        let config = &self.node.config;
        // A stranger does not keep his place longer than on a long link.
        let idle_ms = match self.is_stranger() {
            true => config
                .unauthenticated_timeout_ms
                .min(config.short_idle_timeout_ms),
            false => config.short_idle_timeout_ms,
        };
        self.pace.idle(idle_ms);
        Ok(answer)
    }

    fn upgrade(&self, head: &Parts) -> Answer {
        // One place is one link; a connection that showed a ticket has given its own back.
        let pass = self.is_stranger();
        let answer = websocket::accept(head, &self.node.config.websocket_origins);
        if pass && answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            self.upgraded.store(true, Relaxed);
            return answer;
        }
        match answer.status() {
            StatusCode::SWITCHING_PROTOCOLS => answer::text(
                StatusCode::CONFLICT,
                "a websocket needs a connection of its own\n",
            ),
            _ => answer,
        }
    }

    async fn call(&self, route: &Route, head: &Parts, body: Incoming) -> Answer {
        match self.try_call(route, head, body).await {
            Ok(bytes) => answer::message(bytes),
            Err(Failure::Refused(status)) => answer::message(refusal::body(&status)),
            Err(Failure::Http(answer)) => answer,
        }
    }

    async fn try_call(
        &self,
        route: &Route,
        head: &Parts,
        body: Incoming,
    ) -> Result<Bytes, Failure> {
        let http = |status, line| Failure::Http(answer::closing(answer::text(status, line)));
        if head.method != Method::POST {
            return Err(Failure::Http(answer::closing(answer::method_not_allowed(
                "POST",
            ))));
        }
        if request::is_encoded(&head.headers) {
            let line = "send the body as it is, without content-encoding\n";
            return Err(http(StatusCode::UNSUPPORTED_MEDIA_TYPE, line));
        }
        if request::is_endless(&head.headers) {
            let line = "say how long the body is\n";
            return Err(http(StatusCode::LENGTH_REQUIRED, line));
        }
        let config = &self.node.config;
        self.pace.within(config.short_body_timeout_ms);
        let caller = match route.ticket {
            Ticket::Required => Some(self.caller(route, head).await),
            Ticket::None => None,
        };
        let bytes_max = match caller {
            Some(Ok(_)) => config.frame_bytes_max,
            _ => config.unauthenticated_frame_bytes_max,
        };
        let body = request::body(body, bytes_max - HEAD_BYTES).await;
        let body = match (body, &caller) {
            (Ok(body), _) => body,
            // A stranger's body is not worth reading, but he is told that he is one.
            (Err(BodyError::TooLarge), Some(Err(status))) => {
                let refused = answer::message(refusal::body(status));
                return Err(Failure::Http(answer::closing(refused)));
            }
            (Err(BodyError::TooLarge), _) => {
                let line = "the body is too long\n";
                return Err(http(StatusCode::PAYLOAD_TOO_LARGE, line));
            }
            (Err(BodyError::Broken), _) => {
                return Err(http(StatusCode::BAD_REQUEST, "the body is broken\n"));
            }
        };
        let caller = caller.transpose()?;
        let client_version = request::client_version(&head.headers);
        let who = match &caller {
            Some((uin, caller)) => Who::User {
                uin: *uin,
                level: &UserLevel::default(),
                caller,
                client_version,
            },
            None => Who::Stranger {
                address: self.address,
                client_version,
            },
        };
        let now = Instant::now();
        let admitted = self.node.admit(route, who, &body, now, || body.clone());
        let admitted = admitted.map_err(|refused| {
            count(&self.node.counters.refused);
            Status::from(refused)
        })?;
        let timeout_ms = u64::from(route.method.timeout_ms);
        self.pace.within(timeout_ms + SERVE_SLACK_MS);
        let bytes = admitted.call().await?;
        if bytes.len() + HEAD_BYTES > config.answer_bytes_max {
            let message = format!("answer of {} bytes is too long", bytes.len());
            return Err(Status::resource_exhausted(message).into());
        }
        Ok(bytes)
    }

    /// Who sent this head: his number, and the encoded [`Caller`].
    async fn caller(&self, route: &Route, head: &Parts) -> Result<(u64, Bytes), Status> {
        let Some(ticket) = request::ticket(&head.headers) else {
            let message = "a ticket is required: authorization: Bearer TICKET";
            return Err(Status::unauthenticated(message).with_not_started());
        };
        if self.is_stranger() {
            self.node.admit_ticket(self.address, route.cmd)?;
        }
        let whose = self.node.tickets.verify_or_remember(ticket).await?;
        // Somebody we know: his place is free for the next stranger.
        drop(self.take_pass());
        let VerifyResponse { uin, device, .. } = &*whose;
        let caller = Caller {
            uin: *uin,
            device: device.clone(),
            client_version: request::client_version(&head.headers),
            address: address_text(self.address),
        };
        Ok((*uin, caller.encode_to_vec().into()))
    }

    fn is_stranger(&self) -> bool {
        let pass = self.pass.lock().unwrap_or_else(PoisonError::into_inner);
        pass.is_some()
    }
}
