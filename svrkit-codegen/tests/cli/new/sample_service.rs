//! `echo_two.v1.EchoTwo`, method by method.

use svrkit_rt::{Context, Status};

use crate::config::Config;
use crate::idl::echo_two::v1::{EchoTwo, EchoTwoServer, SayHelloReply, SayHelloRequest};

/// Serves `echo_two.v1.EchoTwo`. Methods share it: what changes while it runs goes behind a lock or into a task.
#[derive(Debug)]
pub struct EchoTwoService {
    greeting: String,
}

impl EchoTwoService {
    /// A service as configured.
    pub fn new(config: &Config) -> EchoTwoService {
        EchoTwoService {
            greeting: config.greeting.clone(),
        }
    }
}

/// Ready to be put on a [`Server`](svrkit_rt::Server).
pub fn server(config: &Config) -> EchoTwoServer<EchoTwoService> {
    EchoTwoServer::new(EchoTwoService::new(config))
}

// `async fn` for a method that waits for others: it costs no thread. Plain `fn` (without `async`, and nothing else changed) for one
// that blocks, on files, a database or long computing: it runs on the server's threads for that, so that nobody else waits for it.
#[svrkit::service]
impl EchoTwo for EchoTwoService {
    /// Says hello to one person.
    async fn say_hello(
        &self,
        _ctx: &mut Context,
        request: SayHelloRequest,
    ) -> Result<SayHelloReply, Status> {
        if request.name.is_empty() {
            return Err(Status::invalid_argument("name is empty"));
        }
        let text = format!("{}, {}!", self.greeting, request.name);
        Ok(SayHelloReply { text })
    }
}
