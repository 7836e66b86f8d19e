//! A server of this process, for the program to talk to.

use std::time::Duration;

use svrkit_rt::{Context, Listener, Receiver, Sender, Server, ServerWatch, Status};
use tokio::runtime::Runtime;

use crate::hello::hello::v1::{Greeter, GreeterServer, HelloReply, HelloRequest};
use crate::streams::streams::v1::{AppendReply, FollowRequest, Journal, JournalServer, Line};

/// Serves until it is dropped.
pub(crate) struct Running {
    pub(crate) address: String,
    pub(crate) watch: ServerWatch,
    pub(crate) runtime: Runtime,
}

/// Tells its callers what it was told.
struct Telling;

/// Who is greeted slowly, and how slowly.
pub(crate) const SLOW: &str = "Slow";
pub(crate) const SLOWNESS: Duration = Duration::from_millis(50);

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
        if user.name == SLOW {
            tokio::time::sleep(SLOWNESS).await;
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

/// Keeps nothing, and tells it.
struct Forgetful;

impl Journal for Forgetful {
    async fn append(
        &self,
        ctx: &mut Context,
        mut requests: Receiver<Line>,
    ) -> Result<AppendReply, Status> {
        let mut lines = 0;
        while requests.next().await?.is_some() {
            lines += 1;
        }
        ctx.reply_metadata.insert("seen-by", "forgetful")?;
        Ok(AppendReply { lines })
    }

    async fn follow(
        &self,
        _ctx: &mut Context,
        request: FollowRequest,
        mut answers: Sender<Line>,
    ) -> Result<(), Status> {
        for text in ["once", "upon", "a time"] {
            let text = format!("{text}, said {}", request.name);
            answers.send(Line { text }).await?;
        }
        match request.name.as_str() {
            "nobody" => Err(Status::not_found("nobody has nothing to say")),
            _ => Ok(()),
        }
    }

    async fn talk(
        &self,
        _ctx: &mut Context,
        mut requests: Receiver<Line>,
        mut answers: Sender<Line>,
    ) -> Result<(), Status> {
        while let Some(line) = requests.next().await? {
            let text = format!("{}?", line.text);
            answers.send(Line { text }).await?;
        }
        Ok(())
    }

    async fn count(&self, _: &mut Context, _: FollowRequest) -> Result<AppendReply, Status> {
        Ok(AppendReply { lines: 0 })
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
    start_guarded(bind, |server| server)
}

/// As [`start_on`], with a server that `guard` keeps.
pub(crate) fn start_guarded<F>(
    bind: impl FnOnce() -> F,
    guard: impl FnOnce(Server) -> Server,
) -> Running
where
    F: Future<Output = std::io::Result<Listener>>,
{
    let runtime = Runtime::new().expect("a runtime");
    let listener = runtime.block_on(async { bind().await.expect("it listens") });
    let address = listener.address();
    let server = Server::new()
        .service(GreeterServer::new(Telling))
        .service(JournalServer::new(Forgetful));
    let server = guard(server);
    let watch = server.watch();
    runtime.spawn(server.run(listener, std::future::pending()));
    Running {
        address,
        watch,
        runtime,
    }
}
