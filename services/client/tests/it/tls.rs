//! Links over real sockets and TLS.

use crate::fake::{BOB, Fake, id, register};
use im_client::{Client, Tcp};
use im_idl::account::LoginRequest;
use std::time::Duration;
use svrkit_rt::{Listener, TlsClient, TlsServer};

#[tokio::test]
async fn a_client_talks_tls_and_trusts_whom_it_was_told_to_trust() {
    let made = rcgen::generate_simple_self_signed(["im.example".to_owned()]).unwrap();
    let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let tls = TlsServer::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
    let mut listener = Listener::bind("127.0.0.1:0").await.unwrap().with_tls(tls);
    let address = listener.address();
    let fake = Fake::new();
    let serving = fake.clone();
    tokio::spawn(async move {
        while let Ok(accepted) = listener.accept().await {
            tokio::spawn(serving.clone().accepted(accepted.0));
        }
    });

    let trusting = |pem: &str| {
        let tls = TlsClient::from_pem(pem.as_bytes()).unwrap();
        Tcp::new(&address).tls(tls.server_name("im.example").unwrap())
    };
    let client = Client::builder().connect(trusting(&certificate));
    let client = client.start().await.unwrap();
    register(&client).await;
    let sent = client.send_text(BOB, "hello").await.unwrap();
    sent.acknowledged().await.unwrap();
    assert_eq!(fake.lock().stored.len(), 1);

    let other = rcgen::generate_simple_self_signed(["im.example".to_owned()]).unwrap();
    let client = Client::builder().connect(trusting(&other.cert.pem()));
    let client = client.start().await.unwrap();
    let short = Duration::from_millis(500);
    client
        .call_within(LoginRequest::default(), short)
        .await
        .unwrap_err();
    let calls = fake.lock().calls.clone();
    assert!(
        !calls.contains(&id::<LoginRequest>()),
        "whoever trusts somebody else says nothing"
    );
}
