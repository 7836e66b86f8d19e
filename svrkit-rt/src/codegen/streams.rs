//! What generated code calls for methods that stream.

use super::decode;
use crate::call::Call;
use crate::client::{Channel, block_on};
use crate::context::Context;
use crate::descriptor::MethodDescriptor;
use crate::service::{Load, Request, Response};
use crate::status::Status;
use crate::streaming::{ClientStream, Ends, Receiver, Sender};
use ::tokio::time::Instant;
use bytes::Bytes;
use prost::Message;
use std::sync::Arc;

/// Arguments of a handler whose requests and answers stream.
pub type BothArguments<M, A> = (Box<Context>, Receiver<M>, Sender<A>);

/// Splits a request into the arguments of a handler whose answers stream.
///
/// # Errors
/// As [`decode`]; `Unimplemented` when it came by a way that has no streams.
pub fn decode_for_answers<M: Message + Default, A>(
    request: Request,
) -> Result<(Box<Context>, M, Sender<A>), Status> {
    let answers = Sender::new(ends(&request.context)?);
    let (context, message) = decode(request)?;
    Ok((context, message, answers))
}

/// Splits a request into the arguments of a handler whose requests stream.
///
/// # Errors
/// `Unimplemented` when it came by a way that has no streams.
pub fn decode_requests<M>(request: Request) -> Result<(Box<Context>, Receiver<M>), Status> {
    let context = request.context;
    let requests = Receiver::new(ends(&context)?, context.method, None);
    Ok((context, requests))
}

/// Splits a request into the arguments of a handler whose requests and answers stream.
///
/// # Errors
/// `Unimplemented` when it came by a way that has no streams.
pub fn decode_both<M, A>(request: Request) -> Result<BothArguments<M, A>, Status> {
    let (context, requests) = decode_requests(request)?;
    let answers = Sender::new(ends(&context)?);
    Ok((context, requests, answers))
}

/// The end of a stream of answers, with what the handler left in its context.
pub fn end_of_answers(context: Box<Context>) -> Response {
    Response {
        body: Bytes::new(),
        attachment: context.reply_attachment,
        metadata: context.reply_metadata,
        load: Load::default(),
    }
}

fn ends(context: &Context) -> Result<Arc<Ends>, Status> {
    context.streams.clone().ok_or_else(|| {
        let name = context.method.full_name;
        let message = format!("{name} streams, and so it can be called by frames or gRPC only");
        Status::unimplemented(message).with_not_started()
    })
}

impl Channel {
    /// Begins a call of a method of one request whose answers stream.
    ///
    /// # Errors
    /// What kept the call from being sent.
    pub async fn server_streaming<M: Message, A>(
        &self,
        method: &'static MethodDescriptor,
        call: Call<M>,
    ) -> Result<Receiver<A>, Status> {
        let (ends, call) = self
            .open(self.request(method, call, Instant::now())?)
            .await?;
        Ok(Receiver::new(ends, method, Some(call)))
    }

    /// Begins a call of a method whose requests stream, of one answer.
    ///
    /// # Errors
    /// What kept the call from being sent.
    pub async fn client_streaming<M: Message, A: Message + Default>(
        &self,
        method: &'static MethodDescriptor,
        call: Call<()>,
    ) -> Result<ClientStream<M, A>, Status> {
        let (ends, call) = self
            .open(self.request(method, call, Instant::now())?)
            .await?;
        Ok(ClientStream::new(Sender::new(ends), call, method))
    }

    /// Begins a call of a method whose requests and answers stream.
    ///
    /// # Errors
    /// What kept the call from being sent.
    pub async fn both_streaming<M: Message, A>(
        &self,
        method: &'static MethodDescriptor,
        call: Call<()>,
    ) -> Result<(Sender<M>, Receiver<A>), Status> {
        let (ends, call) = self
            .open(self.request(method, call, Instant::now())?)
            .await?;
        let requests = Sender::new(ends.clone());
        Ok((requests, Receiver::new(ends, method, Some(call))))
    }

    /// As [`Channel::server_streaming`] for plain threads.
    ///
    /// # Errors
    /// As there.
    ///
    /// # Panics
    /// As [`Channel::blocking_unary`].
    pub fn blocking_server_streaming<M: Message, A>(
        &self,
        method: &'static MethodDescriptor,
        call: Call<M>,
    ) -> Result<Receiver<A>, Status> {
        block_on(self, self.server_streaming(method, call))
    }

    /// As [`Channel::client_streaming`] for plain threads.
    ///
    /// # Errors
    /// As there.
    ///
    /// # Panics
    /// As [`Channel::blocking_unary`].
    pub fn blocking_client_streaming<M: Message, A: Message + Default>(
        &self,
        method: &'static MethodDescriptor,
        call: Call<()>,
    ) -> Result<ClientStream<M, A>, Status> {
        block_on(self, self.client_streaming(method, call))
    }

    /// As [`Channel::both_streaming`] for plain threads.
    ///
    /// # Errors
    /// As there.
    ///
    /// # Panics
    /// As [`Channel::blocking_unary`].
    pub fn blocking_both_streaming<M: Message, A>(
        &self,
        method: &'static MethodDescriptor,
        call: Call<()>,
    ) -> Result<(Sender<M>, Receiver<A>), Status> {
        block_on(self, self.both_streaming(method, call))
    }
}
