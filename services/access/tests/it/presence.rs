//! What the session service is told.

use crate::support::{World, until};
use im_access::Config;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use svrkit_rt::testing::run_test;

/// Opens so many links, each of another user.
async fn crowd(world: &World, links: u64) -> Vec<crate::support::Client> {
    let mut opening = Vec::new();
    for n in 0..links {
        let mut link = world.open();
        opening.push(tokio::spawn(async move {
            link.log_in(10_001 + n, "phone").await;
            link
        }));
    }
    let mut open = Vec::new();
    for link in opening {
        open.push(link.await.unwrap());
    }
    open
}

#[test]
fn links_that_open_together_are_told_of_together() {
    run_test("together", |_| async {
        let world = World::new().await;
        let crowd = crowd(&world, 500).await;
        let sessions = world.fakes.state.sessions();
        assert_eq!(sessions.links.len(), 500);
        assert!(
            sessions.registrations < 50,
            "{} calls",
            sessions.registrations
        );
        drop(crowd);
    });
}

#[test]
fn a_restarted_session_service_is_told_all_again_in_batches() {
    run_test("restart", |_| async {
        let config = Config {
            register_links_max: 64,
            ..Config::default()
        };
        let world = World::with(config).await;
        let mut links = crowd(&world, 500).await;
        world.fakes.restart_session();
        until("all are known", || {
            world.fakes.state.sessions().links.len() == 500
        })
        .await;
        assert_eq!(
            world.fakes.state.sessions().registrations,
            500_usize.div_ceil(64)
        );
        // Nobody was kicked on the way.
        for link in &mut links {
            link.chat(2).await;
        }
    });
}

#[test]
fn a_new_login_finds_out_about_the_restart_at_once() {
    run_test("restart, then login", |_| async {
        let world = World::new().await;
        let _links = crowd(&world, 100).await;
        world.fakes.restart_session();
        let _new = world.log_in(20_000, "phone").await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(world.fakes.state.sessions().links.len(), 101);
    });
}

#[test]
fn a_lost_lease_is_a_restart_too() {
    run_test("lost lease", |_| async {
        let world = World::new().await;
        let _links = crowd(&world, 10).await;
        world.fakes.forget_nodes();
        until("all are known", || {
            world.fakes.state.sessions().links.len() == 10
        })
        .await;
    });
}

#[test]
fn links_that_end_are_told_of_even_if_the_session_service_was_away() {
    run_test("ends while away", |_| async {
        let world = World::new().await;
        let links = crowd(&world, 50).await;
        world.fakes.state.session_is_away.store(true, SeqCst);
        drop(links);
        until("they are gone", || world.access.stats().long_links == 0).await;
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(world.fakes.state.sessions().links.len(), 50);
        world.fakes.state.session_is_away.store(false, SeqCst);
        until("that is known", || {
            world.fakes.state.sessions().links.is_empty()
        })
        .await;
    });
}

#[test]
fn the_lease_is_renewed_thrice_as_often_as_it_must_be() {
    run_test("lease", |_| async {
        let world = World::new().await;
        tokio::time::sleep(Duration::from_secs(90)).await;
        let renewed = world.fakes.state.renewed.load(SeqCst);
        assert!((29..=32).contains(&renewed), "{renewed} times in 10 leases");
    });
}
