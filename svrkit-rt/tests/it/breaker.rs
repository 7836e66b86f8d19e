//! Instances that fail, hang or crawl are left alone, and come back.

use crate::support::{ACT, Member, READ, Text, call, channel_to};
use std::time::Duration;
use svrkit_rt::{Call, Channel, MethodDescriptor, Reply, Standing, Status};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// Some callers for some time: calls, and those that failed. Each call has half a second.
async fn load(channel: &Channel, method: &'static MethodDescriptor, secs: u64) -> (usize, usize) {
    let until = Instant::now() + Duration::from_secs(secs);
    let mut callers = JoinSet::new();
    for _ in 0..10 {
        let channel = channel.clone();
        callers.spawn(async move {
            let (mut calls, mut failed) = (0, 0);
            while Instant::now() < until {
                let request = Call::new(Text::default());
                let reply: Result<Reply<Text>, Status> = channel.unary(method, request).await;
                calls += 1;
                failed += usize::from(reply.is_err());
                sleep(Duration::from_millis(20)).await;
            }
            (calls, failed)
        });
    }
    let all = callers.join_all().await;
    all.iter()
        .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
}

async fn settled(members: &[Member]) -> Channel {
    let channel = channel_to(members).build().unwrap();
    load(&channel, &READ, 3).await;
    load(&channel, &ACT, 3).await;
    members.iter().for_each(|m| drop(m.seen()));
    channel
}

/// Not even a method that is called once only loses more than the few calls by which it is found out.
#[svrkit::test]
async fn one_that_hangs_is_left_alone_and_comes_back() {
    let members = Member::several(3);
    let channel = settled(&members).await;
    members[1].cut_off(true);
    let (calls, failed) = load(&channel, &ACT, 30).await;
    assert!(failed <= 12 && calls > 10_000, "{failed} of {calls}");
    members[1].cut_off(false);
    load(&channel, &ACT, 70).await;
    members.iter().for_each(|m| drop(m.seen()));
    load(&channel, &ACT, 20).await;
    let counts: Vec<usize> = members.iter().map(|m| m.seen().len()).collect();
    assert!(counts[1] * 4 > counts[0], "{counts:?}");
}

#[svrkit::test]
async fn what_does_no_harm_loses_nothing_when_one_hangs() {
    let members = Member::several(3);
    let channel = settled(&members).await;
    members[1].cut_off(true);
    let (calls, failed) = load(&channel, &READ, 30).await;
    assert!(failed == 0 && calls > 10_000, "{failed} of {calls}");
}

/// It answers quickly, and only failures: what would attract every call if it were only for speed.
#[svrkit::test]
async fn one_that_fails_everything_is_left_alone() {
    let members = Member::several(3);
    let channel = settled(&members).await;
    members[0].fails(Some(Status::internal("disk is gone")));
    let (calls, failed) = load(&channel, &ACT, 60).await;
    // Left alone for 1, 2, 4, 8, 16 and 32 seconds, and asked once or a few times in between.
    assert!(failed < 40 && calls > 20_000, "{failed} of {calls}");
    let asked = members[0].seen().len();
    assert_eq!(asked, failed);
    let left_alone = |n: usize| {
        let state = channel.watch().state().unwrap();
        matches!(state.instances[n].standing, Standing::LeftAlone(_))
    };
    assert!(left_alone(0) && !left_alone(1));
    members[0].fails(None);
    load(&channel, &ACT, 70).await;
    assert!(!left_alone(0));
    let (_, failed) = load(&channel, &ACT, 10).await;
    assert_eq!(failed, 0);
    assert!(!members[0].seen().is_empty(), "it serves again");
}

#[svrkit::test]
async fn one_that_crawls_is_left_alone() {
    let members = Member::several(3);
    let channel = settled(&members).await;
    members[2].takes(Duration::from_millis(100));
    let (calls, failed) = load(&channel, &ACT, 60).await;
    assert_eq!(failed, 0);
    let asked = members[2].seen().len();
    assert!(asked < 60 && calls > 20_000, "{asked} of {calls}");
}

/// When most fail, it is not they.
#[svrkit::test]
async fn half_of_them_are_never_left_alone() {
    let members = Member::several(4);
    let channel = settled(&members).await;
    members
        .iter()
        .for_each(|m| m.fails(Some(Status::internal("it is the request"))));
    load(&channel, &ACT, 5).await;
    members.iter().for_each(|m| drop(m.seen()));
    load(&channel, &ACT, 1).await;
    let asked = members.iter().filter(|m| !m.seen().is_empty()).count();
    assert!(asked >= 2, "{asked} are asked");
    members.iter().for_each(|m| m.fails(None));
    let (_, failed) = load(&channel, &ACT, 5).await;
    assert_eq!(failed, 0);
}

#[svrkit::test]
async fn two_of_which_one_is_dead_are_one() {
    let members = Member::several(2);
    let channel = settled(&members).await;
    members[0].kill().await;
    for _ in 0..100 {
        call(&channel, &ACT, "").await.unwrap();
    }
    members[0].start_again();
    members[1].kill().await;
    let (_, failed) = load(&channel, &READ, 10).await;
    assert!(failed < 30, "{failed}: until the other is found again");
    let (_, failed) = load(&channel, &READ, 5).await;
    assert_eq!(failed, 0);
}
