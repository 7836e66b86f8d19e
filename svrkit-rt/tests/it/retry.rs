//! What is called again, how often, and what is not.

use crate::support::{ACT, Member, READ, Text, call, channel_to};
use std::time::Duration;
use svrkit_rt::{
    Balance, Call, Channel, ChannelConfig, Code, HedgeConfig, MethodDescriptor, Reply, RetryConfig,
    Status,
};
use tokio::time::{Instant, sleep};

/// In turn, and nobody is left alone or asked twice for another reason: what is seen is repetition alone.
fn config() -> ChannelConfig {
    let mut config = ChannelConfig {
        balance: Balance::RoundRobin,
        hedge: HedgeConfig {
            percent: 0,
            per_s: 0,
            ..HedgeConfig::default()
        },
        ..ChannelConfig::default()
    };
    config.breaker.ejected_percent_max = 0;
    config
}

async fn ready(members: &[Member]) -> Channel {
    let channel = channel_to(members).config(config()).build().unwrap();
    call(&channel, &ACT, "").await.unwrap();
    sleep(Duration::from_millis(10)).await;
    members.iter().for_each(|m| drop(m.seen()));
    channel
}

fn attempts(members: &[Member]) -> Vec<u8> {
    let seen = members.iter().flat_map(Member::seen);
    let mut attempts: Vec<u8> = seen.map(|seen| seen.attempt).collect();
    attempts.sort_unstable();
    attempts
}

/// Ten calls are under way at two instances when one dies.
async fn calls_at_a_death(method: &'static MethodDescriptor) -> (usize, Vec<u8>) {
    let members = Member::several(2);
    let channel = ready(&members).await;
    members
        .iter()
        .for_each(|m| m.takes(Duration::from_millis(20)));
    let calls: Vec<_> = (0..10)
        .map(|_| {
            let channel = channel.clone();
            tokio::spawn(async move { call(&channel, method, "").await })
        })
        .collect();
    sleep(Duration::from_millis(5)).await;
    members[0].kill().await;
    let mut failed = 0;
    for call in calls {
        failed += usize::from(call.await.unwrap().is_err());
    }
    (failed, attempts(&members))
}

#[svrkit::test]
async fn what_does_no_harm_is_called_again_and_says_so() {
    let (failed, attempts) = calls_at_a_death(&READ).await;
    assert_eq!(failed, 0);
    assert_eq!(attempts, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
}

#[svrkit::test]
async fn what_may_have_run_is_not() {
    let (failed, attempts) = calls_at_a_death(&ACT).await;
    assert_eq!(failed, 5);
    assert_eq!(attempts, [0; 10]);
}

#[svrkit::test]
async fn what_certainly_never_ran_is_called_again_whatever_it_is() {
    let members = Member::several(2);
    let channel = ready(&members).await;
    members[0].fails(Some(Status::unavailable("not now").with_not_started()));
    for _ in 0..20 {
        call(&channel, &ACT, "").await.unwrap();
    }
    let attempts = attempts(&members);
    assert_eq!(attempts[19..21], [0, 1], "{attempts:?}");
    assert_eq!(attempts.last(), Some(&1));
}

#[svrkit::test]
async fn who_has_too_much_to_do_is_asked_once_and_one_other() {
    let members = Member::several(3);
    let channel = ready(&members).await;
    let full = Status::overloaded("no room").with_not_started();
    members[0].fails(Some(full.clone()));
    for _ in 0..30 {
        call(&channel, &ACT, "").await.unwrap();
    }
    assert!(members[0].seen().iter().all(|seen| seen.attempt == 0));
    assert!(attempts(&members).contains(&1));
    members.iter().for_each(|m| m.fails(Some(full.clone())));
    let status = call(&channel, &READ, "").await.unwrap_err();
    assert_eq!(status.code(), Code::Overloaded);
    assert_eq!(attempts(&members), [0, 1], "and not a third");

    // A channel to one has nobody else to ask.
    let builder = channel_to(&members[1..2]).config(config());
    let channel = builder.build().unwrap();
    call(&channel, &READ, "").await.unwrap_err();
    assert_eq!(attempts(&members), [0]);
}

/// A service that fails everything is asked a tenth more and thirty times besides, not three times as often.
#[svrkit::test]
async fn repetitions_have_a_budget() {
    let members = Member::several(2);
    let channel = ready(&members).await;
    members
        .iter()
        .for_each(|m| m.fails(Some(Status::unavailable("not now"))));
    let before = Instant::now();
    for _ in 0..1_000 {
        call(&channel, &READ, "").await.unwrap_err();
    }
    assert!(before.elapsed() < Duration::from_secs(10), "one window");
    let attempts = attempts(&members).len();
    assert!((1_090..=1_131).contains(&attempts), "{attempts} attempts");
}

#[svrkit::test]
async fn a_call_is_made_three_times_at_most_and_within_its_time() {
    let members = Member::several(4);
    let channel = ready(&members).await;
    members
        .iter()
        .for_each(|m| m.fails(Some(Status::unavailable("not now"))));
    call(&channel, &READ, "").await.unwrap_err();
    assert_eq!(attempts(&members), [0, 1, 2]);

    let mut slow = config();
    slow.retry = RetryConfig {
        pause_base_ms: 1_000,
        attempts_max: 100,
        ..RetryConfig::default()
    };
    let channel = channel_to(&members).config(slow).build().unwrap();
    let before = Instant::now();
    let request = Call::new(Text::default()).timeout(Duration::from_millis(700));
    let reply: Result<Reply<Text>, Status> = channel.unary(&READ, request).await;
    assert_eq!(reply.unwrap_err().code(), Code::Unavailable);
    assert!(before.elapsed() <= Duration::from_millis(701));
}

#[svrkit::test]
async fn a_large_request_is_sent_once() {
    let members = Member::several(2);
    let channel = ready(&members).await;
    members
        .iter()
        .for_each(|m| m.fails(Some(Status::unavailable("not now"))));
    let small = Text::data(vec![7; 60 * 1024]);
    call(&channel, &READ, small).await.unwrap_err();
    assert_eq!(attempts(&members), [0, 1, 2]);
    let large = Text::data(vec![7; 70 * 1024]);
    call(&channel, &READ, large).await.unwrap_err();
    assert_eq!(attempts(&members), [0]);
}

/// The last attempt was refused before it began; the one before it was not.
#[svrkit::test]
async fn a_failure_does_not_claim_that_nothing_ran_when_something_may_have() {
    let members = Member::several(2);
    let channel = ready(&members).await;
    members[0].fails(Some(Status::unavailable("half done")));
    members[1].fails(Some(Status::unavailable("not now").with_not_started()));
    for _ in 0..4 {
        let status = call(&channel, &READ, "").await.unwrap_err();
        assert!(!status.not_started(), "{status}");
    }
}
