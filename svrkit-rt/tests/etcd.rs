//! Registration and discovery against a real etcd. Needs the program `etcd` (Debian: package `etcd-server`), so it runs only when asked to:
//! `cargo test -p svrkit-rt --features etcd --test etcd -- --ignored`.
#![cfg(feature = "etcd")]

use bytes::Bytes;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use svrkit_rt::builtin::svrkit::v1::{BuiltinClient, EchoRequest};
use svrkit_rt::{
    Channel, ChannelConfig, Endpoint, Etcd, Listener, Registration, Server, Tag, TcpOptions,
};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep};

/// A single member on free ports, ended with the test.
struct Member {
    process: Child,
    folder: tempfile::TempDir,
    client: u16,
    peer: u16,
}

impl Member {
    fn start() -> Member {
        let free = || {
            TcpListener::bind("127.0.0.1:0")
                .unwrap()
                .local_addr()
                .unwrap()
                .port()
        };
        let folder = tempfile::tempdir().unwrap();
        let (client, peer) = (free(), free());
        Member {
            process: Member::spawn(&folder, client, peer),
            folder,
            client,
            peer,
        }
    }

    fn spawn(folder: &tempfile::TempDir, client: u16, peer: u16) -> Child {
        let (client, peer) = (
            format!("http://127.0.0.1:{client}"),
            format!("http://127.0.0.1:{peer}"),
        );
        Command::new("etcd")
            .arg("--data-dir")
            .arg(folder.path())
            .args([
                "--listen-client-urls",
                &client,
                "--advertise-client-urls",
                &client,
            ])
            .args([
                "--listen-peer-urls",
                &peer,
                "--initial-advertise-peer-urls",
                &peer,
            ])
            .args(["--initial-cluster", &format!("default={peer}")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("etcd is installed")
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    fn start_again(&mut self) {
        self.process = Member::spawn(&self.folder, self.client, self.peer);
    }

    fn etcd(&self) -> Etcd {
        Etcd::new(&format!("127.0.0.1:{}/test/echo", self.client)).unwrap()
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A server that is registered.
struct Instance {
    registration: Option<Registration>,
    serving: AbortHandle,
}

impl Instance {
    async fn start(etcd: &Etcd, describe: impl Fn(Endpoint) -> Endpoint) -> (Instance, String) {
        let loopback = "127.0.0.1:0".parse().unwrap();
        let listener = Listener::bind_tcp(loopback, TcpOptions::default()).unwrap();
        let address = listener.address();
        let serving = tokio::spawn(Server::new().run(listener, std::future::pending()));
        let endpoint = describe(Endpoint::parse(&address).unwrap());
        let registration = Registration::start(etcd.clone(), endpoint);
        let instance = Instance {
            registration: Some(registration),
            serving: serving.abort_handle(),
        };
        (instance, address)
    }

    async fn registered(&mut self) {
        self.registration.as_mut().unwrap().registered().await;
    }

    /// It takes its registration back and ends.
    async fn leave(mut self) {
        self.registration.take().unwrap().leave().await;
        self.serving.abort();
    }

    /// It goes without a word.
    fn die(self) {
        self.serving.abort();
    }
}

fn channel(etcd: &Etcd) -> Channel {
    let config = ChannelConfig::default();
    let builder = Channel::builder().discover(etcd.clone()).config(config);
    builder.build().unwrap()
}

async fn calls(channel: &Channel, count: usize) {
    let echo = BuiltinClient::new(channel.clone());
    for _ in 0..count {
        let payload = Bytes::from_static(b"?");
        let call = svrkit_rt::Call::new(EchoRequest { payload }).timeout(Duration::from_secs(30));
        echo.echo_with(call).await.unwrap();
    }
}

/// How many instances a channel made anew finds.
async fn found(etcd: &Etcd, want: usize, within: Duration) {
    let until = Instant::now() + within;
    let channel = channel(etcd);
    loop {
        calls(&channel, 20).await;
        let known = format!("{channel:?}");
        if known == format!("Channel({want} lanes)") {
            return;
        }
        assert!(Instant::now() < until, "{known}, not {want}");
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs etcd; a step of .ci/run has it"]
async fn instances_come_and_go_and_so_does_etcd() {
    let mut member = Member::start();
    let etcd = member.etcd();
    // Made before etcd answers, and used when it does.
    let (mut first, _) = Instance::start(&etcd, |e| e.with_weight(3)).await;
    let user = channel(&etcd);
    calls(&user, 1).await;
    first.registered().await;
    let gray = Tag::new("gray").unwrap();
    let (mut second, _) = Instance::start(&etcd, |e| e.in_zone("b").with_tag(gray)).await;
    let (mut third, _) = Instance::start(&etcd, |e| e).await;
    second.registered().await;
    third.registered().await;
    found(&etcd, 3, Duration::from_secs(5)).await;

    let left = Instant::now();
    second.leave().await;
    found(&etcd, 2, Duration::from_secs(5)).await;
    assert!(
        left.elapsed() < Duration::from_secs(5),
        "by the watch, not the lease"
    );

    // Without a word: by the end of its lease.
    third.die();
    found(&etcd, 1, Duration::from_secs(30)).await;

    // Without etcd, what is known stays known.
    member.kill();
    calls(&user, 100).await;
    sleep(Duration::from_secs(3)).await;
    calls(&user, 100).await;
    member.start_again();
    let (mut fourth, _) = Instance::start(&etcd, |e| e).await;
    fourth.registered().await;
    found(&etcd, 2, Duration::from_secs(30)).await;
    first.leave().await;
    fourth.leave().await;
    calls(&user, 0).await;
}
