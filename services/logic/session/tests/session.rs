//! Who is online, as access nodes tell it and others ask.

use im_idl::base::{Empty, Uins};
use im_idl::session::{Link, RegisterRequest, RenewRequest, SessionClient, UnregisterRequest};
use im_session::{Config, Deps, build};
use std::time::Duration;
use svrkit_rt::Code;
use svrkit_rt::testing::{run_test, serve};
use tokio::time::sleep;

async fn session(config: Config) -> SessionClient {
    SessionClient::new(serve(build(config, Deps).await.unwrap()))
}

fn link(uin: u64, device: &str, link: u64, opened_ms: u64) -> Link {
    Link {
        uin,
        device: device.to_owned(),
        link,
        opened_ms,
        client_version: 201,
        node: String::new(),
    }
}

fn register(node: &str, links: impl Into<Vec<Link>>) -> RegisterRequest {
    let (node, links) = (node.to_owned(), links.into());
    RegisterRequest { node, links }
}

fn renew(node: &str) -> RenewRequest {
    let node = node.to_owned();
    RenewRequest { node }
}

async fn online(session: &SessionClient, uins: &[u64]) -> Vec<u64> {
    let uins = uins.to_vec();
    session.online(Uins { uins }).await.unwrap().uins
}

#[test]
fn a_link_is_found_until_it_ends() {
    run_test("found", |_| async {
        let session = session(Config::default()).await;
        let phone = link(10_001, "phone", 1, 5);
        session
            .register(register("a", [phone.clone()]))
            .await
            .unwrap();
        let uins = vec![10_001, 10_002];
        let found = session.lookup(Uins { uins }).await.unwrap().links;
        let node = "a".to_owned();
        assert_eq!(
            found,
            [Link {
                node,
                ..phone.clone()
            }]
        );
        assert_eq!(online(&session, &[10_002, 10_001]).await, [10_001]);

        let (node, links) = ("a".to_owned(), vec![phone]);
        let ended = UnregisterRequest { node, links };
        session.unregister(ended).await.unwrap();
        assert!(online(&session, &[10_001]).await.is_empty());
        let count = session.count(Empty {}).await.unwrap();
        assert_eq!((count.users, count.links, count.nodes), (0, 0, 1));
    });
}

#[test]
fn who_registers_is_told_of_the_link_that_lost_its_device() {
    run_test("displaced", |_| async {
        let session = session(Config::default()).await;
        let old = link(10_001, "phone", 1, 5);
        session
            .register(register("a", [old.clone()]))
            .await
            .unwrap();
        let new = register("b", [link(10_001, "phone", 1, 6)]);
        let node = "a".to_owned();
        let displaced = session.register(new).await.unwrap().displaced;
        assert_eq!(displaced, [Link { node, ..old }]);
    });
}

#[test]
fn a_node_that_falls_silent_loses_its_links_and_gets_them_back() {
    run_test("lease", |_| async {
        let config = Config::default();
        let lease = Duration::from_millis(config.lease_ms.into());
        let session = session(config).await;
        let links = [link(10_001, "phone", 1, 5)];
        session
            .register(register("silent", links.clone()))
            .await
            .unwrap();
        let other = [link(10_002, "phone", 1, 5)];
        session.register(register("renewing", other)).await.unwrap();
        for _ in 0..6 {
            sleep(lease / 3).await;
            let renewed = session.renew(renew("renewing")).await.unwrap();
            assert!(renewed.known);
            assert_eq!(Duration::from_millis(renewed.lease_ms.into()), lease);
        }
        assert_eq!(online(&session, &[10_001, 10_002]).await, [10_002]);
        assert!(!session.renew(renew("silent")).await.unwrap().known);
        session
            .register(register("silent", links.clone()))
            .await
            .unwrap();
        assert!(session.renew(renew("silent")).await.unwrap().known);
        assert_eq!(online(&session, &[10_001, 10_002]).await, [10_001, 10_002]);
    });
}

#[test]
fn a_restart_shows_in_the_epoch() {
    run_test("epoch", |_| async {
        let first = session(Config::default()).await;
        let told = first.register(register("a", [])).await.unwrap().epoch;
        assert_eq!(first.renew(renew("a")).await.unwrap().epoch, told);
        let second = session(Config::default()).await;
        let renewed = second.renew(renew("a")).await.unwrap();
        assert_ne!(renewed.epoch, told);
        assert!(!renewed.known);
    });
}

#[test]
fn names_and_numbers_have_bounds() {
    run_test("bounds", |_| async {
        let links_per_node_max = 1;
        let config = Config {
            links_per_node_max,
            ..Config::default()
        };
        let session = session(config).await;
        let nameless = session.register(register("", [])).await.unwrap_err();
        assert_eq!(nameless.code(), Code::InvalidArgument);
        let long = link(10_001, &"x".repeat(1_000), 1, 5);
        let long = session.register(register("a", [long])).await.unwrap_err();
        assert_eq!(long.code(), Code::InvalidArgument);
        let two = [link(10_001, "phone", 1, 5), link(10_002, "phone", 2, 5)];
        let two = session.register(register("a", two)).await.unwrap_err();
        assert_eq!(two.code(), Code::ResourceExhausted);
        assert!(online(&session, &[10_001, 10_002]).await.is_empty());

        let lease_ms = 0;
        let config = Config {
            lease_ms,
            ..Config::default()
        };
        let refused = build(config, Deps).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
    });
}
