//! A certificate shows a name, over frames and over what else a port speaks.

use super::{channel_to, seen_as, who_calls};
use crate::support::{Authority, ECHO, Site, count};
use svrkit_rt::auth::{AllowList, Allowed, Auth};
use svrkit_rt::{Code, Server, TlsClient, TlsServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Strangers may connect; `Echo` lets in everybody or those who have a name.
async fn site(authority: &Authority, otherwise: Allowed) -> Site {
    let (chain, key) = authority.issue(&["127.0.0.1"]);
    let roots = authority.pem();
    let tls = TlsServer::from_pem_for_clients_of_and_strangers(&chain, &key, &roots).unwrap();
    let allow = AllowList {
        otherwise,
        ..AllowList::default()
    };
    let auth = Auth {
        allow,
        ..Auth::default()
    };
    Site::with_tls(tls, Server::new().service(who_calls()).auth(auth)).await
}

#[tokio::test]
async fn a_certificate_names_its_owner() {
    let authority = Authority::new();
    let site = site(&authority, Allowed::Anyone).await;
    let cases: [(&[&str], &str); 5] = [
        (&["ada.internal"], "ada.internal by certificate"),
        (&["x.internal", "svrkit://ada"], "ada by certificate"),
        (&["*.internal", "bob"], "bob by certificate"),
        (&["https://ada", "svrkit://Ada!"], "a stranger"),
        (&[], "a stranger"),
    ];
    for (names, seen) in cases {
        let endpoint = site.endpoint.clone().tls(authority.client(names));
        assert_eq!(seen_as(&channel_to(endpoint)).await.unwrap(), seen);
    }
    let plain = TlsClient::from_pem(&authority.pem()).unwrap();
    let endpoint = site.endpoint.clone().tls(plain);
    assert_eq!(seen_as(&channel_to(endpoint)).await.unwrap(), "a stranger");
    site.stop().await;
}

#[tokio::test]
async fn rules_hold_for_certificates() {
    let authority = Authority::new();
    let site = site(&authority, Allowed::of(["ada"]).unwrap()).await;
    let as_client = async |names: &[&str]| {
        let endpoint = site.endpoint.clone().tls(authority.client(names));
        seen_as(&channel_to(endpoint)).await
    };
    assert!(as_client(&["ada"]).await.is_ok());
    let refused = as_client(&["bob"]).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let refused = as_client(&[]).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
    site.stop().await;
}

#[tokio::test]
async fn http_knows_the_name_too() {
    let authority = Authority::new();
    let site = site(&authority, Allowed::of(["ada"]).unwrap()).await;
    let ask = async |names: &[&str]| {
        let stream = TcpStream::connect(&site.address).await.unwrap();
        let client = authority.client(names);
        let mut stream = client.connect(stream.into(), &site.address).await.unwrap();
        let request = format!(
            "POST /{} HTTP/1.1\r\nhost: x\r\ncontent-type: application/proto\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            ECHO.full_name
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let answer = ask(&["ada"]).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.contains("ada by certificate"), "{answer}");
    assert!(ask(&["bob"]).await.starts_with("HTTP/1.1 403 "));
    site.stop().await;
}

/// And is counted, like a key that is not the right one.
#[tokio::test]
async fn one_that_somebody_else_signed_ends_the_handshake() {
    let (authority, other) = (Authority::new(), Authority::new());
    let site = site(&authority, Allowed::Anyone).await;
    let unproven = || count("rpc_server_unproven_connections", &[]);
    let before = unproven();
    let (chain, key) = other.issue(&["svrkit://ada"]);
    let client = TlsClient::from_pem_with_identity(&authority.pem(), &chain, &key).unwrap();
    let channel = channel_to(site.endpoint.clone().tls(client));
    let status = seen_as(&channel).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert!(unproven() > before);
    site.stop().await;
}
