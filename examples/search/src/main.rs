//! Three services that call each other under one deadline: the frontend asks the index for each word, then the ranking.
//!
//! Nobody passes a deadline on by hand. A call that a handler makes gets what is left of the call it serves, each one less than the one
//! before; and when the time is over, work stops wherever it stands.

mod frontend;
mod index;
mod ranking;

include!(concat!(env!("OUT_DIR"), "/svrkit.rs"));

use frontend::WebFrontend;
use index::DiskIndex;
use ranking::WordRanking;
use search::v1::{
    FrontendClient, FrontendServer, IndexClient, IndexServer, RankingClient, RankingServer,
    SearchRequest,
};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use svrkit_rt::{Call, Channel, Code, Listener, Server, Status};

#[svrkit::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let index = Arc::new(DiskIndex::default());
    let frontend = WebFrontend {
        index: IndexClient::new(
            start(Server::new().service(IndexServer::from_arc(index.clone()))).await?,
        ),
        ranking: RankingClient::new(
            start(Server::new().service(RankingServer::new(WordRanking))).await?,
        ),
    };
    let frontend =
        FrontendClient::new(start(Server::new().service(FrontendServer::new(frontend))).await?);

    println!("two seconds, as the IDL says:");
    let documents = search(&frontend, Duration::from_secs(2)).await?;
    println!("  found {documents:?}");
    assert_eq!(documents, ["rust rust rpc", "rpc in rust and more"]);

    println!("300 ms, of which the first word takes 200:");
    let Err(status) = search(&frontend, Duration::from_millis(300)).await else {
        return Err("that was faster than the disk".into());
    };
    println!("  {status}");
    assert_eq!(status.code(), Code::DeadlineExceeded);
    index.stopped.notified().await;
    println!("  and the index is not reading any more");
    Ok(())
}

async fn search(frontend: &FrontendClient, timeout: Duration) -> Result<Vec<String>, Status> {
    let query = "rust rpc".to_owned();
    let call = Call::new(SearchRequest { query }).timeout(timeout);
    Ok(frontend.search_with(call).await?.message.documents)
}

/// Serves on a port of its own until the process ends.
async fn start(server: Server) -> Result<Channel, Box<dyn Error>> {
    let listener = Listener::bind("127.0.0.1:0").await?;
    let channel = Channel::connect(&listener.address())?;
    tokio::spawn(server.run(listener, std::future::pending()));
    Ok(channel)
}
