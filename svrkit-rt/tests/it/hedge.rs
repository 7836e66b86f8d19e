//! A call that takes long is made a second time beside the first.

use crate::support::{ACT, Member, READ, call, channel_to};
use std::time::Duration;
use svrkit_rt::{Channel, ChannelConfig, MethodDescriptor};
use tokio::time::{Instant, sleep};

/// Nobody is left alone: what is seen is hedging alone.
fn config() -> ChannelConfig {
    let mut config = ChannelConfig::default();
    config.breaker.ejected_percent_max = 0;
    config
}

/// A channel that knows what `Read` and `Act` usually take: a millisecond.
async fn settled(members: &[Member]) -> Channel {
    let channel = channel_to(members).config(config()).build().unwrap();
    for _ in 0..200 {
        call(&channel, &READ, "").await.unwrap();
        call(&channel, &ACT, "").await.unwrap();
        sleep(Duration::from_millis(10)).await;
    }
    members.iter().for_each(|m| drop(m.seen()));
    channel
}

/// The longest of some calls, ten milliseconds apart; one of twenty-five takes a second wherever it goes first.
async fn longest(
    channel: &Channel,
    members: &[Member],
    method: &'static MethodDescriptor,
) -> Duration {
    let mut longest = Duration::ZERO;
    for n in 0..200 {
        let slow = n % 25 == 24;
        if slow {
            members.iter().for_each(|m| m.takes(Duration::from_secs(1)));
        }
        let before = Instant::now();
        let calling = call(channel, method, "");
        let back = async {
            sleep(Duration::from_micros(500)).await;
            members
                .iter()
                .for_each(|m| m.takes(Duration::from_millis(1)));
        };
        let (answer, ()) = tokio::join!(calling, back);
        answer.unwrap();
        longest = longest.max(before.elapsed());
        sleep(Duration::from_millis(10)).await;
    }
    longest
}

#[svrkit::test]
async fn the_second_answers_and_the_first_is_cancelled() {
    let members = Member::several(3);
    let channel = settled(&members).await;
    let longest = longest(&channel, &members, &READ).await;
    assert!(longest < Duration::from_millis(10), "{longest:?}");
    let attempts: Vec<u8> = members
        .iter()
        .flat_map(Member::seen)
        .map(|seen| seen.attempt)
        .collect();
    assert_eq!(attempts.iter().filter(|a| **a == 1).count(), 8);
    assert_eq!(attempts.len(), 208);
    let running: usize = members.iter().map(Member::running).sum();
    assert_eq!(running, 0, "the losers are cancelled");
}

#[svrkit::test]
async fn what_may_do_harm_is_called_once() {
    let members = Member::several(3);
    let channel = settled(&members).await;
    let longest = longest(&channel, &members, &ACT).await;
    assert!(longest >= Duration::from_secs(1));
    let seen: usize = members.iter().map(|m| m.seen().len()).sum();
    assert_eq!(seen, 200);
}

/// When everything becomes slow, a twentieth is made twice and not all of it.
#[svrkit::test]
async fn second_calls_have_a_budget() {
    let members = Member::several(3);
    let channel = settled(&members).await;
    members
        .iter()
        .for_each(|m| m.takes(Duration::from_millis(30)));
    for _ in 0..200 {
        call(&channel, &READ, "").await.unwrap();
    }
    let seen: usize = members.iter().map(|m| m.seen().len()).sum();
    // Within about eight seconds: 5 % of these and of those before, and one a second.
    assert!((205..245).contains(&seen), "{seen}");
}

#[svrkit::test]
async fn one_instance_is_not_asked_twice() {
    let members = Member::several(1);
    let channel = settled(&members).await;
    members[0].takes(Duration::from_millis(30));
    call(&channel, &READ, "").await.unwrap();
    assert_eq!(members[0].seen().len(), 1);
}
