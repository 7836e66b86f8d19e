//! Files travel as attachments: beside the message, not in it, so that nobody encodes, decodes or copies them. Those that are too large
//! for that travel as streams of pieces.
//!
//! ```text
//! cargo run -p files                               # puts and gets files, and ends
//! cargo run -p files -- --listen 127.0.0.1:7001    # only serves, for other clients
//! ```

mod pieces;
mod store;
mod watching;

include!(concat!(env!("OUT_DIR"), "/svrkit.rs"));

use bytes::Bytes;
use files::v1::{FilesClient, FilesServer, GetRequest, Have, PutRequest, WatchRequest};
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
    let server = Server::new();
    let store = Store::new(server.draining());
    let server = server.service(FilesServer::new(store));
    if !args.is_empty() {
        return Ok(server.run(listener, std::future::pending()).await?);
    }
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(server.run(listener, async { drop(stopped.await) }));
    let client = FilesClient::new(Channel::connect(&addr)?);
    put_and_get(&client).await?;
    in_pieces(&client).await?;
    compare(&client).await?;
    drop(stop);
    Ok(server.await??)
}

async fn put_and_get(client: &FilesClient) -> Result<(), Box<dyn Error>> {
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

/// A film is larger than any message may be; somebody else watches it come.
async fn in_pieces(client: &FilesClient) -> Result<(), Box<dyn Error>> {
    let prefix = "films/".to_owned();
    let mut changes = client.watch(WatchRequest { prefix }).await?;

    let film = Bytes::from(vec![0xf1; 40 * 1024 * 1024]);
    let name = "films/beach.mp4".to_owned();
    let mut upload = client.upload().await?;
    for piece in pieces::cut(&name, &film) {
        // Waits when the server has not taken what was sent before.
        upload.send(piece).await?;
    }
    let put = upload.finish().await?;
    println!("uploaded {name}: {} bytes", put.length);

    let change = changes.next().await?.ok_or("the watch ended")?;
    println!("watched {}: {} bytes", change.name, change.length);

    let mut pieces = client.download(GetRequest { name: name.clone() }).await?;
    let mut length = 0;
    while let Some(piece) = pieces.next().await? {
        length += piece.content.len();
    }
    println!("downloaded {name}: {length} bytes");
    assert_eq!(length, film.len(), "what was put is what was got");
    // Dropping `changes` ends the watch.
    Ok(())
}

/// Both sides talk at once: verdicts come while there is still more to ask.
async fn compare(client: &FilesClient) -> Result<(), Box<dyn Error>> {
    let picture = crc32c::crc32c(&vec![0x5a; 4 * 1024 * 1024]);
    let (mut have, mut verdicts) = client.compare().await?;
    for (name, checksum) in [("holidays/beach.png", picture), ("films/beach.mp4", 0)] {
        let name = name.to_owned();
        have.send(Have { name, checksum }).await?;
        let verdict = verdicts.next().await?.ok_or("no verdict")?;
        println!("{}: same = {}", verdict.name, verdict.same);
    }
    have.finish();
    assert!(verdicts.next().await?.is_none(), "one verdict each");
    Ok(())
}
