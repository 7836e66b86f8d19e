//! A connection shows a name, and its calls have it.

use super::{OTHER, auth, channel_to, key, seen_as, server, who_calls};
use crate::support::{Over, Site, frame, until};
use std::sync::{Arc, Mutex};
use svrkit_rt::auth::{AllowList, Allowed, Auth, CallerKey, Keys};
use svrkit_rt::frame::{Head, Header};
use svrkit_rt::{Code, Endpoint, Server, memory};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Lets in strangers, too.
fn open() -> Auth {
    Auth {
        allow: AllowList {
            otherwise: Allowed::Anyone,
            ..AllowList::default()
        },
        ..auth()
    }
}

#[tokio::test]
async fn a_key_shows_a_name_over_every_transport() {
    for over in [Over::Tcp, Over::Unix, Over::Memory, Over::Tls] {
        let site = Site::start(over, server()).await;
        let ada = channel_to(site.endpoint.clone().identify(key("ada")));
        assert_eq!(seen_as(&ada).await.unwrap(), "ada by key", "{over:?}");
        let bob = channel_to(site.endpoint.clone().identify(key("bob")));
        assert_eq!(seen_as(&bob).await.unwrap(), "bob by key", "{over:?}");
        site.stop().await;
    }
}

#[tokio::test]
async fn who_shows_no_name_is_a_stranger() {
    let site = Site::start(Over::Tcp, Server::new().service(who_calls()).auth(open())).await;
    assert_eq!(seen_as(&site.channel()).await.unwrap(), "a stranger");
    site.stop().await;
}

#[tokio::test]
async fn a_part_of_the_process_has_the_name_it_says() {
    let (site, connector) = Site::in_memory(server());
    let named = connector.as_caller("im.message").unwrap();
    let channel = channel_to(Endpoint::memory(named));
    assert_eq!(seen_as(&channel).await.unwrap(), "im.message by process");
    assert!(connector.as_caller("IM!").is_err());
    site.stop().await;
}

#[svrkit::test]
async fn a_wrong_key_and_a_wrong_name_get_nowhere() {
    let (site, connector) = Site::in_memory(server());
    let nobody = Keys::parse(&OTHER.replace("ada", "eve")).unwrap().of("eve");
    for wrong in [Keys::parse(OTHER).unwrap().of("ada"), nobody] {
        let endpoint = Endpoint::memory(connector.clone()).identify(wrong.unwrap());
        let status = seen_as(&channel_to(endpoint)).await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        let message = status.message();
        assert!(message.contains("unauthenticated"), "{status}");
        assert!(message.contains("identifying as"), "{status}");
    }
    site.stop().await;
}

#[tokio::test]
async fn a_key_is_changed_without_a_moment_in_which_it_does_not_fit() {
    let mut lines = super::KEYS.lines().filter(|line| line.starts_with("ada"));
    let [old, new] = [(); 2].map(|()| lines.next().unwrap());
    let keys = Keys::parse(old).unwrap();
    let shown = keys.of("ada").unwrap();
    let guard = Auth {
        keys: keys.clone(),
        ..Auth::default()
    };
    let site = Site::start(Over::Tcp, Server::new().service(who_calls()).auth(guard)).await;
    let connect = |key: &CallerKey| channel_to(site.endpoint.clone().identify(key.clone()));
    let open = connect(&shown);
    assert_eq!(seen_as(&open).await.unwrap(), "ada by key");
    // Server and caller take each step one after the other, in either order: the second time the keys change places.
    for (caller_is_first, old, new) in [(false, old, new), (true, new, old)] {
        let below = format!("{old}\n{new}");
        let above = format!("{new}\n{old}");
        for step in [&below, &above, new] {
            let next = Keys::parse(step).unwrap();
            let takes_over = |is_caller: bool| match is_caller {
                true => shown.replace(&next.of("ada").unwrap()).unwrap(),
                false => keys.replace(&next),
            };
            for is_caller in [caller_is_first, !caller_is_first] {
                takes_over(is_caller);
                assert_eq!(seen_as(&connect(&shown)).await.unwrap(), "ada by key");
            }
        }
    }
    assert_eq!(seen_as(&open).await.unwrap(), "ada by key");
    let gone = Keys::parse(new).unwrap().of("ada").unwrap();
    let status = seen_as(&connect(&gone)).await.unwrap_err();
    assert!(status.message().contains("unauthenticated"), "{status}");
    shown.replace(&super::key("bob")).unwrap_err();
    assert_eq!(seen_as(&connect(&shown)).await.unwrap(), "ada by key");
    site.stop().await;
}

#[svrkit::test]
async fn a_server_without_keys_says_so() {
    let (site, connector) = Site::in_memory(Server::new().service(who_calls()));
    let endpoint = Endpoint::memory(connector).identify(key("ada"));
    let status = seen_as(&channel_to(endpoint)).await.unwrap_err();
    assert!(status.message().contains("unimplemented"), "{status}");
    assert!(status.message().contains("knows no callers"), "{status}");
    site.stop().await;
}

#[svrkit::test]
async fn a_server_that_says_nothing_is_given_up_by_name() {
    let (mut listener, connector) = memory();
    let silent = tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            open.push(stream);
        }
    });
    let endpoint = Endpoint::memory(connector).identify(key("ada"));
    let status = seen_as(&channel_to(endpoint)).await.unwrap_err();
    assert!(
        status.message().contains("memory: identifying as \"ada\""),
        "{status}"
    );
    assert!(
        status.message().contains("no challenge within 1000 ms"),
        "{status}"
    );
    silent.abort();
}

/// Who answers without the key gets no proof, and no request.
#[svrkit::test]
async fn a_server_without_the_key_is_not_believed() {
    let (mut listener, connector) = memory();
    let learned = Arc::<Mutex<Vec<u8>>>::default();
    let told = learned.clone();
    let impostor = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut identify = vec![0; 48 + 8 + 32 + "ada".len()];
            stream.read_exact(&mut identify).await.unwrap();
            let challenge = frame(Header::new(0, Head::Challenge), &[7; 64]);
            stream.write_all(&challenge).await.unwrap();
            let mut more = Vec::new();
            stream.read_to_end(&mut more).await.unwrap();
            told.lock().unwrap().extend(more);
        }
    });
    let endpoint = Endpoint::memory(connector).identify(key("ada"));
    let status = seen_as(&channel_to(endpoint)).await.unwrap_err();
    assert!(
        status.message().contains("does not have the key"),
        "{status}"
    );
    assert!(learned.lock().unwrap().is_empty());
    impostor.abort();
}

#[tokio::test]
async fn who_looks_sees_the_name_of_each_connection() {
    let server = server();
    let watch = server.watch();
    let site = Site::start(Over::Tcp, server).await;
    let ada = channel_to(site.endpoint.clone().identify(key("ada")));
    seen_as(&ada).await.unwrap();
    let names = || {
        let open = watch.connections(0, 10).into_iter();
        open.map(|c| c.caller.map(|caller| caller.name().to_owned()))
            .collect::<Vec<_>>()
    };
    assert_eq!(names(), [Some("ada".to_owned())]);
    drop(ada);
    until("the connection is gone", async || names().is_empty()).await;
    site.stop().await;
}
