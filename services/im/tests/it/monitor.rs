//! What the backend counts, as its page tells: through a kill of everything, and from every process of a split one.

use crate::backend::Im;
use im_idl::base::Empty;
use im_idl::monitor::{CentreClient, Instance, QueryRequest};
use im_idl::overview::OverviewClient;
use std::time::Duration;
use svrkit_rt::Channel;
use tokio::time::sleep;

/// Asked again so often, until it is as it should be.
const PAUSE: Duration = Duration::from_millis(200);

pub(crate) fn centre(im: &Im) -> CentreClient {
    CentreClient::new(Channel::connect(&im.page).unwrap())
}

/// All accounts that were made in the last hour.
async fn registered(centre: &CentreClient) -> f64 {
    let ask = QueryRequest {
        name: "im_accounts_registered".to_owned(),
        value: "sum".to_owned(),
        step_s: 10,
        ..QueryRequest::default()
    };
    let answer = centre.query(ask).await.unwrap();
    let values = answer.lines.into_iter().flat_map(|line| line.values);
    values.filter(|sum| !sum.is_nan()).sum()
}

#[tokio::test]
async fn a_kill_of_agent_and_centre_loses_and_doubles_no_count() {
    let data = tempfile::tempdir().unwrap();
    let mut users = 0;
    for life in 0..3 {
        let im = Im::start(data.path(), &[]).await;
        let centre = centre(&im);
        if life == 2 {
            // What the last life counted and did not report is read where it was left.
            while registered(&centre).await < f64::from(users) {
                sleep(PAUSE).await;
            }
            assert_eq!(registered(&centre).await, f64::from(users));
            let overview = OverviewClient::new(Channel::connect(&im.page).unwrap());
            assert!(overview.get(Empty {}).await.is_ok());
            return;
        }
        for _ in 0..3 {
            im.register(&format!("user{users}")).await;
            users += 1;
        }
        if life == 0 {
            while registered(&centre).await < f64::from(users) {
                sleep(PAUSE).await;
            }
        }
        im.kill().await;
    }
}

#[tokio::test]
async fn every_process_of_a_split_backend_is_heard_of() {
    let data = tempfile::tempdir().unwrap();
    let im = Im::start(data.path(), &["--split"]).await;
    let centre = centre(&im);
    let mut heard: Vec<Instance> = Vec::new();
    // And the host.
    while heard.len() < im_serve::ROLES.len() + 1 {
        sleep(PAUSE).await;
        heard = centre.instances(Empty {}).await.unwrap().instances;
    }
    for role in &im_serve::ROLES {
        let found = heard.iter().find(|instance| instance.instance == role.name);
        let found = found.unwrap_or_else(|| panic!("{} is not heard of", role.name));
        assert_eq!(found.service, role.name);
        assert!(!found.silent, "{found:?}");
    }
}
