//! A device has one link: the newest.

use crate::support::client::{KICK, SEND, send};
use crate::support::{Client, Fakes, World, until};
use im_access::Config;
use im_idl::access::Kick;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use svrkit_rt::testing::run_test;

async fn is_kicked(link: &mut Client, reason: &str) {
    let kick = link.recv().await;
    assert_eq!((kick.cmd, kick.seq, kick.version), (KICK, 0, 200));
    assert_eq!(kick.decode::<Kick>().reason, reason);
    link.ends().await;
}

#[test]
fn a_second_login_ends_the_older_link_and_not_the_newer() {
    run_test("second login", |_| async {
        let world = World::new().await;
        let mut old = world.log_in(10_001, "phone").await;
        let mut desk = world.log_in(10_001, "desk").await;
        let mut new = world.log_in(10_001, "phone").await;
        is_kicked(&mut old, "KICKED_BY_LOGIN").await;
        new.chat(2).await;
        desk.chat(2).await;
        assert_eq!(world.access.stats().kicked, 1);
        let sessions = world.fakes.state.sessions();
        let phone = &sessions.links[&(10_001, "phone".to_owned())];
        assert_eq!(phone.link, 3, "the end of the old one took nothing away");
    });
}

#[test]
fn a_login_on_another_node_ends_the_link_on_this_one() {
    run_test("two nodes", |_| async {
        let fakes = Fakes::new();
        let here = World::beside(fakes.clone(), Config::default()).await;
        let there = World::beside(fakes, Config::default()).await;
        let mut old = here.log_in(10_001, "phone").await;
        let mut other = here.log_in(10_002, "phone").await;
        let mut new = there.log_in(10_001, "phone").await;
        is_kicked(&mut old, "KICKED_BY_LOGIN").await;
        new.chat(2).await;
        other.chat(2).await;
        let kicks = here.fakes.state.kicks.lock().unwrap();
        assert_eq!((kicks.len(), kicks[0].link, kicks[0].uin), (1, 1, 10_001));
    });
}

/// However many links of one device open at once, one of them stays, and it is the one that the session service believes in.
#[test]
fn of_many_logins_at_once_one_stays() {
    run_test("race", |_| async {
        let world = World::new().await;
        let mut links = Vec::new();
        for _ in 0..20 {
            let mut link = world.open();
            links.push(tokio::spawn(async move {
                link.log_in(10_001, "phone").await;
                link
            }));
        }
        let mut open = Vec::new();
        for link in links {
            open.push(link.await.unwrap());
        }
        until("one is left", || world.access.stats().long_links == 1).await;
        let mut answered = 0;
        for mut link in open {
            link.send(SEND, 5, send(1, 5)).await;
            match link.recv().await.cmd {
                KICK => link.ends().await,
                cmd => {
                    assert_eq!(cmd, SEND);
                    answered += 1;
                }
            }
        }
        assert_eq!(answered, 1);
        assert_eq!(world.fakes.state.sessions().links.len(), 1);
    });
}

/// A link that dies while it is being registered leaves nothing behind.
#[test]
fn a_link_that_ends_while_it_is_registered_is_forgotten() {
    run_test("ends early", |_| async {
        let world = World::new().await;
        for wait_ms in [0, 5, 9, 10, 11, 12, 20] {
            let mut link = world.open();
            let ticket = crate::support::client::ticket(10_001, "phone");
            link.send(2, 1, ticket).await;
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
            drop(link);
            until("it is gone", || world.access.stats().long_links == 0).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert!(world.fakes.state.sessions().links.is_empty());
        }
    });
}

#[test]
fn a_kick_says_why_after_what_was_asked_is_answered() {
    run_test("kick reason", |_| async {
        let world = World::new().await;
        let mut link = world.log_in(10_001, "phone").await;
        link.send(SEND, 2, send(2, 2)).await;
        until("it is asked", || !world.fakes.seen().is_empty()).await;
        world.fakes.kick(10_001, "TICKET_REVOKED");
        link.hears_nothing(Duration::from_millis(500)).await;
        // It is not heard any more.
        link.send(SEND, 3, send(1, 3)).await;
        world.fakes.gate.add_permits(1);
        assert_eq!(link.recv().await.seq, 2);
        is_kicked(&mut link, "TICKET_REVOKED").await;
        assert_eq!(world.fakes.seen().len(), 1);
    });
}

#[test]
fn a_kick_does_not_wait_for_a_service_that_hangs() {
    run_test("kick in time", |_| async {
        let world = World::new().await;
        let mut link = world.log_in(10_001, "phone").await;
        link.send(SEND, 2, send(2, 2)).await;
        until("it is asked", || !world.fakes.seen().is_empty()).await;
        world.fakes.kick(10_001, "TICKET_REVOKED");
        let began = tokio::time::Instant::now();
        is_kicked(&mut link, "TICKET_REVOKED").await;
        assert!(began.elapsed() < Duration::from_secs(5));
    });
}

/// A link's number means nothing when it has ended, and nothing to anybody else's link.
#[test]
fn a_kick_of_another_user_is_not_obeyed() {
    run_test("wrong user", |_| async {
        let world = World::new().await;
        let mut link = world.log_in(10_001, "phone").await;
        {
            let mut sessions = world.fakes.state.sessions();
            let key = (10_001, "phone".to_owned());
            sessions.links.get_mut(&key).unwrap().uin = 10_002;
        }
        world.fakes.kick(10_002, "TICKET_REVOKED");
        link.hears_nothing(Duration::from_secs(1)).await;
        link.chat(2).await;
    });
}

#[test]
fn a_session_that_comes_back_after_a_kick_does_not_revive_the_old_link() {
    run_test("kick, then restart", |_| async {
        let world = World::new().await;
        let mut old = world.log_in(10_001, "phone").await;
        let mut new = world.log_in(10_001, "phone").await;
        is_kicked(&mut old, "KICKED_BY_LOGIN").await;
        world.fakes.restart_session();
        let renewed = world.fakes.state.renewed.load(SeqCst);
        let state = &world.fakes.state;
        until("it is told again", || {
            state.renewed.load(SeqCst) > renewed && !state.sessions().links.is_empty()
        })
        .await;
        new.chat(2).await;
    });
}
