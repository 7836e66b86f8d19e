//! A server of this process, for the program to talk to.

use svrkit_rt::{Context, Listener, Server, Status};
use tokio::runtime::Runtime;

use crate::hello::hello::v1::{Greeter, GreeterServer, HelloReply, HelloRequest};

/// Serves until it is dropped.
pub(crate) struct Running {
    pub(crate) address: String,
    _runtime: Runtime,
}

/// Tells its callers what it was told.
struct Telling;

impl Greeter for Telling {
    async fn say_hello(
        &self,
        _ctx: &mut Context,
        request: HelloRequest,
    ) -> Result<HelloReply, Status> {
        let user = request.user.unwrap_or_default();
        if user.name.is_empty() {
            let status = Status::not_found(format!("user {} has no name", user.id));
            return Err(status.with_reason("hello", "NO_NAME"));
        }
        let text = format!("hello {} {}", user.name, user.id);
        Ok(HelloReply { text })
    }

    async fn say_bye(
        &self,
        ctx: &mut Context,
        request: HelloRequest,
    ) -> Result<HelloReply, Status> {
        ctx.reply_attachment = ctx.attachment.clone();
        ctx.reply_metadata.insert("seen-by", "telling")?;
        let user = request.user.unwrap_or_default();
        let text = format!(
            "bye {} metadata={} priority={} attempt={} routing={} deadline_over_1s={} attached={}",
            user.name,
            ctx.metadata.get_str("client").unwrap_or("none"),
            ctx.priority.business,
            ctx.attempt,
            ctx.routing_key,
            ctx.remaining().as_secs() >= 1,
            ctx.attachment.len(),
        );
        Ok(HelloReply { text })
    }
}

/// Listens on a free port.
pub(crate) fn start() -> Running {
    start_on(|| async { Listener::bind("127.0.0.1:0").await })
}

/// Listens where `bind` says.
pub(crate) fn start_on<F>(bind: impl FnOnce() -> F) -> Running
where
    F: Future<Output = std::io::Result<Listener>>,
{
    let runtime = Runtime::new().expect("a runtime");
    let listener = runtime.block_on(async { bind().await.expect("it listens") });
    let address = listener.address();
    let server = Server::new().service(GreeterServer::new(Telling));
    runtime.spawn(server.run(listener, std::future::pending()));
    Running {
        address,
        _runtime: runtime,
    }
}
