//! From IDL to call. `proto/hello.proto` says what the service is, `build.rs` generates it, and this file fills it in.
//!
//! ```text
//! cargo run -p hello                                   # serves on 127.0.0.1:7000 until Ctrl-C
//! cargo run -p hello -- --listen 127.0.0.1:0           # ... somewhere else
//! cargo run -p hello -- --listen ADDR --tls CHAIN KEY  # ... over TLS, with a certificate and its key in PEM files
//! cargo run -p hello -- call 127.0.0.1:7000 Ada        # calls it
//! cargo run -p hello -- demo                           # both, in one process, and ends
//! ```

include!(concat!(env!("OUT_DIR"), "/svrkit.rs"));

use hello::v1::{Greeter, GreeterClient, GreeterServer, HelloReply, HelloRequest};
use std::error::Error;
use std::time::Duration;
use svrkit_rt::{Channel, Context, Listener, Server, Status, TlsServer};

struct English;

impl Greeter for English {
    async fn say_hello(
        &self,
        _ctx: &mut Context,
        request: HelloRequest,
    ) -> Result<HelloReply, Status> {
        if request.name.is_empty() {
            return Err(Status::invalid_argument("nobody to greet: name is empty"));
        }
        tokio::time::sleep(Duration::from_millis(request.after_ms.into())).await;
        let text = format!("Hello, {}!", request.name);
        Ok(HelloReply { text })
    }
}

async fn serve(listener: Listener) -> Result<(), Box<dyn Error>> {
    let addr = listener.address();
    println!("listening on {addr}; Ctrl-C drains and ends.");
    if !listener.is_tls() {
        println!("Call it:");
        println!(
            r#"  curl -H 'content-type: application/json' -d '{{"name":"Ada"}}' http://{addr}/hello.v1.Greeter/SayHello"#
        );
        println!(r#"  svrkit call {addr} hello.v1.Greeter/SayHello '{{"name":"Ada"}}'"#);
        println!("  cargo run -p hello -- call {addr} Ada");
    }
    let ctrl_c = async {
        // Where no signal can be heard of, only the process's end ends it.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        println!("draining");
    };
    let server = Server::new().service(GreeterServer::new(English));
    Ok(server.run(listener, ctrl_c).await?)
}

async fn call(addr: &str, name: &str) -> Result<(), Box<dyn Error>> {
    let greeter = GreeterClient::new(Channel::connect(addr)?);
    let name = name.to_owned();
    let reply = greeter
        .say_hello(HelloRequest { name, after_ms: 0 })
        .await?;
    println!("{}", reply.text);
    Ok(())
}

async fn demo() -> Result<(), Box<dyn Error>> {
    let listener = Listener::bind("127.0.0.1:0").await?;
    let addr = listener.address();
    let server = Server::new().service(GreeterServer::new(English));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(server.run(listener, async { drop(stopped.await) }));
    call(&addr, "Ada").await?;
    let refused = call(&addr, "").await;
    println!("without a name: {}", refused.unwrap_err());
    drop(stop);
    Ok(server.await??)
}

#[svrkit::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        [] => serve(Listener::bind("127.0.0.1:7000").await?).await,
        ["--listen", addr] => serve(Listener::bind(addr).await?).await,
        ["--listen", addr, "--tls", chain, key] => {
            let tls = TlsServer::from_files(chain, key)?;
            serve(Listener::bind(addr).await?.with_tls(tls)).await
        }
        ["call", addr, name] => call(addr, name).await,
        ["demo"] => demo().await,
        _ => Err("usage: hello [--listen ADDR [--tls CHAIN KEY] | call ADDR NAME | demo]".into()),
    }
}
