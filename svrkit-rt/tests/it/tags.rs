//! Gray release: calls with a tag meet instances with the same one, and hand it down.

use crate::support::{ACT, ECHO, Member, Site, Text, service};
use std::time::Duration;
use svrkit_rt::{Call, Channel, Endpoint, Reply, Server, Status, Tag};
use tokio::time::sleep;

fn gray() -> Tag {
    Tag::new("gray").unwrap()
}

/// Two ordinary ones and one that is tried.
fn three() -> (Vec<Member>, Channel) {
    let members = Member::several(3);
    let endpoint = |n: usize| match n {
        2 => members[n].endpoint().with_tag(gray()),
        n => members[n].endpoint(),
    };
    let builder = (0..3)
        .map(endpoint)
        .fold(Channel::builder(), |b, e| b.endpoint(e));
    let channel = builder.build().unwrap();
    (members, channel)
}

async fn calls(channel: &Channel, tag: Option<Tag>, count: usize) {
    for _ in 0..count {
        let call = Call::new(Text::default()).timeout(Duration::from_secs(5));
        let call = match tag {
            Some(tag) => call.tag(tag),
            None => call,
        };
        let reply: Result<Reply<Text>, Status> = channel.unary(&ACT, call).await;
        reply.unwrap();
    }
}

fn counts(members: &[Member]) -> Vec<usize> {
    members.iter().map(|m| m.seen().len()).collect()
}

#[svrkit::test]
async fn a_tag_finds_its_own_and_falls_back() {
    let (members, channel) = three();
    calls(&channel, None, 1).await;
    sleep(Duration::from_millis(10)).await;
    counts(&members);
    calls(&channel, None, 100).await;
    assert_eq!(counts(&members)[2], 0, "it is for gray calls only");
    calls(&channel, Some(gray()), 100).await;
    assert_eq!(counts(&members), [0, 0, 100]);
    let unknown = Tag::new("blue").unwrap();
    calls(&channel, Some(unknown), 100).await;
    assert_eq!(counts(&members)[2], 0, "nobody has that one");
    members[2].kill().await;
    calls(&channel, Some(gray()), 100).await;
    assert_eq!(counts(&members)[2], 0);
    members[2].start_again();
    sleep(Duration::from_secs(10)).await;
    calls(&channel, Some(gray()), 1).await;
    sleep(Duration::from_secs(1)).await;
    counts(&members);
    calls(&channel, Some(gray()), 100).await;
    assert_eq!(counts(&members), [0, 0, 100]);
}

#[svrkit::test]
async fn a_tag_is_handed_down() {
    let (members, inner) = three();
    let handler = move |context: Box<svrkit_rt::Context>, text: Text| {
        let inner = inner.clone();
        async move {
            let reply: Reply<Text> = inner.unary(&ACT, Call::new(text)).await?;
            Ok((context, reply.message))
        }
    };
    let (site, connector) = Site::in_memory(Server::new().service(service().on(&ECHO, handler)));
    let outer = Channel::builder().endpoint(Endpoint::memory(connector));
    let outer = outer.build().unwrap();
    let call = Call::new(Text::default());
    let _: Reply<Text> = outer.unary(&ECHO, call.clone()).await.unwrap();
    sleep(Duration::from_millis(10)).await;
    counts(&members);
    let _: Reply<Text> = outer.unary(&ECHO, call.clone().tag(gray())).await.unwrap();
    let seen = members[2].seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].tag, Some(gray()));
    let _: Reply<Text> = outer.unary(&ECHO, call).await.unwrap();
    assert_eq!(counts(&members)[2], 0);
    drop(outer);
    site.stop().await;
}
