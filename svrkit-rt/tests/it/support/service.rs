//! A service made of closures, as generated code would present it.

use bytes::Bytes;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use svrkit_rt::codegen::{self, BoxFuture, GeneratedService};
use svrkit_rt::{
    Call, Channel, Context, MethodDescriptor, Receiver, Reply, Request, Response, Sender,
    ServiceDescriptor, Status,
};

/// The only message there is.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Text {
    #[prost(string, tag = "1")]
    pub(crate) text: String,
    #[prost(uint64, tag = "2")]
    pub(crate) number: u64,
    #[prost(bytes = "bytes", tag = "3")]
    pub(crate) data: Bytes,
}

impl Text {
    pub(crate) fn number(number: u64) -> Text {
        Text {
            number,
            ..Text::default()
        }
    }

    pub(crate) fn data(data: impl Into<Bytes>) -> Text {
        Text {
            data: data.into(),
            ..Text::default()
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text {
            text: text.to_owned(),
            ..Text::default()
        }
    }
}

type Answer = Result<(Box<Context>, Text), Status>;
type AsyncHandler = Arc<dyn Fn(Box<Context>, Text) -> BoxFuture<Answer> + Send + Sync>;
type BlockingHandler = Arc<dyn Fn(&mut Context, Text) -> Result<Text, Status> + Send + Sync>;

/// Takes the context apart as generated code would, and gives the whole answer.
type StreamHandler = Arc<dyn Fn(Request) -> BoxFuture<Result<Response, Status>> + Send + Sync>;

enum Handler {
    Async(AsyncHandler),
    Blocking(BlockingHandler),
    Stream(StreamHandler, Thread),
}

/// Whether a handler has a thread of its own.
#[derive(Clone, Copy, PartialEq)]
enum Thread {
    Own,
    Shared,
}

/// A service under construction, and then a service.
pub(crate) struct Handlers {
    name: &'static str,
    methods: Vec<MethodDescriptor>,
    handlers: Vec<Handler>,
    descriptor: OnceLock<&'static ServiceDescriptor>,
}

/// The test service, with no method yet.
pub(crate) fn service() -> Handlers {
    Handlers {
        name: super::SERVICE,
        methods: Vec::new(),
        handlers: Vec::new(),
        descriptor: OnceLock::new(),
    }
}

impl Handlers {
    /// A handler that sees and sets everything a context has.
    pub(crate) fn on<F, Fut>(mut self, method: &MethodDescriptor, handler: F) -> Handlers
    where
        F: Fn(Box<Context>, Text) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Answer> + Send + 'static,
    {
        self.methods.push(method.clone());
        let handler: AsyncHandler = Arc::new(move |context, text| Box::pin(handler(context, text)));
        self.handlers.push(Handler::Async(handler));
        self
    }

    /// A handler of the message alone.
    pub(crate) fn answer<F, Fut>(self, method: &MethodDescriptor, handler: F) -> Handlers
    where
        F: Fn(Text) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Text, Status>> + Send + 'static,
    {
        self.on(method, move |context, text| {
            let answer = handler(text);
            async { Ok((context, answer.await?)) }
        })
    }

    /// A handler that blocks its thread.
    pub(crate) fn blocking<F>(mut self, method: &MethodDescriptor, handler: F) -> Handlers
    where
        F: Fn(&mut Context, Text) -> Result<Text, Status> + Send + Sync + 'static,
    {
        self.methods.push(method.clone());
        self.handlers.push(Handler::Blocking(Arc::new(handler)));
        self
    }

    fn stream<F>(mut self, method: &MethodDescriptor, thread: Thread, handler: F) -> Handlers
    where
        F: Fn(Request) -> BoxFuture<Result<Response, Status>> + Send + Sync + 'static,
    {
        self.methods.push(method.clone());
        self.handlers
            .push(Handler::Stream(Arc::new(handler), thread));
        self
    }

    /// A handler whose requests stream.
    pub(crate) fn put<F, Fut>(self, method: &MethodDescriptor, handler: F) -> Handlers
    where
        F: Fn(Receiver<Text>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Text, Status>> + Send + 'static,
    {
        let handler = Arc::new(handler);
        self.stream(method, Thread::Shared, move |request| {
            let handler = handler.clone();
            Box::pin(async move {
                let (context, requests) = codegen::decode_requests(request)?;
                codegen::encode(context, &handler(requests).await?)
            })
        })
    }

    /// A handler whose answers stream.
    pub(crate) fn watch<F, Fut>(self, method: &MethodDescriptor, handler: F) -> Handlers
    where
        F: Fn(Text, Sender<Text>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), Status>> + Send + 'static,
    {
        let handler = Arc::new(handler);
        self.stream(method, Thread::Shared, move |request| {
            let handler = handler.clone();
            Box::pin(async move {
                let (context, text, answers) = codegen::decode_for_answers(request)?;
                handler(text, answers).await?;
                Ok(codegen::end_of_answers(context))
            })
        })
    }

    /// A handler whose requests and answers stream, and that sees its context.
    pub(crate) fn talk<F, Fut>(self, method: &MethodDescriptor, handler: F) -> Handlers
    where
        F: Fn(Box<Context>, Receiver<Text>, Sender<Text>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Box<Context>, Status>> + Send + 'static,
    {
        let handler = Arc::new(handler);
        self.stream(method, Thread::Shared, move |request| {
            let handler = handler.clone();
            Box::pin(async move {
                let (context, requests, answers) = codegen::decode_both(request)?;
                let context = handler(context, requests, answers).await?;
                Ok(codegen::end_of_answers(context))
            })
        })
    }

    /// The same on a thread that may stand still.
    pub(crate) fn talk_blocking<F>(self, method: &MethodDescriptor, handler: F) -> Handlers
    where
        F: Fn(Receiver<Text>, Sender<Text>) -> Result<(), Status> + Send + Sync + 'static,
    {
        let handler = Arc::new(handler);
        self.stream(method, Thread::Own, move |request| {
            let handler = handler.clone();
            Box::pin(async move {
                let (context, requests, answers) = codegen::decode_both(request)?;
                handler(requests, answers)?;
                Ok(codegen::end_of_answers(context))
            })
        })
    }

    /// `Echo`: message, metadata and attachment as they came.
    pub(crate) fn echo(self) -> Handlers {
        self.on(&super::ECHO, |mut context, text| async {
            context.reply_metadata = std::mem::take(&mut context.metadata);
            context.reply_attachment = std::mem::take(&mut context.attachment);
            Ok((context, text))
        })
    }
}

impl GeneratedService for Handlers {
    fn descriptor(&self) -> &'static ServiceDescriptor {
        self.descriptor.get_or_init(|| {
            Box::leak(Box::new(ServiceDescriptor {
                full_name: self.name,
                docs: "",
                methods: self.methods.clone().leak(),
                file_descriptor_set: &[],
            }))
        })
    }

    fn is_blocking(&self, method: usize) -> bool {
        matches!(
            self.handlers[method],
            Handler::Blocking(_) | Handler::Stream(_, Thread::Own)
        )
    }

    fn call(&self, method: usize, request: Request) -> BoxFuture<Result<Response, Status>> {
        match &self.handlers[method] {
            Handler::Async(handler) => {
                let handler = handler.clone();
                Box::pin(async move {
                    let (context, text) = codegen::decode(request)?;
                    let (context, answer) = handler(context, text).await?;
                    codegen::encode(context, &answer)
                })
            }
            Handler::Stream(handler, _) => handler(request),
            Handler::Blocking(handler) => {
                let handler = handler.clone();
                Box::pin(async move {
                    let (mut context, text) = codegen::decode(request)?;
                    let answer = handler(&mut context, text)?;
                    codegen::encode(context, &answer)
                })
            }
        }
    }
}

/// Calls with five seconds of time, more than any of these tests should need.
pub(crate) async fn call(
    channel: &Channel,
    method: &'static MethodDescriptor,
    text: impl Into<Text>,
) -> Result<Text, Status> {
    let call = Call::new(text.into()).timeout(Duration::from_secs(5));
    let reply: Reply<Text> = channel.unary(method, call).await?;
    Ok(reply.message)
}
