//! What a server does that has more to do than it can, and what its callers do then.

use crate::support::{ACT, ECHO, Peer, Site, Text, call, frame, request_frame, service};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use svrkit_rt::admission::{End, Level, Policy, Wait};
use svrkit_rt::frame::{Head, Header, RequestHead};
use svrkit_rt::monitor::Value;
use svrkit_rt::{
    Admission, AdmissionConfig, Call, Channel, ChannelConfig, Code, Context, Endpoint, Limits,
    MethodDescriptor, Priority, Rate, Reply, Server, Status,
};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// What a handler takes.
const WORK: Duration = Duration::from_millis(10);
const IMPORTANT: u8 = 8;
const USUAL: u8 = 64;

fn priority(business: u8, user: u8) -> Priority {
    Priority { business, user }
}

/// So many handlers, and so many places to wait for one.
fn admission(handlers_max: usize, waiting_max: usize) -> Admission {
    Admission::new(AdmissionConfig {
        handlers_max,
        waiting_max,
        ..AdmissionConfig::default()
    })
}

/// `Act` takes its time; `Echo` does not.
fn site(admission: &Admission) -> Site {
    let act = |text| async {
        sleep(WORK).await;
        Ok(text)
    };
    let server = Server::new().service(service().echo().answer(&ACT, act));
    Site::in_memory(server.admission(admission.clone())).0
}

async fn ask(channel: &Channel, priority: Priority) -> Result<Reply<Text>, Status> {
    let call = Call::new(Text::default()).priority(priority);
    channel.unary(&ACT, call).await
}

/// A channel that sends whatever it is given.
fn reckless(site: &Site) -> Channel {
    site.channel_with(ChannelConfig {
        heeds_admission: false,
        ..ChannelConfig::default()
    })
}

/// Calls each ten milliseconds for some seconds, evenly spread over users; how many went well of those in the last second, and how many
/// there were.
async fn press(channel: &Channel, business: u8, calls_per_10_ms: u64, seconds: u64) -> (u64, u64) {
    let mut calls = JoinSet::new();
    for tick in 0..seconds * 100 {
        for n in 0..calls_per_10_ms {
            let channel = channel.clone();
            // Steps of 37 visit all 128 users in an order that looks like none.
            let user = ((tick * calls_per_10_ms + n) * 37 % 128) as u8;
            let counts = tick >= (seconds - 1) * 100;
            calls.spawn(async move {
                let priority = priority(business, user);
                (counts, ask(&channel, priority).await.is_ok())
            });
        }
        sleep(Duration::from_millis(10)).await;
    }
    let (mut ok, mut all) = (0, 0);
    while let Some(called) = calls.join_next().await {
        let (counts, went_well) = called.unwrap();
        all += u64::from(counts);
        ok += u64::from(counts && went_well);
    }
    (ok, all)
}

#[svrkit::test]
async fn a_request_beyond_the_handlers_waits_for_one() {
    let admission = admission(2, 10);
    let site = site(&admission);
    let channel = site.channel();
    call(&channel, &ECHO, "").await.unwrap();
    let begun = Instant::now();
    let mut calls = JoinSet::new();
    for _ in 0..5 {
        let channel = channel.clone();
        calls.spawn(async move {
            let reply = ask(&channel, priority(USUAL, 0)).await.unwrap();
            (begun.elapsed().as_millis(), reply.load.queued_us / 1_000)
        });
    }
    sleep(WORK / 2).await;
    let figures = admission.figures();
    assert_eq!((figures.in_flight, figures.waiting), (5, 3));
    let mut done = calls.join_all().await;
    done.sort_unstable();
    assert_eq!(
        done.iter().map(|d| d.0).collect::<Vec<_>>(),
        [10, 10, 20, 20, 30]
    );
    assert_eq!(
        done.iter().map(|d| d.1).collect::<Vec<_>>(),
        [0, 0, 10, 10, 20]
    );
    assert_eq!(admission.figures().in_flight, 0);
    site.stop().await;
}

#[svrkit::test]
async fn beyond_those_who_may_wait_it_is_refused() {
    let site = site(&admission(1, 2));
    let channel = site.channel();
    call(&channel, &ECHO, "").await.unwrap();
    let calls = (0..4).map(|_| {
        let channel = channel.clone();
        async move { ask(&channel, priority(USUAL, 0)).await }
    });
    let results = calls.collect::<JoinSet<_>>().join_all().await;
    let refused: Vec<&Status> = results.iter().filter_map(|r| r.as_ref().err()).collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].code(), Code::Overloaded);
    assert!(refused[0].not_started());
    assert!(
        refused[0].message().contains("waiting_max"),
        "{}",
        refused[0]
    );
    site.stop().await;
}

#[svrkit::test]
async fn a_request_whose_caller_gives_up_while_it_waits_never_runs() {
    let ran = Arc::new(AtomicUsize::new(0));
    let seen = ran.clone();
    let act = move |text| {
        seen.fetch_add(1, SeqCst);
        async {
            sleep(WORK).await;
            Ok(text)
        }
    };
    let admission = admission(1, 10);
    let server = Server::new().service(service().answer(&ACT, act));
    let (site, _) = Site::in_memory(server.admission(admission.clone()));
    let channel = site.channel();
    let mut calls = JoinSet::new();
    for _ in 0..3 {
        let channel = channel.clone();
        calls.spawn(async move { ask(&channel, priority(USUAL, 0)).await });
    }
    sleep(WORK / 2).await;
    assert_eq!(ran.load(SeqCst), 1);
    calls.shutdown().await;
    sleep(WORK * 10).await;
    assert_eq!((ran.load(SeqCst), admission.figures().in_flight), (1, 0));
    ask(&channel, priority(USUAL, 0))
        .await
        .expect("the handler is free again");
    site.stop().await;
}

/// A policy that admits everything, and notes what it hears.
#[derive(Debug, Default)]
struct Noting(Mutex<Vec<&'static str>>);

impl Policy for Noting {
    fn admit(&self, _: u64, _: Level, _: usize) -> bool {
        true
    }

    fn start(&self, _: u64, _: Wait) -> bool {
        self.0.lock().unwrap().push("start");
        true
    }

    fn finish(&self, _: u64, end: End) {
        self.0.lock().unwrap().push(match end {
            End::Served(_) => "served",
            End::Dropped => "dropped",
        });
    }

    fn watches_finish(&self) -> bool {
        true
    }
}

#[svrkit::test]
async fn a_request_that_is_given_up_was_served_if_it_had_begun() {
    let config = AdmissionConfig {
        handlers_max: 1,
        ..AdmissionConfig::default()
    };
    let policy = Arc::new(Noting::default());
    let site = site(&Admission::with_policy(config, policy.clone()));
    let channel = site.channel();
    let mut calls = JoinSet::new();
    for _ in 0..2 {
        let channel = channel.clone();
        calls.spawn(async move { ask(&channel, priority(USUAL, 0)).await });
    }
    sleep(WORK / 2).await;
    calls.shutdown().await;
    sleep(WORK * 10).await;
    let mut heard = std::mem::take(&mut *policy.0.lock().unwrap());
    assert_eq!(heard.remove(0), "start");
    heard.sort_unstable();
    assert_eq!(heard, ["dropped", "served"], "of the other and of the one");
    site.stop().await;
}

#[svrkit::test]
async fn a_request_that_has_waited_for_half_of_its_time_does_not_begin() {
    let site = site(&admission(1, 10));
    let channel = site.channel();
    call(&channel, &ECHO, "").await.unwrap();
    let first = tokio::spawn({
        let channel = channel.clone();
        async move { ask(&channel, priority(USUAL, 0)).await }
    });
    tokio::task::yield_now().await;
    let short = Call::new(Text::default()).timeout(WORK + WORK / 2);
    let second: Result<Reply<Text>, Status> = channel.unary(&ACT, short).await;
    let status = second.unwrap_err();
    assert_eq!(status.code(), Code::Overloaded);
    assert!(status.not_started());
    first.await.unwrap().unwrap();
    site.stop().await;
}

#[svrkit::test]
async fn under_four_times_the_load_a_quarter_of_the_users_is_served_and_no_queue_stands() {
    let admission = admission(5, 1_000);
    let site = site(&admission);
    let channel = reckless(&site);
    let (ok, all) = press(&channel, USUAL, 20, 6).await;
    let served = ok as f64 / all as f64;
    assert!(
        (0.20..=0.26).contains(&served),
        "{served} of a load of 2,000/s, 500/s are possible"
    );
    let admitted = admission.figures().admitted;
    assert!(
        (22..34).contains(&admitted.user) && admitted.business == USUAL,
        "{admitted:?}"
    );
    // Nothing comes any more, so the first request of a new window opens the gate.
    sleep(Duration::from_secs(3)).await;
    for _ in 0..2 {
        let _ = ask(&channel, priority(IMPORTANT, 0)).await;
        sleep(Duration::from_secs(2)).await;
    }
    assert_eq!(admission.figures().admitted, Priority::LEAST);
    site.stop().await;
}

#[svrkit::test]
async fn what_is_important_does_not_notice() {
    let site = site(&admission(5, 1_000));
    let channel = reckless(&site);
    let (important, usual) = tokio::join!(
        press(&channel, IMPORTANT, 3, 6),
        press(&channel, USUAL, 20, 6)
    );
    assert!(important.0 * 100 >= important.1 * 99, "{important:?}");
    let possible = 500 - 300;
    assert!(usual.0 <= possible && usual.0 * 4 >= possible, "{usual:?}");
    site.stop().await;
}

#[svrkit::test]
async fn business_level_0_is_served_whatever_happens() {
    let site = site(&admission(5, 1_000));
    let channel = reckless(&site);
    let (exempt, _) = tokio::join!(press(&channel, 0, 1, 6), press(&channel, IMPORTANT, 20, 6));
    assert_eq!(exempt.0, exempt.1);
    site.stop().await;
}

#[svrkit::test]
async fn callers_keep_back_what_they_know_would_be_refused() {
    let arrived = Arc::new(AtomicUsize::new(0));
    let policy = Counting {
        arrived: arrived.clone(),
        level: Mutex::new(Priority::LEAST),
    };
    let policy = Arc::new(policy);
    let config = AdmissionConfig::default();
    let site = site(&Admission::with_policy(config, policy.clone()));
    let channel = site.channel();
    ask(&channel, priority(USUAL, 0)).await.unwrap();

    // Hearing of it takes an answer.
    *policy.level.lock().unwrap() = priority(USUAL, 10);
    ask(&channel, priority(USUAL, 5)).await.unwrap();
    arrived.store(0, SeqCst);
    for _ in 0..1_000 {
        let status = ask(&channel, priority(USUAL, 11)).await.unwrap_err();
        assert_eq!(status.code(), Code::Overloaded);
        assert!(status.not_started());
    }
    let asked = arrived.load(SeqCst);
    assert!(
        (1..50).contains(&asked),
        "{asked} of 1,000 were sent to ask"
    );
    ask(&channel, priority(USUAL, 10)).await.unwrap();

    // A refusal tells the level as well: one of those that ask hears that all is well.
    *policy.level.lock().unwrap() = Priority::LEAST;
    let mut refused = 0;
    while ask(&channel, priority(USUAL, 11)).await.is_err() {
        refused += 1;
        assert!(refused < 2_000, "nobody asked");
    }
    site.stop().await;
}

#[svrkit::test]
async fn what_a_callee_said_two_seconds_ago_counts_for_nothing() {
    let policy = Arc::new(Counting {
        arrived: Arc::default(),
        level: Mutex::new(priority(USUAL, 10)),
    });
    let site = site(&Admission::with_policy(
        AdmissionConfig::default(),
        policy.clone(),
    ));
    let channel = site.channel();
    ask(&channel, priority(USUAL, 0)).await.unwrap();
    *policy.level.lock().unwrap() = Priority::LEAST;
    sleep(Duration::from_millis(2_100)).await;
    ask(&channel, priority(USUAL, 11)).await.unwrap();
    site.stop().await;
}

#[svrkit::test]
async fn what_one_instance_does_not_admit_goes_to_another_that_does() {
    let counting = |admitted| {
        Arc::new(Counting {
            arrived: Arc::default(),
            level: Mutex::new(admitted),
        })
    };
    let (shedding, open) = (counting(priority(USUAL, 10)), counting(Priority::LEAST));
    let [(one, to_one), (other, to_other)] = [&shedding, &open].map(|policy| {
        let admission = Admission::with_policy(AdmissionConfig::default(), policy.clone());
        Site::in_memory(Server::new().service(service().echo()).admission(admission))
    });
    let channel = Channel::builder()
        .endpoint(Endpoint::memory(to_one))
        .endpoint(Endpoint::memory(to_other))
        .build()
        .unwrap();
    let ask = async |user| {
        let call = Call::new(Text::default()).priority(priority(USUAL, user));
        let result: Result<Reply<Text>, Status> = channel.unary(&ECHO, call).await;
        result
    };
    for _ in 0..100 {
        ask(0).await.unwrap();
        sleep(Duration::from_millis(1)).await;
    }
    let of_important = shedding.arrived.swap(0, SeqCst);
    assert!(of_important > 20, "{of_important} of 100");
    for _ in 0..500 {
        ask(11).await.unwrap();
        sleep(Duration::from_millis(1)).await;
    }
    let arrived = shedding.arrived.load(SeqCst);
    assert!(arrived < 30, "{arrived} of 500 came to be refused");

    *open.level.lock().unwrap() = priority(USUAL, 10);
    for _ in 0..20 {
        ask(0).await.unwrap();
    }
    let mut refused = 0;
    for _ in 0..100 {
        refused += usize::from(ask(11).await.is_err());
    }
    assert!(refused > 90, "{refused} of 100");
    one.stop().await;
    other.stop().await;
}

/// A policy that admits up to a level that a test sets, and counts who comes.
#[derive(Debug)]
struct Counting {
    arrived: Arc<AtomicUsize>,
    level: Mutex<Priority>,
}

impl Policy for Counting {
    fn admit(&self, _: u64, level: Level, _: usize) -> bool {
        self.arrived.fetch_add(1, SeqCst);
        level <= self.level()
    }

    fn start(&self, _: u64, _: Wait) -> bool {
        true
    }

    fn level(&self) -> Level {
        Level::of(*self.level.lock().unwrap())
    }
}

/// Lets `admitted` in, and nothing less important.
fn up_to(admitted: Priority) -> Admission {
    let policy = Counting {
        arrived: Arc::default(),
        level: Mutex::new(admitted),
    };
    Admission::with_policy(AdmissionConfig::default(), Arc::new(policy))
}

#[svrkit::test]
async fn a_refusal_is_decided_by_the_header_alone_and_tells_what_is_admitted() {
    let admission = up_to(priority(9, 3));
    let server = Server::new().service(service().echo()).admission(admission);
    let (site, connector) = Site::in_memory(server);
    let mut peer = Peer::new(connector.connect().unwrap());
    let head = RequestHead {
        method_id: ECHO.id,
        business: 10,
        ..RequestHead::default()
    };
    // Its metadata is nonsense, and nobody looks at it.
    let mut refused = Header::new(7, Head::Request(head));
    refused.extension_len = 3;
    peer.send(&frame(refused, &[255, 255, 255])).await;
    let (header, _) = peer.frame().await.unwrap();
    let Head::Answer(answer) = header.head else {
        panic!("{header:?} is no answer");
    };
    assert_eq!(
        (header.request_id, answer.code),
        (7, Code::Overloaded as u16)
    );
    assert!(answer.not_started);
    assert_eq!((answer.admitted_business, answer.admitted_user), (9, 3));

    // And so does the answer to what is admitted.
    peer.send(&request_frame(8, ECHO.id, 1_000_000, &[])).await;
    let (header, _) = peer.frame().await.unwrap();
    let Head::Answer(answer) = header.head else {
        panic!("{header:?} is no answer");
    };
    assert_eq!((header.request_id, answer.code), (8, 0));
    assert_eq!((answer.admitted_business, answer.admitted_user), (9, 3));
    drop(peer);
    site.stop().await;
}

#[svrkit::test]
async fn a_request_that_was_damaged_on_its_way_is_not_refused_under_anothers_name() {
    let server = Server::new().service(service().echo());
    let (site, connector) = Site::in_memory(server.admission(up_to(priority(9, 3))));
    let mut peer = Peer::new(connector.connect().unwrap());
    let head = RequestHead {
        method_id: ECHO.id,
        business: 10,
        ..RequestHead::default()
    };
    let mut damaged = Header::new(7, Head::Request(head));
    damaged.checksum = Some(1);
    peer.send(&frame(damaged, &[])).await;
    let status = peer.answer().await.1.unwrap_err();
    assert_eq!(status.code(), Code::DataLoss);
    drop(peer);
    site.stop().await;
}

#[svrkit::test]
async fn caller_rate() {
    let rate = Rate {
        burst: 3,
        refill: Duration::from_secs(1),
    };
    let admission = Admission::new(AdmissionConfig {
        caller_rate: Some(rate),
        ..AdmissionConfig::default()
    });
    let site = site(&admission);
    let (one, other) = (site.channel(), site.channel());
    for _ in 0..3 {
        call(&one, &ECHO, "").await.unwrap();
    }
    let status = call(&one, &ECHO, "").await.unwrap_err();
    assert_eq!(status.code(), Code::Overloaded);
    assert!(status.message().contains("caller_rate"), "{status}");
    call(&other, &ECHO, "")
        .await
        .expect("another caller has its own");
    sleep(Duration::from_secs(1)).await;
    call(&one, &ECHO, "").await.unwrap();
    site.stop().await;
}

#[svrkit::test]
async fn servers_of_a_process_share_its_handlers() {
    let admission = admission(1, 10);
    let (one, other) = (site(&admission), site(&admission));
    let channels = [one.channel(), other.channel()];
    let begun = Instant::now();
    let calls = channels.into_iter().map(|channel| async move {
        ask(&channel, priority(USUAL, 0)).await.unwrap();
    });
    calls.collect::<JoinSet<_>>().join_all().await;
    assert_eq!(begun.elapsed(), WORK * 2);
    one.stop().await;
    other.stop().await;
}

/// Handlers that block wait for threads, which is waiting, too.
static BLOCKING: MethodDescriptor =
    MethodDescriptor::plain(77, "test.v1.Test", "Block", "test.v1.Test/Block");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_for_a_thread_is_waiting() {
    let block = |_: &mut Context, text| {
        std::thread::sleep(Duration::from_millis(5));
        Ok(text)
    };
    let admission = Admission::new(AdmissionConfig::default());
    let limits = Limits {
        blocking_threads_max: 1,
        ..Limits::default()
    };
    let server = Server::new().service(service().blocking(&BLOCKING, block));
    let server = server.limits(limits).admission(admission.clone());
    let (site, _) = Site::in_memory(server);
    let channel = reckless(&site);
    // 200 a second are possible. Whoever waits, waits for the thread.
    let begun = Instant::now();
    while admission.figures().admitted == Priority::LEAST {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "it was never noticed"
        );
        let calls = (0..20).map(|n| {
            let channel = channel.clone();
            let call = Call::new(Text::default()).priority(priority(USUAL, n * 6));
            async move { channel.unary::<Text, Text>(&BLOCKING, call).await.is_ok() }
        });
        calls.collect::<JoinSet<_>>().join_all().await;
    }
    site.stop().await;
}

/// Otherwise its caller would run it a second time, whatever it had done before it asked.
#[svrkit::test]
async fn a_refusal_that_is_passed_on_does_not_say_that_its_handler_never_ran() {
    let server = Server::new().service(service().answer(&ACT, |text| async { Ok(text) }));
    let (behind, _) = Site::in_memory(server.admission(up_to(priority(9, 3))));
    let channel = behind.channel();
    let passes_on = move |_| {
        let channel = channel.clone();
        async move {
            let refused = ask(&channel, priority(10, 0)).await.unwrap_err();
            assert!(refused.not_started());
            Err(refused)
        }
    };
    let server = Server::new().service(service().answer(&ACT, passes_on));
    let (front, _) = Site::in_memory(server);
    let status = ask(&front.channel(), priority(10, 0)).await.unwrap_err();
    assert_eq!(status.code(), Code::Overloaded);
    assert!(!status.not_started());
    front.stop().await;
    behind.stop().await;
}

#[svrkit::test]
async fn a_server_shows_who_is_let_in() {
    let admission = up_to(priority(9, 3));
    let server = Server::new().service(service().echo());
    let watch = server.watch();
    assert!(watch.admission().is_none(), "it does not run yet");
    let (site, _) = Site::in_memory(server.admission(admission.clone()));
    let channel = site.channel();
    ask(&channel, priority(77, 0)).await.unwrap_err();
    let shown = watch.admission().unwrap();
    assert!(shown.is(&admission));
    assert_eq!(shown.figures().admitted, priority(9, 3));
    let snapshot = svrkit_rt::monitor::snapshot();
    let refused = snapshot.get("rpc_server_priority_refusals", &[("business", "77")]);
    assert!(matches!(refused, Some(Value::Counter(1..))), "{refused:?}");
    site.stop().await;
}
