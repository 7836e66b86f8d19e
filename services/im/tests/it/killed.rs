//! The backend is killed, and nothing that it acknowledged is gone.

use crate::backend::{Im, befriend, command, hears, say, uin};
use im_idl::base::Empty;
use im_idl::group::CreateRequest;
use im_idl::overview::OverviewClient;
use svrkit_rt::Channel;

#[tokio::test]
async fn after_a_kill_everything_acknowledged_is_there() {
    let data = tempfile::tempdir().unwrap();
    let im = Im::start(data.path(), &[]).await;
    let ada = im.register("ada").await;
    let bob = im.register("bob").await;
    befriend(&ada, &bob).await;
    let create = CreateRequest {
        name: "us".to_owned(),
        members: vec![uin(&bob)],
        ..CreateRequest::default()
    };
    let group = ada.call(create).await.unwrap().info.unwrap().group;
    let (to_ada, to_bob) = (uin(&ada), uin(&bob));
    drop(bob);
    for n in 0..100 {
        say(&ada, to_bob, &n.to_string()).await;
        say(&ada, group, &n.to_string()).await;
    }
    im.kill().await;

    let im = Im::start(data.path(), &[]).await;
    let bob = im.login("bob").await;
    assert_eq!(hears(&bob, to_ada, 100).await, 100);
    // One more is the announcement of the group itself.
    assert_eq!(hears(&bob, group, 101).await, 101);
    let page = OverviewClient::new(Channel::connect(&im.page).unwrap());
    let figures = page.get(Empty {}).await.unwrap();
    assert_eq!(figures.silent, Vec::<String>::new());
    assert!(
        figures.users_online >= 1 && figures.access_nodes == 1,
        "{figures:?}"
    );
}

#[tokio::test]
async fn one_data_folder_has_one_backend() {
    let data = tempfile::tempdir().unwrap();
    let _im = Im::start(data.path(), &[]).await;
    let second = command(data.path()).output().await.unwrap();
    assert!(!second.status.success());
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(said.contains("does not start"), "{said}");
    assert!(said.contains(&data.path().display().to_string()), "{said}");
}
