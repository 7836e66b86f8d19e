//! One certificate shows a service to those that call it and to those that it calls, wherever they are.

use super::{channel_to, seen_as, who_calls};
use crate::support::{Authority, Site};
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, date_time_ymd};
use std::error::Error;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use svrkit_rt::auth::{AllowList, Allowed, Auth};
use svrkit_rt::{Code, Endpoint, Listener, MutualTls, MutualTlsError, Server, TlsClient};

/// Lets in `access`.
fn server() -> Server {
    let allow = AllowList {
        otherwise: Allowed::of(["access"]).unwrap(),
        ..AllowList::default()
    };
    Server::new().service(who_calls()).auth(Auth {
        allow,
        ..Auth::default()
    })
}

/// A name with an underscore, at a socket and at an address that the certificate says nothing of.
#[tokio::test]
async fn services_know_each_other_by_name_wherever_they_are() {
    let authority = Authority::new();
    let store = authority.service("message_store");
    let access = authority.service("access").client("message_store").unwrap();
    let folder = tempfile::tempdir().unwrap();
    for listener in [
        Listener::bind("127.0.0.1:0").await.unwrap(),
        Listener::bind_unix(folder.path().join("store.sock")).unwrap(),
    ] {
        let endpoint = Endpoint::parse(&listener.address()).unwrap();
        let listener = listener.with_tls(store.server());
        let site = Site::run(listener, endpoint.clone(), None, server());
        let as_client = async |client: TlsClient| {
            let endpoint = endpoint.clone().tls(client);
            seen_as(&channel_to(endpoint)).await
        };
        assert_eq!(
            as_client(access.clone()).await.unwrap(),
            "access by certificate"
        );
        let other = authority.service("push").client("message_store").unwrap();
        let refused = as_client(other).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied);
        let stranger = TlsClient::from_pem(&authority.pem()).unwrap();
        let stranger = stranger.server_name("message_store").unwrap();
        let refused = as_client(stranger).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated);
        site.stop().await;
    }
}

/// Whoever stands in for a service gets no call, though the same authority signed for it.
#[tokio::test]
async fn a_service_is_not_taken_for_another() {
    let authority = Authority::new();
    let queue = authority.service("queue");
    let site = Site::with_tls(queue.server(), server()).await;
    let access = authority.service("access").client("message_store").unwrap();
    let channel = channel_to(site.endpoint.clone().tls(access));
    let status = seen_as(&channel).await.unwrap_err();
    assert!(status.message().contains("certificate"), "{status}");
    site.stop().await;
}

/// Both ends take another authority's certificates, while what was open stays.
#[tokio::test]
async fn a_service_takes_another_certificate_while_it_runs() {
    let (before, after) = (Authority::new(), Authority::new());
    let [store, access] = ["message_store", "access"].map(|name| before.service(name));
    let site = Site::with_tls(store.server(), server()).await;
    let connect = || {
        let tls = access.client("message_store").unwrap();
        channel_to(site.endpoint.clone().tls(tls))
    };
    let open = connect();
    assert_eq!(seen_as(&open).await.unwrap(), "access by certificate");
    store.replace(&after.service("message_store")).unwrap();
    assert_eq!(seen_as(&open).await.unwrap(), "access by certificate");
    access.replace(&after.service("access")).unwrap();
    assert_eq!(seen_as(&connect()).await.unwrap(), "access by certificate");

    let another = access.replace(&after.service("push")).unwrap_err();
    assert!(another.to_string().contains("\"push\""), "{another}");
    assert_eq!(seen_as(&connect()).await.unwrap(), "access by certificate");
    site.stop().await;
}

#[test]
fn what_others_would_not_believe_is_told_at_once() {
    let authority = Authority::new();
    let made = |names: &[&str], params: CertificateParams| {
        let (chain, key) = authority.issue_with(names, params);
        let made = MutualTls::from_pem(&chain, &key, &authority.pem());
        made.map(|tls| tls.name().to_owned())
    };
    let plain = CertificateParams::default;
    let ada = ["svrkit://ada", "ada"];
    assert_eq!(made(&ada, plain()).unwrap(), "ada");
    for names in [
        &["ada"][..],
        &["https://ada", "ada"],
        &["svrkit://Ada"],
        &[],
    ] {
        let error = made(names, plain()).unwrap_err();
        assert!(
            matches!(error, MutualTlsError::Unnamed),
            "{names:?}: {error}"
        );
    }
    let mut expired = plain();
    expired.not_after = date_time_ymd(2000, 1, 1);
    expired.not_before = date_time_ymd(1999, 1, 1);
    let mut of_clients = plain();
    of_clients.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    for (names, params, why) in [
        (&ada[..1], plain(), "ada"),
        (&["svrkit://ada", "bob"], plain(), "bob"),
        (&ada, expired, "expired"),
        (&ada, of_clients, "extended key usage"),
    ] {
        let error = made(names, params).unwrap_err();
        let source = error.source().map(ToString::to_string).unwrap_or_default();
        let is_disbelieved = matches!(error, MutualTlsError::Disbelieved { .. });
        assert!(is_disbelieved && source.contains(why), "{error}: {source}");
    }
    let (chain, key) = Authority::new().issue(&ada);
    let error = MutualTls::from_pem(&chain, &key, &authority.pem()).unwrap_err();
    assert!(
        matches!(error, MutualTlsError::Disbelieved { .. }),
        "{error}"
    );
}

#[test]
fn each_part_is_looked_at() {
    let authority = Authority::new();
    let roots = authority.pem();
    let (chain, key) = authority.issue(&["svrkit://ada", "ada"]);
    let (_, other_key) = authority.issue(&["svrkit://ada", "ada"]);
    let error = |chain: &[u8], key: &[u8], roots: &[u8]| {
        MutualTls::from_pem(chain, key, roots).unwrap_err()
    };
    let none = error(&key, &key, &roots);
    assert!(matches!(none, MutualTlsError::Certificate(_)), "{none}");
    for key in [&b""[..], &chain, &other_key] {
        let none = error(&chain, key, &roots);
        assert!(matches!(none, MutualTlsError::PrivateKey(_)), "{none}");
    }
    let none = error(&chain, &key, b"nothing");
    assert!(matches!(none, MutualTlsError::Roots(_)), "{none}");
}

#[test]
fn a_private_key_that_everybody_reads_is_refused() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let (chain, key) = authority.issue(&["svrkit://ada", "ada"]);
    let [chain_file, key_file, roots_file] =
        ["ada.pem", "ada.key", "roots.pem"].map(|name| folder.path().join(name));
    let from_files = || MutualTls::from_files(&chain_file, &key_file, &roots_file);
    for (path, bytes) in [
        (&chain_file, chain),
        (&key_file, key),
        (&roots_file, authority.pem()),
    ] {
        let missing = from_files().unwrap_err();
        assert!(missing.to_string().contains(&path.display().to_string()));
        fs::write(path, bytes).unwrap();
        fs::set_permissions(path, PermissionsExt::from_mode(0o600)).unwrap();
    }
    assert_eq!(from_files().unwrap().name(), "ada");
    fs::set_permissions(&key_file, PermissionsExt::from_mode(0o604)).unwrap();
    let open = from_files().unwrap_err();
    assert!(open.to_string().contains("mode 604"), "{open}");
}
