//! Endpoints come and go while calls are made.

use crate::support::{ACT, Member, READ, Text, call, service};
use std::fs;
use std::time::Duration;
use svrkit_rt::{
    Announce, BoxFuture, Call, Channel, Code, Discover, Dns, Endpoint, EndpointsFile, Listener,
    Reply, Server, Status,
};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

/// Announces what it is sent.
struct Sent(mpsc::UnboundedReceiver<Result<Vec<Endpoint>, String>>);

impl Discover for Sent {
    fn run(mut self: Box<Self>, announce: Announce) -> BoxFuture<()> {
        Box::pin(async move {
            while let Some(news) = self.0.recv().await {
                match news {
                    Ok(endpoints) => announce.endpoints(endpoints),
                    Err(why) => announce.trouble(why),
                }
            }
        })
    }
}

fn announced() -> (
    mpsc::UnboundedSender<Result<Vec<Endpoint>, String>>,
    Channel,
) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let channel = Channel::builder().discover(Sent(receiver)).build().unwrap();
    (sender, channel)
}

fn endpoints(members: &[&Member]) -> Result<Vec<Endpoint>, String> {
    Ok(members.iter().map(|m| m.endpoint()).collect())
}

async fn calls(channel: &Channel, count: usize) {
    for _ in 0..count {
        call(channel, &ACT, "").await.unwrap();
    }
}

fn counts(members: &[Member]) -> Vec<usize> {
    members.iter().map(|m| m.seen().len()).collect()
}

#[svrkit::test]
async fn calls_wait_for_the_first_list_and_say_why_in_vain() {
    let members = Member::several(1);
    let (announce, channel) = announced();
    let request = Call::new(Text::default()).timeout(Duration::from_millis(100));
    let reply: Result<Reply<Text>, Status> = channel.unary(&ACT, request.clone()).await;
    let status = reply.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(
        status.message().contains("no endpoint is known"),
        "{status}"
    );
    announce.send(Err("registry is away".to_owned())).unwrap();
    let reply: Result<Reply<Text>, Status> = channel.unary(&ACT, request).await;
    let status = reply.unwrap_err();
    assert!(status.message().contains("registry is away"), "{status}");

    let waiting = channel.clone();
    let waiting = tokio::spawn(async move { call(&waiting, &ACT, "").await });
    sleep(Duration::from_secs(1)).await;
    announce.send(endpoints(&[&members[0]])).unwrap();
    assert!(waiting.await.unwrap().is_ok());
}

#[svrkit::test]
async fn who_comes_is_asked_and_who_goes_finishes() {
    let members = Member::several(3);
    let (announce, channel) = announced();
    announce
        .send(endpoints(&[&members[0], &members[1]]))
        .unwrap();
    calls(&channel, 50).await;
    assert_eq!(counts(&members)[2], 0);

    members[0].takes(Duration::from_secs(2));
    let in_flight: Vec<_> = (0..10)
        .map(|_| {
            let channel = channel.clone();
            tokio::spawn(async move { call(&channel, &ACT, "").await })
        })
        .collect();
    sleep(Duration::from_millis(10)).await;
    assert!(members[0].running() > 0);
    announce
        .send(endpoints(&[&members[1], &members[2]]))
        .unwrap();
    sleep(Duration::from_millis(10)).await;
    counts(&members);
    calls(&channel, 200).await;
    let after = counts(&members);
    assert!(after[0] == 0 && after[2] > 0, "{after:?}");
    for call in in_flight {
        assert!(call.await.unwrap().is_ok(), "under way when it went");
    }
    announce.send(Err("registry is away".to_owned())).unwrap();
    calls(&channel, 10).await;
}

#[svrkit::test]
async fn who_stays_keeps_its_connection() {
    let members = Member::several(2);
    let (announce, channel) = announced();
    announce
        .send(endpoints(&[&members[0], &members[1]]))
        .unwrap();
    calls(&channel, 50).await;
    for weight in 1..100 {
        let changed = members[1].endpoint().with_weight(weight);
        let list = vec![changed, members[0].endpoint()];
        announce.send(Ok(list)).unwrap();
        calls(&channel, 2).await;
    }
    counts(&members);
    calls(&channel, 200).await;
    assert!(counts(&members)[1] > 150, "the weight of the last list");
    let connections: usize = members.iter().map(Member::connections).sum();
    assert_eq!(connections, 2);
}

/// Under load, through a hundred changes, one idempotent method and one that is not.
#[svrkit::test]
async fn no_call_notices_a_change() {
    let members = Member::several(4);
    let (announce, channel) = announced();
    announce.send(endpoints(&[&members[0]])).unwrap();
    let load: Vec<_> = (0..20)
        .map(|n| {
            let channel = channel.clone();
            tokio::spawn(async move {
                let until = Instant::now() + Duration::from_secs(10);
                while Instant::now() < until {
                    let method = if n % 2 == 0 { &ACT } else { &READ };
                    call(&channel, method, "").await.unwrap();
                }
            })
        })
        .collect();
    for n in 0..100 {
        sleep(Duration::from_millis(97)).await;
        let some: Vec<&Member> = (0..1 + n % 3).map(|i| &members[(n + i) % 4]).collect();
        announce.send(endpoints(&some)).unwrap();
    }
    for task in load {
        task.await.unwrap();
    }
}

/// A file names two servers, then one, then nonsense: over sockets, since the clock of a file is the real one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_followed_and_a_bad_one_is_not() {
    let mut servers = Vec::new();
    for n in 0..2 {
        let listener = Listener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.address();
        let handlers = service().answer(&ACT, move |_| async move { Ok(Text::number(n)) });
        let server = Server::new().service(handlers);
        tokio::spawn(server.run(listener, std::future::pending()));
        servers.push(address);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("endpoints");
    let write = |text: &str| {
        let new = folder.path().join("new");
        fs::write(&new, text).unwrap();
        fs::rename(&new, &path).unwrap();
    };
    let source = EndpointsFile::new(&path);
    let channel = Channel::builder().discover(source).build().unwrap();
    let request = Call::new(Text::default()).timeout(Duration::from_millis(50));
    let reply: Result<Reply<Text>, Status> = channel.unary(&ACT, request).await;
    let status = reply.unwrap_err();
    assert!(status.message().contains("cannot be read"), "{status}");

    write(&servers[0]);
    let number = async || call(&channel, &ACT, "").await.unwrap().number;
    assert_eq!(number().await, 0);
    let until_is = async |wanted| {
        let found = timeout(Duration::from_secs(10), async {
            while number().await != wanted {
                sleep(Duration::from_millis(5)).await;
            }
        });
        assert!(found.await.is_ok(), "not within ten seconds");
    };
    write(&format!("{} weight=2 # the new one\n", servers[1]));
    until_is(1).await;
    for bad in ["", "nonsense", &format!("{0}\n{0}", servers[0])] {
        write(bad);
        sleep(Duration::from_millis(600)).await;
        assert_eq!(number().await, 1, "{bad:?}");
    }
    write(&servers[0]);
    until_is(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_is_resolved() {
    let listener = Listener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.address();
    let (_, port) = address.rsplit_once(':').unwrap();
    let server = Server::new().service(service().echo());
    tokio::spawn(server.run(listener, std::future::pending()));
    let source = Dns::new(&format!("localhost:{port}")).unwrap();
    let channel = Channel::builder().discover(source).build().unwrap();
    call(&channel, &crate::support::ECHO, "").await.unwrap();
}
