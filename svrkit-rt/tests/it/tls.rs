//! TLS: who is let in, who is kept out, and that nobody waits for a slow handshake.

use crate::support::{Authority, ECHO, Over, Site, Text, call, service};
use std::time::Duration;
use svrkit_rt::{
    Call, Channel, Code, Endpoint, Reply, Server, Status, Stream, TlsClient, TlsServer,
};
use tokio::net::TcpStream;

async fn site(tls: TlsServer) -> Site {
    Site::with_tls(tls, Server::new().service(service().echo())).await
}

async fn call_as(site: &Site, client: TlsClient) -> Result<Text, Status> {
    say_hello(&channel(site, client)).await
}

fn channel(site: &Site, client: TlsClient) -> Channel {
    let endpoint = site.endpoint.clone().tls(client);
    Channel::builder().endpoint(endpoint).build().unwrap()
}

async fn say_hello(channel: &Channel) -> Result<Text, Status> {
    let request = Call::new(Text::from("hello")).timeout(Duration::from_millis(300));
    let reply: Reply<Text> = channel.unary(&ECHO, request).await?;
    Ok(reply.message)
}

#[tokio::test]
async fn a_server_must_be_signed_by_a_trusted_root_and_have_the_right_name() {
    let (ours, other) = (Authority::new(), Authority::new());
    let (chain, key) = ours.issue(&["search.internal"]);
    let site = site(TlsServer::from_pem(&chain, &key).unwrap()).await;

    let trusting = TlsClient::from_pem(&ours.pem()).unwrap();
    let named = trusting.clone().server_name("search.internal").unwrap();
    assert_eq!(call_as(&site, named).await, Ok(Text::from("hello")));

    // The endpoint's own host, 127.0.0.1, is not what the certificate says.
    let status = call_as(&site, trusting).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.message().contains("certificate"), "{status}");

    let wary = TlsClient::from_pem(&other.pem()).unwrap();
    let wary = wary.server_name("search.internal").unwrap();
    let status = call_as(&site, wary).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.message().contains("certificate"), "{status}");
    site.stop().await;
}

#[tokio::test]
async fn a_server_may_want_to_know_its_clients() {
    let authority = Authority::new();
    let (chain, key) = authority.issue(&["127.0.0.1"]);
    let server = TlsServer::from_pem_for_clients_of(&chain, &key, &authority.pem()).unwrap();
    let site = site(server).await;

    let known = authority.client(&["client.internal"]);
    assert_eq!(call_as(&site, known).await, Ok(Text::from("hello")));

    let unknown = TlsClient::from_pem(&authority.pem()).unwrap();
    let status = call_as(&site, unknown).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    site.stop().await;
}

#[tokio::test]
async fn connections_that_never_shake_hands_hold_up_nobody() {
    let site = Site::start(Over::Tls, Server::new().service(service().echo())).await;
    let mut silent = Vec::new();
    for _ in 0..50 {
        silent.push(TcpStream::connect(&site.address).await.unwrap());
    }
    assert!(call(&site.channel(), &ECHO, "").await.is_ok());
    drop(silent);
    site.stop().await;
}

#[tokio::test]
async fn a_client_without_tls_gets_no_answer_and_no_harm_is_done() {
    let site = Site::start(Over::Tls, Server::new().service(service().echo())).await;
    let plain = Channel::connect(&site.address).unwrap();
    let request = Call::new(Text::default()).timeout(Duration::from_millis(300));
    let reply: Result<Reply<Text>, Status> = plain.unary(&ECHO, request).await;
    assert!(reply.is_err());
    assert!(call(&site.channel(), &ECHO, "").await.is_ok());
    site.stop().await;
}

/// What TLS could not hand to the socket must follow as soon as the socket takes more, though nothing else is written.
#[svrkit::test]
async fn the_end_of_a_large_request_does_not_stay_behind() {
    let (server_tls, client_tls) = Site::tls();
    let (listener, connector) = svrkit_rt::memory();
    let server = Server::new().service(service().echo());
    let site = Site::run(
        listener.with_tls(server_tls),
        Endpoint::memory(connector.clone()),
        None,
        server,
    );
    // A pipe of 512 bytes in between: the writer is always ahead of the reader.
    struct Narrow(svrkit_rt::MemoryConnector);
    impl svrkit_rt::Connect for Narrow {
        fn connect(&self) -> svrkit_rt::BoxFuture<std::io::Result<Stream>> {
            let (near, mut far) = tokio::io::duplex(512);
            let server = self.0.connect();
            Box::pin(async move {
                let mut server = server?;
                tokio::spawn(async move {
                    tokio::io::copy_bidirectional_with_sizes(&mut far, &mut server, 512, 512).await
                });
                Ok(Stream::new(near))
            })
        }
    }
    let client_tls = client_tls.server_name("localhost").unwrap();
    let endpoint = Endpoint::custom("narrow", Narrow(connector)).tls(client_tls);
    let channel = Channel::builder().endpoint(endpoint).build().unwrap();
    for len in (30_000..100_000).step_by(7_777) {
        let answer = call(&channel, &ECHO, Text::data(vec![7; len])).await;
        assert_eq!(answer.unwrap().data.len(), len);
    }
    drop(channel);
    site.stop().await;
}

#[tokio::test]
async fn certificates_are_renewed_under_open_connections() {
    let (before, after) = (Authority::new(), Authority::new());
    let server = |authority: &Authority| {
        let (chain, key) = authority.issue(&["127.0.0.1"]);
        TlsServer::from_pem_for_clients_of(&chain, &key, &authority.pem()).unwrap()
    };
    let (tls, client) = (server(&before), before.client(&["client.internal"]));
    let site = site(tls.clone()).await;
    let open = channel(&site, client.clone());
    assert_eq!(say_hello(&open).await, Ok(Text::from("hello")));

    tls.replace(&server(&after));
    assert_eq!(say_hello(&open).await, Ok(Text::from("hello")), "it stays");
    let status = call_as(&site, client.clone()).await.unwrap_err();
    assert!(status.message().contains("certificate"), "{status}");
    let renewed = after.client(&["client.internal"]);
    // A client's clones follow, each with the name that it asks for.
    let elsewhere = client.clone().server_name("elsewhere.internal").unwrap();
    client.replace(&renewed);
    assert_eq!(call_as(&site, client).await, Ok(Text::from("hello")));
    let status = call_as(&site, elsewhere).await.unwrap_err();
    assert!(status.message().contains("not valid for name"), "{status}");
    site.stop().await;
}
