//! Files travel as attachments: beside the message, not in it, so that nobody encodes, decodes or copies them.
//!
//! ```text
//! cargo run -p files                               # puts and gets files, and ends
//! cargo run -p files -- --listen 127.0.0.1:7001    # only serves, for other clients
//! ```

mod store;

include!(concat!(env!("OUT_DIR"), "/svrkit.rs"));

use files::v1::{FilesClient, FilesServer, GetRequest, PutRequest};
use std::error::Error;
use store::{FilesError, Store};
use svrkit_rt::{Call, Channel, Listener, Server};

#[svrkit::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let addr = match args[..] {
        [] => "127.0.0.1:0",
        ["--listen", addr] => addr,
        _ => return Err("usage: files [--listen ADDR]".into()),
    };
    let listener = Listener::bind(addr).await?;
    let addr = listener.address();
    println!("listening on {addr}");
    let server = Server::new().service(FilesServer::new(Store::default()));
    if !args.is_empty() {
        return Ok(server.run(listener, std::future::pending()).await?);
    }
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(server.run(listener, async { drop(stopped.await) }));
    put_and_get(FilesClient::new(Channel::connect(&addr)?)).await?;
    drop(stop);
    Ok(server.await??)
}

async fn put_and_get(client: FilesClient) -> Result<(), Box<dyn Error>> {
    let picture = vec![0x5a; 4 * 1024 * 1024];
    let name = "holidays/beach.png".to_owned();
    let call = Call::new(PutRequest { name: name.clone() })
        .attachment(picture.clone())
        .metadata("media-type", "image/png")?;
    let put = client.put_with(call).await?;
    println!("put {name}: {} bytes", put.message.length);

    let got = client.get_with(GetRequest { name: name.clone() }).await?;
    let media_type = got.metadata.get_str("media-type").unwrap_or("unknown");
    println!("got {name}: {} bytes of {media_type}", got.attachment.len());
    assert_eq!(got.attachment, picture, "what was put is what was got");

    let name = "holidays/snow.png".to_owned();
    let Err(status) = client.get(GetRequest { name }).await else {
        return Err("there is no snow at the beach".into());
    };
    match FilesError::try_from(&status) {
        Ok(FilesError::NoSuchFile) => println!("holidays/snow.png: {status}"),
        _ => return Err(status.into()),
    }
    Ok(())
}
