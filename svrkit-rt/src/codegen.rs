//! What generated code calls. Not for anybody else; it changes with the generator.

mod streams;

pub use crate::service::{BoxFuture, Request, Response};
pub use prost;
pub use prost_types;
pub use std::sync::Arc;
pub use streams::{
    BothArguments, decode_both, decode_for_answers, decode_requests, end_of_answers,
};
pub use tokio;

use crate::call::{Call, Reply};
use crate::client::{Channel, WayOut, block_on};
use crate::context::Context;
use crate::descriptor::{MethodDescriptor, ServiceDescriptor};
use crate::service::Load;
use crate::status::{Code, Status};
use ::tokio::time::Instant;
use bytes::Bytes;
use prost::Message;

/// Bodies up to this size are decoded by copying their `bytes` fields; larger ones share the read buffer. A short field that a
/// handler keeps would otherwise keep 64 KiB of buffer with it.
const COPIED_BODY_BYTES_MAX: usize = 4 * 1024;

/// A service as the generator writes it: typed methods behind untyped requests.
pub trait GeneratedService: Send + Sync + 'static {
    /// What the IDL says of it.
    fn descriptor(&self) -> &'static ServiceDescriptor;

    /// Whether the method (an index into the descriptor) blocks its thread.
    fn is_blocking(&self, method: usize) -> bool;

    /// Serves a request.
    fn call(&self, method: usize, request: Request) -> BoxFuture<Result<Response, Status>>;
}

/// Splits a request into the handler's two arguments.
///
/// # Errors
/// `InvalidArgument` when the body is not the message.
pub fn decode<M: Message + Default>(request: Request) -> Result<(Box<Context>, M), Status> {
    let name = request.context.method.input;
    match decode_message(request.body) {
        Ok(message) => Ok((request.context, message)),
        Err(e) => Err(Status::invalid_argument(format!(
            "request is no {name}: {e}"
        ))),
    }
}

/// Joins a handler's answer and what it left in its context.
///
/// # Errors
/// `ResourceExhausted` when the answer is larger than the IDL allows.
pub fn encode<M: Message>(context: Box<Context>, reply: &M) -> Result<Response, Status> {
    let max = context.method.response_bytes_max as usize;
    let len = reply.encoded_len();
    if max > 0 && len > max {
        return Err(Status::resource_exhausted(format!(
            "answer of {} is {len} bytes, over max_response_bytes {max}",
            context.method.full_name
        )));
    }
    Ok(Response {
        body: encode_message(reply, len),
        attachment: context.reply_attachment,
        metadata: context.reply_metadata,
        load: Load::default(),
    })
}

/// Whether a method is among those that `#[svrkit::service]` found to be plain functions.
pub fn is_blocking(blocking: &[&str], rust_name: &str) -> bool {
    blocking.contains(&rust_name)
}

/// The answer of a dispatcher to an index that it does not have.
pub fn unknown_method() -> BoxFuture<Result<Response, Status>> {
    Box::pin(async { Err(Status::unimplemented("no such method").with_not_started()) })
}

fn encode_message<M: Message>(message: &M, len: usize) -> Bytes {
    let mut body = Vec::with_capacity(len);
    message.encode_raw(&mut body);
    body.into()
}

pub(crate) fn decode_message<M: Message + Default>(body: Bytes) -> Result<M, prost::DecodeError> {
    if body.len() <= COPIED_BODY_BYTES_MAX {
        M::decode(&body[..])
    } else {
        M::decode(body)
    }
}

impl Channel {
    /// Calls a method of one request and one answer.
    ///
    /// # Errors
    /// What the callee answers, or what kept the call from being answered.
    pub async fn unary<M: Message, R: Message + Default>(
        &self,
        method: &'static MethodDescriptor,
        call: Call<M>,
    ) -> Result<Reply<R>, Status> {
        let now = Instant::now();
        let request = self.request(method, call, now)?;
        // As `call_at` does; by way of it every call's future would be copied once more.
        let response = match self.way_out() {
            WayOut::Straight(core) => core.call(request, now).await?,
            WayOut::Layered(layers) => layers.call_boxed(request).await?,
        };
        typed(method, response)
    }

    /// As [`Channel::unary`] for plain threads: waits without a runtime.
    ///
    /// # Errors
    /// As [`Channel::unary`].
    ///
    /// # Panics
    /// When called from an asynchronous task: it would stand still, and with it every task of its thread.
    pub fn blocking_unary<M: Message, R: Message + Default>(
        &self,
        method: &'static MethodDescriptor,
        call: Call<M>,
    ) -> Result<Reply<R>, Status> {
        let now = Instant::now();
        let request = self.request(method, call, now)?;
        typed(method, block_on(self, self.call_at(request, now))?)
    }

    fn request<M: Message>(
        &self,
        method: &'static MethodDescriptor,
        call: Call<M>,
        now: Instant,
    ) -> Result<Request, Status> {
        let max = method.request_bytes_max as usize;
        let len = call.message.encoded_len();
        if max > 0 && len > max {
            return Err(Status::resource_exhausted(format!(
                "request of {} is {len} bytes, over max_request_bytes {max}",
                method.full_name
            ))
            .with_not_started());
        }
        let body = encode_message(&call.message, len);
        Ok(self.untyped_at(method, call, body, now))
    }
}

pub(crate) fn typed<R: Message + Default>(
    method: &'static MethodDescriptor,
    response: Response,
) -> Result<Reply<R>, Status> {
    let max = method.response_bytes_max as usize;
    if max > 0 && response.body.len() > max {
        return Err(Status::resource_exhausted(format!(
            "answer of {} is {} bytes, over max_response_bytes {max}",
            method.full_name,
            response.body.len()
        )));
    }
    match decode_message(response.body) {
        Ok(message) => Ok(Reply {
            message,
            metadata: response.metadata,
            attachment: response.attachment,
            load: response.load,
        }),
        Err(e) => Err(Status::new(
            Code::Internal,
            format!("answer is no {}: {e}", method.output),
        )),
    }
}

/// A field that the IDL made the hash key of a method, as a routing key. Numbers stand for themselves (a uin routes as itself);
/// strings and bytes are hashed with FNV-1a, so that every language computes the same.
pub trait HashKey {
    /// The routing key.
    fn routing_key(&self) -> u64;
}

macro_rules! number_keys {
    ($($t:ty)*) => { $(
        impl HashKey for $t {
            fn routing_key(&self) -> u64 {
                *self as u64
            }
        }
    )* };
}

number_keys!(u32 u64 i32 i64 bool);

impl HashKey for [u8] {
    fn routing_key(&self) -> u64 {
        let step = |hash: u64, byte: &u8| (hash ^ *byte as u64).wrapping_mul(0x0000_0100_0000_01b3);
        self.iter().fold(0xcbf2_9ce4_8422_2325, step)
    }
}

impl HashKey for str {
    fn routing_key(&self) -> u64 {
        self.as_bytes().routing_key()
    }
}

impl HashKey for String {
    fn routing_key(&self) -> u64 {
        self.as_bytes().routing_key()
    }
}

impl HashKey for Bytes {
    fn routing_key(&self) -> u64 {
        self[..].routing_key()
    }
}
