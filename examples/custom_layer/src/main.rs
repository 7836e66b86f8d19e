//! What is put around a call. A layer wraps a service in another one (`timing.rs`); an interceptor is the simple half of that: a
//! function that looks at a request before it goes on, and may change or refuse it. The same ones serve on both sides.

mod timing;

// The other way to generate: right here, without a build script.
svrkit::idl!("proto/notes.proto");

use notes::v1::{AddReply, AddRequest, CountReply, CountRequest, Notes, NotesClient, NotesServer};
use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use svrkit_rt::{Channel, Code, Context, Endpoint, Intercept, Listener, Request, Server, Status};
use timing::Timings;

#[derive(Default)]
struct Paper {
    notes: AtomicU64,
}

impl Notes for Paper {
    async fn add(&self, _: &mut Context, request: AddRequest) -> Result<AddReply, Status> {
        if request.text.is_empty() {
            return Err(Status::invalid_argument("nothing to note"));
        }
        self.notes.fetch_add(1, Relaxed);
        Ok(AddReply {})
    }

    async fn count(&self, _: &mut Context, _: CountRequest) -> Result<CountReply, Status> {
        let notes = self.notes.load(Relaxed);
        Ok(CountReply { notes })
    }
}

/// Server side: nobody without the key gets in.
fn check_key(request: &mut Request) -> Result<(), Status> {
    match request.context.metadata.get_str("api-key") {
        Some("open sesame") => Ok(()),
        _ => Err(Status::unauthenticated("no valid api-key").with_not_started()),
    }
}

/// Client side: every call carries the key.
fn add_key(request: &mut Request) -> Result<(), Status> {
    request.context.metadata.insert("api-key", "open sesame")
}

#[svrkit::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (served, called) = (Timings::default(), Timings::default());
    let listener = Listener::bind("127.0.0.1:0").await?;
    let endpoint = Endpoint::parse(&listener.address())?;
    let server = Server::new()
        .service(NotesServer::new(Paper::default()))
        .layer(Intercept(check_key))
        // Added last is outermost: what the interceptor refuses is counted, too.
        .layer(served.clone());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(server.run(listener, async { drop(stopped.await) }));

    let channel = Channel::builder().endpoint(endpoint.clone());
    let channel = channel.layer(Intercept(add_key)).layer(called.clone());
    let notes = NotesClient::new(channel.build()?);
    for text in ["milk", "bread", ""] {
        let text = text.to_owned();
        if let Err(status) = notes.add(AddRequest { text }).await {
            println!("refused: {status}");
        }
    }
    println!("notes: {}", notes.count(CountRequest {}).await?.notes);

    let without_key = NotesClient::new(Channel::builder().endpoint(endpoint).build()?);
    let Err(status) = without_key.count(CountRequest {}).await else {
        return Err("it came in without the key".into());
    };
    println!("refused: {status}");
    assert_eq!(status.code(), Code::Unauthenticated);

    print!("the server saw\n{served}and the client with the key\n{called}");
    assert_eq!(served.of("notes.v1.Notes/Count").calls, 2);
    assert_eq!(called.of("notes.v1.Notes/Add").failures, 1);
    drop(stop);
    Ok(server.await??)
}
