//! Whom a channel asks: by load, by weight, in turn, by key, by zone.

use crate::support::{ACT, Member, READ, Text, call, channel_to};
use std::time::Duration;
use svrkit_rt::{Balance, Call, Channel, ChannelConfig, Endpoint, Reply, Status};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// Callers at once, each with so many calls, a millisecond apart.
async fn load(channel: &Channel, callers: usize, calls: usize) {
    let mut running = JoinSet::new();
    for _ in 0..callers {
        let channel = channel.clone();
        running.spawn(async move {
            for _ in 0..calls {
                call(&channel, &ACT, "").await.unwrap();
                sleep(Duration::from_millis(1)).await;
            }
        });
    }
    running.join_all().await;
}

fn counts(members: &[Member]) -> Vec<usize> {
    members.iter().map(|m| m.seen().len()).collect()
}

fn with(balance: Balance) -> ChannelConfig {
    ChannelConfig {
        balance,
        ..ChannelConfig::default()
    }
}

#[svrkit::test]
async fn calls_are_spread_evenly() {
    let members = Member::several(4);
    let channel = channel_to(&members).build().unwrap();
    load(&channel, 20, 100).await;
    let counts = counts(&members);
    assert!(counts.iter().all(|n| (400..600).contains(n)), "{counts:?}");
}

#[svrkit::test]
async fn weights_are_kept_at_little_load_and_at_much() {
    for callers in [1, 40] {
        let members = Member::several(3);
        let endpoints = members.iter().zip([1, 1, 2]);
        let endpoints = endpoints.map(|(m, weight)| m.endpoint().with_weight(weight));
        let builder = endpoints.fold(Channel::builder(), |b, e| b.endpoint(e));
        let channel = builder.build().unwrap();
        load(&channel, callers, 4_000 / callers).await;
        let counts = counts(&members);
        assert!((1_600..2_400).contains(&counts[2]), "{callers}: {counts:?}");
        assert!((800..1_200).contains(&counts[0]), "{callers}: {counts:?}");
    }
}

/// A hundred times slower, and nobody waits for it but those who find out.
#[svrkit::test]
async fn who_is_slow_is_hardly_asked() {
    let members = Member::several(3);
    let channel = channel_to(&members).build().unwrap();
    load(&channel, 20, 50).await;
    counts(&members);
    members[1].takes(Duration::from_millis(100));
    load(&channel, 20, 300).await;
    let counts = counts(&members);
    assert!(counts[1] < 60, "{counts:?}");
}

#[svrkit::test]
async fn who_dies_is_left_at_once_and_asked_again_when_it_is_back() {
    let members = Member::several(3);
    let channel = channel_to(&members).build().unwrap();
    load(&channel, 10, 20).await;
    members[2].kill().await;
    counts(&members);
    // Not idempotent: one call to the dead one, and this fails.
    load(&channel, 10, 100).await;
    let after = counts(&members);
    assert!(after[2] == 0 && after[0] + after[1] == 1_000, "{after:?}");
    members[2].start_again();
    sleep(Duration::from_secs(5)).await;
    load(&channel, 10, 1_000).await;
    let back = counts(&members);
    assert!(back[2] > 500, "{back:?}");
}

#[svrkit::test]
async fn who_joins_is_led_in() {
    let members = Member::several(3);
    let channel = channel_to(&members).build().unwrap();
    members[2].kill().await;
    load(&channel, 10, 10).await;
    sleep(Duration::from_secs(10)).await;
    counts(&members);
    members[2].start_again();
    let mut shares = Vec::new();
    for _ in 0..12 {
        load(&channel, 10, 100).await;
        shares.push(counts(&members)[2] as f64 / 1_000.0);
        sleep(Duration::from_millis(800)).await;
    }
    let first = shares.iter().find(|share| **share > 0.0).unwrap();
    assert!(*first < 0.2, "{shares:?}");
    assert!(shares[11] > 0.25, "{shares:?}");
}

#[svrkit::test]
async fn in_turn_is_in_turn() {
    let members = Member::several(3);
    let endpoints = members.iter().zip([1, 2, 3]);
    let endpoints = endpoints.map(|(m, weight)| m.endpoint().with_weight(weight));
    let builder = endpoints.fold(Channel::builder(), |b, e| b.endpoint(e));
    let channel = builder.config(with(Balance::RoundRobin)).build().unwrap();
    load(&channel, 1, 10).await;
    counts(&members);
    load(&channel, 1, 600).await;
    assert_eq!(counts(&members), [100, 200, 300]);
}

async fn call_about(channel: &Channel, key: u64) -> Result<(), Status> {
    let call = Call::new(Text::default())
        .routing_key(key)
        .timeout(Duration::from_secs(5));
    let _: Reply<Text> = channel.unary(&READ, call).await?;
    Ok(())
}

/// Who was asked about each of some keys.
async fn owners(channel: &Channel, members: &[Member]) -> Vec<usize> {
    let mut owners = Vec::new();
    for key in 1..=200 {
        call_about(channel, key).await.unwrap();
        let counts = counts(members);
        owners.push(counts.iter().position(|n| *n > 0).unwrap());
    }
    owners
}

#[svrkit::test]
async fn a_key_stays_where_it_is_and_comes_back() {
    let members = Member::several(5);
    let config = with(Balance::HashKey);
    let channel = channel_to(&members).config(config.clone()).build().unwrap();
    call_about(&channel, 1).await.unwrap();
    sleep(Duration::from_millis(10)).await;
    counts(&members);
    let before = owners(&channel, &members).await;
    let other = channel_to(&members).config(config).build().unwrap();
    call_about(&other, 1).await.unwrap();
    sleep(Duration::from_millis(10)).await;
    counts(&members);
    assert_eq!(owners(&other, &members).await, before, "clients agree");

    members[3].kill().await;
    let without = owners(&channel, &members).await;
    for (before, now) in before.iter().zip(&without) {
        assert!(*now != 3 && (before == now || *before == 3));
    }
    members[3].start_again();
    sleep(Duration::from_secs(10)).await;
    call_about(&channel, 1).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    counts(&members);
    assert_eq!(owners(&channel, &members).await, before);
}

/// A hundred calls about one user at once, and nobody has more than its part and a quarter.
#[svrkit::test]
async fn a_hot_key_does_not_burn_its_owner() {
    let members = Member::several(4);
    let config = with(Balance::HashKey);
    let channel = channel_to(&members).config(config).build().unwrap();
    call_about(&channel, 1).await.unwrap();
    sleep(Duration::from_millis(10)).await;
    members
        .iter()
        .for_each(|m| m.takes(Duration::from_millis(100)));
    let mut calls = JoinSet::new();
    for _ in 0..100 {
        let channel = channel.clone();
        calls.spawn(async move { call_about(&channel, 42).await.unwrap() });
    }
    calls.join_all().await;
    let most: Vec<usize> = members.iter().map(Member::running_most).collect();
    assert!(most.iter().all(|n| *n <= 32), "{most:?}");
}

#[svrkit::test]
async fn calls_stay_in_their_zone_while_half_of_it_serves() {
    let members = Member::several(6);
    let zones = ["a", "a", "a", "b", "b", "b"];
    let endpoints = members.iter().zip(zones);
    let endpoints = endpoints.map(|(m, zone)| m.endpoint().in_zone(zone));
    let config = ChannelConfig {
        zone: "a".to_owned(),
        ..ChannelConfig::default()
    };
    let builder = endpoints.fold(Channel::builder(), |b, e| b.endpoint(e));
    let channel = builder.config(config).build().unwrap();
    load(&channel, 5, 10).await;
    counts(&members);
    load(&channel, 5, 100).await;
    assert_eq!(counts(&members)[3..], [0, 0, 0]);
    members[0].kill().await;
    load(&channel, 5, 100).await;
    assert_eq!(counts(&members)[3..], [0, 0, 0]);
    members[1].kill().await;
    load(&channel, 5, 100).await;
    let spread = counts(&members);
    assert!(spread[2..].iter().all(|n| *n > 50), "{spread:?}");
}

#[svrkit::test]
async fn of_a_large_fleet_a_client_knows_a_part() {
    let members = Member::several(60);
    let config = |key| ChannelConfig {
        subset_max: 6,
        subset_key: Some(key),
        ..ChannelConfig::default()
    };
    let known = async |key| -> Vec<usize> {
        let before: Vec<usize> = members.iter().map(Member::connections).collect();
        let channel = channel_to(&members).config(config(key)).build().unwrap();
        load(&channel, 5, 100).await;
        let after = members.iter().map(Member::connections);
        let opened = after.zip(before).enumerate();
        opened.filter(|(_, (a, b))| a > b).map(|(n, _)| n).collect()
    };
    let first = known(1).await;
    assert_eq!(first.len(), 6);
    assert_eq!(known(1).await, first, "the same client, the same part");
    assert_ne!(known(2).await, first);
}

#[svrkit::test]
async fn addresses_are_said_in_one_string() {
    for (text, is_right) in [
        ("127.0.0.1:80", true),
        ("127.0.0.1:80 zone=a, 127.0.0.1:81 zone=b weight=3", true),
        ("unix:/run/x.sock", true),
        ("file:/etc/endpoints", true),
        ("dns:localhost:80", true),
        ("dns:localhost", false),
        ("", false),
        ("127.0.0.1:80,", true),
        ("127.0.0.1:80, 127.0.0.1:80", false),
        ("127.0.0.1:80 weight=heavy", false),
    ] {
        assert_eq!(Channel::connect(text).is_ok(), is_right, "{text:?}");
    }
    let endpoint = Endpoint::parse("127.0.0.1:80").unwrap();
    assert_eq!(endpoint.with_weight(0).weight(), 1);
}
