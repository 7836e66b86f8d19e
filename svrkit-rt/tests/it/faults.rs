//! A bad network between services: the same seed, the same story; and whatever happens, every call ends.

use crate::support::{ACT, ECHO, Site, Text, service};
use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use svrkit_rt::testing::{Faults, Seed, faulty, run_test};
use svrkit_rt::{Call, Channel, ChannelConfig, Code, Reply, Server, Status};
use tokio::time::{Instant, sleep};

/// What happened, when.
#[derive(Clone)]
struct Story(Arc<Mutex<String>>, Instant);

impl Story {
    fn new() -> Story {
        Story(Arc::default(), Instant::now())
    }

    fn tell(&self, what: std::fmt::Arguments<'_>) {
        let at = self.1.elapsed();
        writeln!(self.0.lock().unwrap(), "{at:?} {what}").unwrap();
    }

    fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

fn bad_network() -> Faults {
    Faults {
        refuse: 0.2,
        drop: 0.02,
        delay: Duration::from_millis(1)..=Duration::from_millis(15),
        reorder: 0.1,
        corrupt: 0.02,
        half_close: 0.01,
        cut: 0.02,
        ..Faults::default()
    }
}

/// A service that works a while and then asks the next one, over a bad network.
fn start(name: &'static str, next: Option<Channel>, story: &Story, seed: Seed) -> (Site, Channel) {
    let story = story.clone();
    let handlers = service().answer(&ACT, move |text: Text| {
        let (next, story) = (next.clone(), story.clone());
        async move {
            let number = text.number;
            story.tell(format_args!("{name} begins {number}"));
            sleep(Duration::from_millis(fastrand::u64(0..5))).await;
            let answer = match next {
                Some(next) => next
                    .unary::<Text, Text>(&ACT, Call::new(text))
                    .await
                    .map(|r| r.message),
                None => Ok(text),
            };
            story.tell(format_args!(
                "{name} ends {number}: {:?}",
                answer.as_ref().err()
            ));
            answer
        }
    });
    let (site, connector) = Site::in_memory(Server::new().service(handlers));
    let config = ChannelConfig {
        checksum: true,
        ..ChannelConfig::default()
    };
    let endpoint = faulty(connector, bad_network(), seed.derive(name));
    let channel = Channel::builder()
        .endpoint(endpoint)
        .config(config)
        .build()
        .unwrap();
    (site, channel)
}

/// Three services in a row and a hundred calls through all of them; every event with its time.
fn three_services(seed: u64) -> String {
    let story = |seed: Seed| async move {
        let story = Story::new();
        let (storage_site, storage) = start("storage", None, &story, seed);
        let (logic_site, logic) = start("logic", Some(storage), &story, seed);
        let (access_site, access) = start("access", Some(logic), &story, seed);
        let calls: Vec<_> = (0..100)
            .map(|number| {
                let (access, story) = (access.clone(), story.clone());
                tokio::spawn(async move {
                    sleep(Duration::from_millis(number * 3)).await;
                    let request =
                        Call::new(Text::number(number)).timeout(Duration::from_millis(200));
                    let reply: Result<Reply<Text>, Status> = access.unary(&ACT, request).await;
                    match reply {
                        Ok(reply) => assert_eq!(reply.message.number, number),
                        Err(status) => story.tell(format_args!("call {number}: {status:?}")),
                    }
                    story.tell(format_args!("call {number} is over"));
                })
            })
            .collect();
        for call in calls {
            call.await.unwrap();
        }
        drop(access);
        access_site.stop().await;
        logic_site.stop().await;
        storage_site.stop().await;
        story.text()
    };
    svrkit_rt::testing::run_seeded(Seed::new(seed), story)
}

#[test]
fn three_services_on_a_bad_network_do_the_same_for_the_same_seed() {
    let first = three_services(1);
    let lines = |text: &str, what: &str| text.lines().filter(|l| l.contains(what)).count();
    assert_eq!(lines(&first, "is over"), 100);
    let failed = lines(&first, "Status {");
    assert!(
        failed > 5,
        "the network is bad, and only {failed} lines tell of it"
    );
    for _ in 0..3 {
        let again = three_services(1);
        let difference = first.lines().zip(again.lines()).find(|(a, b)| a != b);
        assert!(first == again, "the stories part at {difference:?}");
    }
    assert_ne!(first, three_services(2));
}

/// Whatever the network does, no call outlives its deadline, and a good network afterwards serves as ever.
#[test]
fn every_call_ends_whatever_the_network_does() {
    for round in 0..30 {
        run_test("every_call_ends", |seed| async move {
            let seed = seed.derive(&format!("round {round}"));
            let mut rng = seed.rng();
            let mut p = || if rng.bool() { 0.0 } else { rng.f64() * 0.3 };
            let faults = Faults {
                refuse: p(),
                drop: p(),
                delay: Duration::ZERO..=Duration::from_millis(30),
                reorder: p(),
                reorder_by: Duration::from_millis(40),
                corrupt: p(),
                half_close: p(),
                cut: p(),
            };
            let (site, connector) = Site::in_memory(Server::new().service(service().echo()));
            let endpoint = faulty(connector.clone(), faults.clone(), seed);
            let config = ChannelConfig {
                checksum: true,
                lanes_per_endpoint: 2,
                ..ChannelConfig::default()
            };
            let channel = Channel::builder()
                .endpoint(endpoint)
                .config(config)
                .build()
                .unwrap();
            let calls: Vec<_> = (0..50)
                .map(|number| {
                    let channel = channel.clone();
                    tokio::spawn(async move {
                        sleep(Duration::from_millis(number * 5)).await;
                        let before = Instant::now();
                        let request =
                            Call::new(Text::number(number)).timeout(Duration::from_millis(300));
                        let reply: Result<Reply<Text>, Status> =
                            channel.unary(&ECHO, request).await;
                        assert!(before.elapsed() <= Duration::from_millis(302));
                        match reply {
                            Ok(reply) => {
                                assert_eq!(reply.message.number, number, "damage went unnoticed")
                            }
                            Err(status) => assert!(
                                matches!(
                                    status.code(),
                                    Code::Unavailable | Code::DeadlineExceeded | Code::DataLoss
                                ),
                                "{status:?}"
                            ),
                        }
                    })
                })
                .collect();
            for call in calls {
                call.await.unwrap();
            }
            drop(channel);
            let good = faulty(connector, Faults::default(), seed);
            let good = Channel::builder().endpoint(good).build().unwrap();
            crate::support::call(&good, &ECHO, "as ever").await.unwrap();
            drop(good);
            site.stop().await;
        });
    }
}

#[svrkit::test]
async fn each_fault_does_what_it_says(seed: Seed) {
    let (site, connector) = Site::in_memory(Server::new().service(service().echo()));
    let try_one = async |faults: Faults| {
        let endpoint = faulty(connector.clone(), faults, seed);
        let config = ChannelConfig {
            checksum: true,
            ..ChannelConfig::default()
        };
        let channel = Channel::builder()
            .endpoint(endpoint)
            .config(config)
            .build()
            .unwrap();
        let before = Instant::now();
        let request = Call::new(Text::from("hello")).timeout(Duration::from_millis(400));
        let reply: Result<Reply<Text>, Status> = channel.unary(&ECHO, request).await;
        (
            reply.map(|r| r.message).map_err(|s| s.code()),
            before.elapsed().as_millis(),
        )
    };
    let none = Faults::default;
    let hello = Ok(Text::from("hello"));
    assert_eq!(try_one(none()).await, (hello.clone(), 0));
    let delay = Duration::from_millis(100)..=Duration::from_millis(100);
    assert_eq!(try_one(Faults { delay, ..none() }).await, (hello, 200));
    let (result, _) = try_one(Faults {
        refuse: 1.0,
        ..none()
    })
    .await;
    assert_eq!(result, Err(Code::Unavailable));
    let (result, took) = try_one(Faults {
        drop: 1.0,
        ..none()
    })
    .await;
    assert_eq!((result, took / 10), (Err(Code::DeadlineExceeded), 40));
    let (result, took) = try_one(Faults { cut: 1.0, ..none() }).await;
    assert_eq!((result, took), (Err(Code::Unavailable), 0));
    let (result, took) = try_one(Faults {
        half_close: 1.0,
        ..none()
    })
    .await;
    assert_eq!((result, took), (Err(Code::Unavailable), 0));
    let (result, _) = try_one(Faults {
        corrupt: 1.0,
        ..none()
    })
    .await;
    assert_eq!(result, Err(Code::DataLoss));
    site.stop().await;
}

#[svrkit::test]
async fn a_served_channel_ends_its_server_with_its_last_clone() {
    struct Told(tokio::sync::mpsc::UnboundedSender<()>);
    let (sender, mut told) = tokio::sync::mpsc::unbounded_channel();
    let kept = Arc::new(Told(sender));
    let handlers = service().answer(&ACT, move |text| {
        let _ = kept.0.is_closed();
        async { Ok(text) }
    });
    let channel = svrkit_rt::testing::serve(Server::new().service(handlers));
    let clone = channel.clone();
    crate::support::call(&channel, &ACT, "").await.unwrap();
    drop(channel);
    crate::support::call(&clone, &ACT, "").await.unwrap();
    drop(clone);
    // The handlers are gone with the server.
    assert_eq!(told.recv().await, None);
}
