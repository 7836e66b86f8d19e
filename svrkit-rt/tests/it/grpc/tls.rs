//! gRPC over TLS: on the port of everything else, for those who ask for `h2`, and by whom the certificate says.

use super::client::{Client, framed, head};
use crate::support::{ACT, Authority, ECHO, Pem, Site, Text, call, service};
use std::io;
use std::sync::Arc;
use svrkit_rt::auth::{AllowList, Allowed, Auth};
use svrkit_rt::{Channel, Server, Stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

const PATH: &str = "/test.v1.Test/Echo";

/// `Echo` lets in Ada and Bob, and answers with who calls; all else is for Ada.
async fn site(authority: &Authority) -> Site {
    let allow = AllowList {
        otherwise: Allowed::of(["ada"]).unwrap(),
        ..AllowList::default()
    };
    let auth = Auth {
        allow: allow.with(ECHO.full_name, Allowed::of(["ada", "bob"]).unwrap()),
        ..Auth::default()
    };
    let handlers = service().on(&ECHO, |context, mut text: Text| async move {
        text.text = context.caller().map_or(String::new(), ToString::to_string);
        Ok((context, text))
    });
    let handlers = handlers.answer(&ACT, |text| async { Ok(text) });
    let server = Server::new().service(handlers).auth(auth);
    Site::with_tls(authority.service("shop").server(), server).await
}

/// Shakes hands as a client of any kind does: it asks for these protocols, and shows its certificate if it has one.
async fn shake_hands(
    site: &Site,
    authority: &Authority,
    own: Option<Pem>,
    protocols: &[&str],
) -> io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(&authority.pem()).unwrap();
    roots.add(root).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots);
    let mut config = match own {
        None => config.with_no_client_auth(),
        Some((chain, key)) => {
            let chain = CertificateDer::from_pem_slice(&chain).unwrap();
            let key = PrivateKeyDer::from_pem_slice(&key).unwrap();
            config.with_client_auth_cert(vec![chain], key).unwrap()
        }
    };
    config.alpn_protocols = protocols
        .iter()
        .map(|name| name.as_bytes().into())
        .collect();
    let stream = TcpStream::connect(&site.address).await?;
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect("shop".try_into().unwrap(), stream).await
}

fn agreed(stream: &TlsStream<TcpStream>) -> Option<&str> {
    let agreed = stream.get_ref().1.alpn_protocol();
    agreed.map(|name| str::from_utf8(name).unwrap())
}

fn named(authority: &Authority, name: &str) -> Option<Pem> {
    Some(authority.issue(&[&format!("svrkit://{name}")]))
}

#[tokio::test]
async fn who_asks_for_h2_is_served_as_its_certificate_says() {
    let authority = Authority::new();
    let site = site(&authority).await;
    let asks = async |own| {
        let stream = shake_hands(&site, &authority, own, &["h2"]).await.unwrap();
        assert_eq!(agreed(&stream), Some("h2"));
        Client::over(Stream::new(stream)).await
    };
    let mut ada = asks(named(&authority, "ada")).await;
    assert_eq!(ada.call(head(PATH), framed("")).await.ok(), ["ada".into()]);
    let mut bob = asks(named(&authority, "bob")).await;
    assert_eq!(bob.call(head(PATH), framed("")).await.ok(), ["bob".into()]);
    let answer = bob.call(head("/test.v1.Test/Act"), framed("")).await;
    assert_eq!(answer.failed(7), "auth: the method is not for this caller");
    let mut cyd = asks(named(&authority, "cyd")).await;
    cyd.call(head(PATH), framed("")).await.failed(7);
    let mut stranger = asks(None).await;
    stranger.call(head(PATH), framed("")).await.failed(16);

    // Many records, and windows that open while they are on their way.
    let large = Text::data(vec![7; 1024 * 1024]);
    let answer = ada.call(head(PATH), framed(large)).await;
    assert_eq!(answer.ok()[0].data.len(), 1024 * 1024);
    drop((ada, bob, cyd, stranger));
    site.stop().await;
}

/// Pages are there over HTTP/1.1 only, so whoever speaks both speaks that.
#[tokio::test]
async fn who_speaks_both_speaks_http_1_1() {
    let authority = Authority::new();
    let site = site(&authority).await;
    for protocols in [&["h2", "http/1.1"][..], &["http/1.1"]] {
        let stream = shake_hands(&site, &authority, None, protocols).await;
        let mut stream = stream.unwrap();
        assert_eq!(agreed(&stream), Some("http/1.1"));
        let request = "GET /health HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
    let unknown = shake_hands(&site, &authority, None, &["spdy/3"]).await;
    assert!(unknown.is_err(), "there is nothing that both speak");
    site.stop().await;
}

/// The first bytes tell, as they do without TLS.
#[tokio::test]
async fn who_asks_for_nothing_may_speak_anything() {
    let authority = Authority::new();
    let site = site(&authority).await;
    let own = named(&authority, "ada");
    let stream = shake_hands(&site, &authority, own, &[]).await.unwrap();
    assert_eq!(agreed(&stream), None);
    let mut client = Client::over(Stream::new(stream)).await;
    assert_eq!(
        client.call(head(PATH), framed("")).await.ok(),
        ["ada".into()]
    );
    let tls = authority.client(&["svrkit://ada"]).server_name("shop");
    let endpoint = site.endpoint.clone().tls(tls.unwrap());
    let channel = Channel::builder().endpoint(endpoint).build().unwrap();
    assert_eq!(call(&channel, &ECHO, "").await.unwrap(), "ada".into());
    drop(client);
    site.stop().await;
}
