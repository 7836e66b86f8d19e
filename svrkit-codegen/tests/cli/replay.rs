//! `svrkit replay`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use prost::Message;
use svrkit_rt::record::{Plan, Reader, RecordedCall, Recorder, RecorderConfig};
use svrkit_rt::{Call, Channel, Priority};
use tempfile::TempDir;

use crate::guarded::Guarded;
use crate::hello::hello::v1::{GreeterClient, HelloRequest, User};
use crate::program::{Ran, run};
use crate::server::{Running, SLOW, SLOWNESS, start};

/// A server, and recordings of what it is asked.
struct Studio {
    server: Running,
    folder: TempDir,
    recorder: Recorder,
}

impl Studio {
    fn open() -> Studio {
        let folder = tempfile::tempdir().expect("a folder");
        let directory = folder.path().to_owned();
        let studio = Studio {
            server: start(),
            folder,
            recorder: Recorder::new(RecorderConfig {
                directory,
                ..RecorderConfig::default()
            }),
        };
        // A server is known once it runs, and it runs once it answers.
        studio.say(&["nobody"]);
        studio
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// Says hello to each of them, in order.
    fn say(&self, names: &[&str]) {
        let channel = self.channel();
        self.server.runtime.block_on(async {
            let greeter = GreeterClient::new(channel);
            for name in names {
                let call = Call::new(hello(name)).timeout(Duration::from_secs(5));
                greeter.say_hello_with(call).await.expect("an answer");
            }
        });
    }

    fn channel(&self) -> Channel {
        let _within = self.server.runtime.enter();
        Channel::connect(&self.server.address).expect("a channel")
    }

    /// Records into `file` whatever the server is asked while `meanwhile` runs.
    fn record<T>(&self, file: &str, meanwhile: impl FnOnce() -> T) -> T {
        let plan = Plan::new(file, ["hello.v1.Greeter"]);
        let servers = [self.server.watch.clone()];
        self.recorder.start(&plan, &servers).expect("a start");
        let done = meanwhile();
        let stopped = self.server.runtime.block_on(self.recorder.stop());
        assert_eq!(stopped.expect("a recording").dropped, 0);
        done
    }

    /// Runs `svrkit replay FILE`, to this server, with more words.
    fn replay(&self, file: &str, words: &str) -> Ran {
        let mut args = vec!["replay", file, "--to", &self.server.address];
        args.extend(words.split_whitespace());
        run(&args, self.folder.path(), "")
    }

    fn figures(&self, file: &str, words: &str) -> serde_json::Value {
        let line = self.replay(file, &format!("{words} --json")).ok();
        assert_eq!(line.lines().count(), 1, "{line}");
        serde_json::from_str(&line).expect("JSON")
    }
}

fn hello(name: &str) -> HelloRequest {
    HelloRequest {
        user: Some(User {
            id: 7,
            name: name.to_owned(),
        }),
    }
}

fn calls(file: &Path) -> Vec<RecordedCall> {
    let mut reader = Reader::open(file).expect("a recording");
    let mut calls = Vec::new();
    while let Some(call) = reader.next_call().expect("not damaged") {
        calls.push(call);
    }
    calls
}

fn names(file: &Path) -> Vec<String> {
    let calls = calls(file);
    let name = |call: &RecordedCall| {
        let request = HelloRequest::decode(&call.body[..]).expect("a request");
        request.user.expect("a user").name
    };
    calls.iter().map(name).collect()
}

#[test]
fn calls_are_made_again_as_they_were() {
    let studio = Studio::open();
    studio.record("first", || {
        studio.say(&["Ada", "Bob"]);
        let channel = studio.channel();
        let call = Call::new(hello("Cyd"))
            .timeout(Duration::from_secs(40))
            .priority(Priority {
                business: 3,
                user: 9,
            })
            .routing_key(99)
            .attachment(vec![7; 100_000])
            .metadata("client", "test")
            .expect("metadata");
        let bye = async { GreeterClient::new(channel).say_bye_with(call).await };
        studio.server.runtime.block_on(bye).expect("an answer");
    });
    // One at a time keeps their order.
    let figures = studio.record("second", || studio.figures("first", "--concurrency 1"));
    assert_eq!(
        (&figures["calls"], &figures["started"]),
        (&3.into(), &3.into())
    );
    assert_eq!(figures["errors"], serde_json::json!({}));
    assert_eq!(figures["speed"], 1.0);
    let methods = figures["methods"].as_array().expect("methods");
    let methods: Vec<_> = methods
        .iter()
        .map(|it| (&it["method"], &it["calls"]))
        .collect();
    let (hello, bye) = (
        "hello.v1.Greeter/SayHello".into(),
        "hello.v1.Greeter/SayBye".into(),
    );
    assert_eq!(methods, [(&bye, &1.into()), (&hello, &2.into())]);

    let (first, second) = (calls(&studio.path("first")), calls(&studio.path("second")));
    assert_eq!(first.len(), second.len());
    for (first, second) in first.iter().zip(&second) {
        // Some of its time was gone on the way, both times.
        let gone = first.timeout.saturating_sub(second.timeout);
        assert!(
            second.timeout <= first.timeout && gone < first.timeout / 2,
            "{gone:?}"
        );
        let same = RecordedCall {
            at: first.at,
            timeout: first.timeout,
            ..second.clone()
        };
        assert_eq!(&same, first);
    }
}

#[test]
fn a_rate_is_kept_whenever_the_calls_were_recorded() {
    let studio = Studio::open();
    studio.record("first", || studio.say(&["Ada"; 50]));
    let figures = studio.record("second", || studio.figures("first", "--rate 100/s"));
    assert_eq!(
        (&figures["calls"], &figures["rate_per_s"]),
        (&50.into(), &100.0.into())
    );
    // The last of 50 is due after 490 ms. The first may be late: it finds no connection yet.
    let at = |place: usize| calls(&studio.path("second"))[place].at;
    let took = at(49).saturating_sub(at(0));
    assert!(took > Duration::from_millis(200), "{took:?}");
    assert!(figures["seconds"].as_f64() >= Some(0.49), "{figures}");
    assert!(figures["lateness_p50_us"].as_f64() <= figures["lateness_max_us"].as_f64());
}

#[test]
fn what_waits_for_its_turn_waits_in_the_figures() {
    let studio = Studio::open();
    studio.record("slow", || studio.say(&[SLOW; 5]));
    let figures = studio.figures("slow", "--rate 1000 --concurrency 1");
    assert_eq!(
        (&figures["calls"], &figures["not_started"]),
        (&5.into(), &0.into())
    );
    // All are due within 5 ms, and each waits for those before it.
    let max_us = figures["max_us"].as_f64().expect("a number");
    assert!(max_us > 4.5 * SLOWNESS.as_micros() as f64, "{figures}");
    assert!(figures["late"].as_u64() >= Some(4), "{figures}");
    // What was due at the end and never had a turn is told, and is among the latencies.
    let figures = studio.figures("slow", "--rate 100 --concurrency 1 --loop --seconds 0.5");
    let not_started = figures["not_started"].as_u64().expect("a number");
    let started = figures["started"].as_u64().expect("a number");
    assert!(not_started > started, "{figures}");
    assert_eq!(
        started + not_started,
        51,
        "the first, and one each 10 ms: {figures}"
    );
}

#[test]
fn it_is_replayed_faster_partly_and_again_and_again() {
    let studio = Studio::open();
    studio.record("first", || {
        studio.say(&["Ada"]);
        std::thread::sleep(Duration::from_millis(300));
        studio.say(&["Bob"]);
    });
    let slowly = studio.figures("first", "");
    assert!(slowly["seconds"].as_f64() >= Some(0.3), "{slowly}");
    let cut = studio.record("cut", || studio.figures("first", "--seconds 0.1"));
    assert_eq!(
        (&cut["calls"], names(&studio.path("cut"))),
        (&1.into(), vec!["Ada".to_owned()])
    );
    let again = studio.figures(
        "first",
        "--loop --speed 100 --seconds 0.3 --method SayHello",
    );
    // A round takes 6 ms: as long as from the first to the last, twice. A machine that stands still at the end starts some too late.
    let of = |name: &str| again[name].as_u64().expect("a number");
    assert!(of("calls") > 2, "more than one round: {again}");
    assert!(of("started") + of("not_started") > 10, "{again}");
    let none = studio.replay("first", "--method SayBye").failed(2);
    assert!(
        none.contains("no calls of SayBye; it has hello.v1.Greeter/SayHello"),
        "{none}"
    );
}

#[test]
fn what_is_in_a_file_is_told_without_a_server() {
    let studio = Studio::open();
    studio.record("first", || studio.say(&["Ada", "Bob"]));
    let here = studio.folder.path();
    let told = run(&["replay", "first"], here, "").ok();
    assert!(told.starts_with("first: 2 calls of 1 method in "), "{told}");
    assert!(told.contains("; stopped\n"), "{told}");
    assert!(
        told.ends_with("          2  hello.v1.Greeter/SayHello\n"),
        "{told}"
    );
    let told = run(&["replay", "first", "--json"], here, "").ok();
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!((&told["calls"], &told["dropped"]), (&2.into(), &0.into()));
    assert_eq!(told["methods"][0]["idempotent"], true);

    studio.record("empty", || ());
    assert!(
        run(&["replay", "empty"], here, "")
            .ok()
            .starts_with("empty: 0 calls")
    );
    let error = studio.replay("empty", "").failed(1);
    assert!(error.contains("empty has no call to make again"), "{error}");
}

#[test]
fn the_summary_has_errors_by_code_and_a_chart() {
    let studio = Studio::open();
    studio.record("first", || {
        studio.say(&["Ada", "Bob"]);
        let greeter = GreeterClient::new(studio.channel());
        let nobody = async { greeter.say_hello(HelloRequest::default()).await };
        studio
            .server
            .runtime
            .block_on(nobody)
            .expect_err("a failure");
    });
    let told = studio.replay("first", "--speed 10").ok();
    for part in [
        "first: 3 calls of 1 method in ",
        "10 times as fast as it was recorded",
        "2 calls\n",
        "1 not_found (the first: user 0 has no name)",
        "from when a call was due",
        "started 10 ms and more after they were due",
        "█",
    ] {
        assert!(told.contains(part), "{part:?} is not in\n{told}");
    }
    assert!(
        !told.contains('\x1b'),
        "no colour where nobody looks: {told:?}"
    );
}

#[test]
fn a_damaged_file_makes_no_call_and_a_torn_one_those_it_has() {
    let studio = Studio::open();
    studio.record("first", || studio.say(&["Ada", "Bob", "Cyd"]));
    let whole = std::fs::read(studio.path("first")).expect("a file");
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(studio.path(name), bytes).expect("written");
    };
    let place = whole
        .windows(3)
        .position(|it| it == b"Cyd")
        .expect("a name");
    let mut bytes = whole.clone();
    bytes[place] = b'c';
    write("damaged", &bytes);
    bytes[8] = 2;
    write("newer", &bytes);
    write("other", b"{\"user\": {}}");
    let made = studio.record("made", || {
        let said = |file| studio.replay(file, "").failed(1);
        ["damaged", "newer", "other", "none"].map(said)
    });
    assert!(
        made[0].contains("damaged is damaged at byte "),
        "{}",
        made[0]
    );
    assert!(
        made[0].contains("the checksum of a block is wrong"),
        "{}",
        made[0]
    );
    assert!(made[1].contains("newer is of version 2"), "{}", made[1]);
    assert!(
        made[2].contains("other is no recording of requests"),
        "{}",
        made[2]
    );
    assert!(
        made[3].contains("none cannot be read: No such file"),
        "{}",
        made[3]
    );
    assert_eq!(names(&studio.path("made")), [""; 0]);

    write("torn", &whole[..place]);
    let torn = studio.record("torn-again", || studio.replay("torn", "--concurrency 1"));
    assert!(
        torn.err.contains("warning: torn is torn at byte "),
        "{}",
        torn.err
    );
    assert!(torn.err.contains("behind 2 whole calls"), "{}", torn.err);
    torn.ok();
    assert_eq!(names(&studio.path("torn-again")), ["Ada", "Bob"]);
}

#[test]
fn nonsense_is_code_2() {
    let studio = Studio::open();
    studio.record("first", || studio.say(&["Ada"]));
    for words in [
        "--rate 0",
        "--rate fast",
        "--rate 5/m",
        "--speed 0",
        "--speed 2 --rate 5",
        "--seconds 0",
        "--seconds=-1",
        "--concurrency 0",
        "--connections 0",
        "--connections 100000",
        "--user.name Ada",
    ] {
        let ran = studio.replay("first", words);
        assert_eq!(ran.code, 2, "{words}: {ran:?}");
    }
}

#[test]
fn a_guarded_server_is_shown_who_calls() {
    let studio = Studio::open();
    studio.record("first", || studio.say(&["Ada", "Bob"]));
    let guarded = Guarded::by_keys();
    let file = studio.path("first").display().to_string();
    let args = ["replay", &file, "--to", &guarded.server.address, "--json"];
    let refused = run(&args, guarded.path(), "").failed(1);
    assert!(refused.contains("unauthenticated"), "{refused}");
    let helpdesk = ["--as", "helpdesk", "--key-file", "keys"];
    let replayed = run(&[&args[..], &helpdesk].concat(), guarded.path(), "").ok();
    assert!(replayed.contains("\"errors\":{}"), "{replayed}");
}
