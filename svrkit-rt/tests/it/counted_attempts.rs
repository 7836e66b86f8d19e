//! What is counted of calls that take more than one attempt, and of instances that are left alone.

use crate::support::{ACT, COUNTED_READS, Member, call, channel_to, count};
use std::time::Duration;
use svrkit_rt::{Balance, ChannelConfig, MethodDescriptor};
use tokio::time::sleep;

fn of_method(name: &str, method: &MethodDescriptor) -> u64 {
    let labels = [("service", method.service), ("method", method.name)];
    count(name, &labels)
}

fn calls(side: &str, method: &MethodDescriptor, code: &str) -> u64 {
    let labels = [
        ("service", method.service),
        ("method", method.name),
        ("code", code),
    ];
    count(&format!("rpc_{side}_calls"), &labels)
}

/// For its caller it is one call, and that succeeded; for the instances it is two.
#[svrkit::test]
async fn a_call_that_is_made_again_is_one_call_and_a_retry() {
    let [method, _] = &COUNTED_READS;
    let members = Member::several(2);
    let mut config = ChannelConfig {
        balance: Balance::RoundRobin,
        ..ChannelConfig::default()
    };
    config.breaker.ejected_percent_max = 0;
    let channel = channel_to(&members).config(config).build().unwrap();
    for _ in 0..2 {
        call(&channel, &ACT, "").await.unwrap();
        sleep(Duration::from_millis(10)).await;
    }
    members[0].takes(Duration::from_secs(1));
    let both = [(); 2].map(|()| {
        let channel = channel.clone();
        tokio::spawn(async move { call(&channel, method, "").await })
    });
    sleep(Duration::from_millis(20)).await;
    members[0].kill().await;
    for call in both {
        call.await.unwrap().unwrap();
    }
    assert_eq!(calls("client", method, "ok"), 2);
    assert_eq!(of_method("rpc_client_retries", method), 1);
    assert_eq!(of_method("rpc_server_retries", method), 1);
    assert_eq!(of_method("rpc_client_hedges", method), 0);
    assert_eq!(calls("server", method, "ok"), 2);
}

#[svrkit::test]
async fn a_second_call_beside_a_slow_first_is_a_hedge() {
    let [_, method] = &COUNTED_READS;
    let members = Member::several(2);
    let mut config = ChannelConfig::default();
    config.breaker.ejected_percent_max = 0;
    let channel = channel_to(&members).config(config).build().unwrap();
    for _ in 0..200 {
        call(&channel, method, "").await.unwrap();
        sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(of_method("rpc_client_hedges", method), 0);
    members.iter().for_each(|m| m.takes(Duration::from_secs(1)));
    let faster_soon = async {
        sleep(Duration::from_micros(500)).await;
        members
            .iter()
            .for_each(|m| m.takes(Duration::from_millis(1)));
    };
    let (answer, ()) = tokio::join!(call(&channel, method, ""), faster_soon);
    answer.unwrap();
    sleep(Duration::from_millis(10)).await;
    assert_eq!(calls("client", method, "ok"), 201);
    assert_eq!(of_method("rpc_client_hedges", method), 1);
    assert_eq!(of_method("rpc_client_retries", method), 0);
    assert_eq!(calls("server", method, "cancelled"), 1);
}

#[svrkit::test]
async fn who_is_left_alone_is_counted_by_name() {
    let members = [0, 1, 2].map(|n| Member::start(&format!("counted-{n}")));
    // In turn: by load, one that fails is soon asked too rarely to be found out.
    let config = ChannelConfig {
        balance: Balance::RoundRobin,
        ..ChannelConfig::default()
    };
    let channel = channel_to(&members).config(config).build().unwrap();
    let some_calls = async |secs: u64| {
        for _ in 0..secs * 100 {
            let _ = call(&channel, &ACT, "").await;
            sleep(Duration::from_millis(10)).await;
        }
    };
    some_calls(3).await;
    let ejections = |name| count("rpc_client_ejections", &[("endpoint", name)]);
    let readmissions = |name| count("rpc_client_readmissions", &[("endpoint", name)]);
    assert_eq!(ejections("counted-1"), 0);
    members[1].fails(Some(svrkit_rt::Status::internal("out of order")));
    some_calls(3).await;
    assert!(ejections("counted-1") >= 1);
    members[1].fails(None);
    some_calls(60).await;
    assert!(readmissions("counted-1") >= 1);
    assert_eq!(ejections("counted-0") + ejections("counted-2"), 0);
}
