//! What every server answers without being asked to, over frames.

use std::sync::Arc;
use svrkit_rt::builtin::grpc::health::v1::health_check_response::ServingStatus as Wire;
use svrkit_rt::builtin::grpc::health::v1::{HealthCheckRequest, HealthClient, HealthListRequest};
use svrkit_rt::builtin::svrkit::v1::{BuiltinClient, EchoRequest};
use svrkit_rt::{
    BUILTIN_SERVICES, Channel, Code, Intercept, Layer, Request, Response, Router, Server, Service,
    ServingStatus, Status, memory,
};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

struct Site {
    channel: Channel,
    stop: oneshot::Sender<()>,
    done: JoinHandle<std::io::Result<()>>,
}

fn run<L>(server: Server<L>) -> Site
where
    L: Layer<Arc<Router>> + Send + 'static,
    L::Service: Send,
{
    let (listener, connector) = memory();
    let (stop, stopped) = oneshot::channel::<()>();
    let done = tokio::spawn(server.run(listener, async {
        let _ = stopped.await;
    }));
    Site {
        channel: Channel::memory(connector).expect("a channel"),
        stop,
        done,
    }
}

impl Site {
    async fn close(self) {
        let _ = self.stop.send(());
        self.done.await.expect("no panic").expect("a clean end");
    }
}

fn about(service: &str) -> HealthCheckRequest {
    HealthCheckRequest {
        service: service.to_owned(),
    }
}

#[tokio::test]
async fn echo_gives_back_what_it_gets() {
    let site = run(Server::new());
    let payload = bytes::Bytes::from(vec![7; 100_000]);
    let request = EchoRequest {
        payload: payload.clone(),
    };
    let answer = BuiltinClient::new(site.channel.clone()).echo(request).await;
    assert_eq!(answer.expect("an echo").payload, payload);
    site.close().await;
}

#[tokio::test]
async fn health_is_what_the_author_says() {
    let server = Server::new();
    let health = server.health();
    let site = run(server);
    let client = HealthClient::new(site.channel.clone());
    let check = async |service: &str| client.check(about(service)).await.map(|r| r.status());
    assert_eq!(check("").await, Ok(Wire::Serving));
    assert_eq!(check(BUILTIN_SERVICES[0]).await, Ok(Wire::Serving));
    let unknown = check("no.such.Service").await.expect_err("not here");
    assert_eq!(unknown.code(), Code::NotFound);

    health.set("svrkit.v1.Builtin", ServingStatus::NotServing);
    health.set("the.database", ServingStatus::Serving);
    assert_eq!(check("svrkit.v1.Builtin").await, Ok(Wire::NotServing));
    assert_eq!(check("").await, Ok(Wire::Serving));
    assert_eq!(check("the.database").await, Ok(Wire::Serving));
    let all = client.list(HealthListRequest {}).await.expect("a list");
    assert_eq!(all.statuses["svrkit.v1.Builtin"].status(), Wire::NotServing);
    assert_eq!(all.statuses[""].status(), Wire::Serving);
    drop(client);
    site.close().await;
}

/// Holds calls up, so that a drain has something to wait for.
#[derive(Clone, Default)]
struct Gate {
    reached: Arc<Notify>,
    open: Arc<Notify>,
}

impl<S: Service> Layer<S> for Gate {
    type Service = Gated<S>;

    fn layer(self, inner: S) -> Gated<S> {
        Gated { inner, gate: self }
    }
}

struct Gated<S> {
    inner: S,
    gate: Gate,
}

impl<S: Service> Service for Gated<S> {
    async fn call(&self, request: Request) -> Result<Response, Status> {
        self.gate.reached.notify_one();
        self.gate.open.notified().await;
        self.inner.call(request).await
    }
}

#[tokio::test]
async fn a_draining_server_is_not_serving() {
    let gate = Gate::default();
    let server = Server::new().layer(gate.clone());
    let health = server.health();
    let site = run(server);
    let client = BuiltinClient::new(site.channel.clone());
    let call = tokio::spawn(async move { client.echo(EchoRequest::default()).await });
    gate.reached.notified().await;
    let Site {
        stop,
        done,
        channel,
    } = site;
    stop.send(()).expect("the server runs");
    // What was set is not heard any more.
    while health.status("") != Some(ServingStatus::NotServing) {
        tokio::task::yield_now().await;
    }
    health.set("", ServingStatus::Serving);
    assert_eq!(health.status(""), Some(ServingStatus::NotServing));
    gate.open.notify_one();
    call.await.expect("no panic").expect("an echo");
    drop(channel);
    done.await.expect("no panic").expect("a clean end");
}

#[tokio::test]
async fn a_layer_may_let_probes_through() {
    let closed =
        |request: &mut Request| match BUILTIN_SERVICES.contains(&request.context.method.service) {
            true => Ok(()),
            false => Err(Status::unauthenticated("who are you")),
        };
    let site = run(Server::new().layer(Intercept(closed)));
    let client = HealthClient::new(site.channel.clone());
    assert!(client.check(about("")).await.is_ok());
    drop(client);
    site.close().await;
}

/// The wire format of failures is hand-written in the runtime; the IDL documents it.
#[test]
fn the_error_of_the_idl_is_the_error_on_the_wire() {
    use prost::Message;
    let error = svrkit_rt::builtin::svrkit::v1::Error {
        message: "no such user".to_owned(),
        domain: "im.account".to_owned(),
        reason: "NO_USER".to_owned(),
    };
    let wire = b"\x0a\x0cno such user\x12\x0aim.account\x1a\x07NO_USER";
    assert_eq!(error.encode_to_vec(), wire);
}

#[cfg(feature = "reflection")]
mod reflection {
    use super::*;
    use prost::Message;
    use prost_reflect::{DescriptorPool, Value};
    use svrkit_rt::builtin::grpc::reflection::v1::server_reflection_request::MessageRequest;
    use svrkit_rt::builtin::grpc::reflection::v1::server_reflection_response::MessageResponse;
    use svrkit_rt::builtin::grpc::reflection::v1::{
        ExtensionRequest, ServerReflectionClient, ServerReflectionRequest,
    };

    async fn ask(site: &Site, question: Option<MessageRequest>) -> MessageResponse {
        let request = ServerReflectionRequest {
            host: "here".to_owned(),
            message_request: question,
        };
        let client = ServerReflectionClient::new(site.channel.clone());
        let call = client.server_reflection_info().await;
        let (mut questions, mut answers) = call.expect("a call");
        questions.send(request.clone()).await.expect("sent");
        questions.finish();
        let answer = answers.next().await.expect("no failure");
        let answer = answer.expect("an answer");
        assert_eq!(answers.next().await, Ok(None), "one answer a question");
        assert_eq!(answer.valid_host, "here");
        assert_eq!(answer.original_request, Some(request));
        answer.message_response.expect("one of them")
    }

    async fn files(site: &Site, question: MessageRequest) -> Vec<bytes::Bytes> {
        match ask(site, Some(question)).await {
            MessageResponse::FileDescriptorResponse(files) => files.file_descriptor_proto,
            other => panic!("no files: {other:?}"),
        }
    }

    #[tokio::test]
    async fn all_services_are_listed() {
        let site = run(Server::new());
        let question = Some(MessageRequest::ListServices(String::new()));
        let MessageResponse::ListServicesResponse(list) = ask(&site, question).await else {
            panic!("no list");
        };
        let names: Vec<_> = list.service.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names, BUILTIN_SERVICES);
        site.close().await;
    }

    /// What a tool does: ask for a service by name, and read types and policy from what comes.
    #[tokio::test]
    async fn files_come_with_imports_and_with_the_policy_in_them() {
        let site = run(Server::new());
        let symbol = MessageRequest::FileContainingSymbol("grpc.health.v1.Health".to_owned());
        let files = files(&site, symbol).await;
        let mut set = Vec::new();
        for file in &files {
            prost::encoding::bytes::encode(1, file, &mut set);
        }
        let pool = DescriptorPool::decode(&set[..]).expect("complete");
        let service = pool.get_service_by_name("grpc.health.v1.Health");
        let check = service.expect("there").methods().next().expect("Check");
        assert_eq!(
            check.input().full_name(),
            "grpc.health.v1.HealthCheckRequest"
        );
        let option = pool.get_extension_by_name("svrkit.method").expect("known");
        let options = check.options();
        let policy = options.get_extension(&option);
        let policy = policy.as_message().expect("a message");
        let idempotent = policy.get_field_by_name("idempotent").expect("a field");
        assert_eq!(idempotent.as_ref(), &Value::Bool(true));
        site.close().await;
    }

    #[tokio::test]
    async fn everything_that_is_declared_is_found() {
        let site = run(Server::new());
        for symbol in [
            "svrkit.v1.Builtin.Echo",
            "svrkit.v1.EchoRequest",
            ".svrkit.v1.EchoRequest.payload",
            "grpc.health.v1.HealthCheckResponse.ServingStatus",
            "grpc.health.v1.HealthCheckResponse.NOT_SERVING",
            "grpc.reflection.v1.ServerReflectionRequest.message_request",
            "svrkit.method",
        ] {
            let question = MessageRequest::FileContainingSymbol(symbol.to_owned());
            let found = files(&site, question).await;
            let file = prost_types::FileDescriptorProto::decode(&found[0][..]).expect("a file");
            let by_name = MessageRequest::FileByFilename(file.name().to_owned());
            assert_eq!(files(&site, by_name).await, found, "{symbol}");
        }
        site.close().await;
    }

    #[tokio::test]
    async fn what_is_not_there_is_said_so() {
        let site = run(Server::new());
        let extension = ExtensionRequest {
            containing_type: "google.protobuf.MethodOptions".to_owned(),
            extension_number: 1,
        };
        for (question, code) in [
            (Some(MessageRequest::FileByFilename("x.proto".into())), 5),
            (Some(MessageRequest::FileContainingSymbol("x.Y".into())), 5),
            (Some(MessageRequest::FileContainingExtension(extension)), 5),
            (
                Some(MessageRequest::AllExtensionNumbersOfType("x".into())),
                5,
            ),
            (None, 3),
        ] {
            match ask(&site, question).await {
                MessageResponse::ErrorResponse(error) => assert_eq!(error.error_code, code),
                other => panic!("no error: {other:?}"),
            }
        }
        site.close().await;
    }
}
