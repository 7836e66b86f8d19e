//! A server process that is killed with SIGKILL, and comes back.

use crate::support::{ACT, ECHO, Text, service};
use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;
use svrkit_rt::{Call, Channel, Code, Listener, Reply, Server, Status};
use tokio::time::Instant;

const LISTEN: &str = "SVRKIT_TEST_LISTEN";

/// This test program again, as a server.
struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    fn start(listen: &str) -> (Process, String) {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "killed::the_process", "--nocapture"])
            .env(LISTEN, listen)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut process = Process { child, lines };
        let address = process.hears("listening ");
        (process, address)
    }

    /// Reads on until it says something that begins with `what`; returns the rest of the line.
    fn hears(&mut self, what: &str) -> String {
        let mut lines = self.lines.by_ref().map(Result::unwrap);
        let said = lines.find_map(|line| Some(line.split_once(what)?.1.to_owned()));
        said.unwrap_or_else(|| panic!("the process ended without saying {what:?}"))
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// What the process does; as a test of its own, nothing.
#[tokio::test]
async fn the_process() {
    let Ok(listen) = std::env::var(LISTEN) else {
        return;
    };
    let handlers = service().echo().answer(&ACT, |_| async {
        println!("in flight");
        std::future::pending().await
    });
    let listener = Listener::bind(&listen).await.unwrap();
    println!("listening {}", listener.address());
    let server = Server::new().service(handlers);
    server.run(listener, std::future::pending()).await.unwrap();
}

async fn echo(channel: &Channel, timeout: Duration) -> Result<Reply<Text>, Status> {
    let call = Call::new(Text::number(7)).timeout(timeout);
    channel.unary(&ECHO, call).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_hear_of_it_at_once_and_are_served_again_when_it_is_back() {
    let patience = Duration::from_secs(20);
    let (mut process, address) = Process::start("127.0.0.1:0");
    let channel = Channel::connect(&address).unwrap();
    echo(&channel, patience).await.unwrap();

    let caller = channel.clone();
    let in_flight = tokio::spawn(async move {
        let call = Call::new(Text::default()).timeout(patience);
        caller.unary::<_, Text>(&ACT, call).await
    });
    process.hears("in flight");
    let killed = Instant::now();
    process.kill();
    let status = in_flight.await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(!status.not_started(), "it may have been half done");
    assert!(killed.elapsed() < patience / 2, "not only by its deadline");

    // While it is away, a call waits for it until its own deadline, and says why in vain.
    let status = echo(&channel, Duration::from_millis(100))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.message().contains(&address), "{status}");

    let (process, _) = Process::start(&address);
    let reply = echo(&channel, patience).await.unwrap();
    assert_eq!(reply.message.number, 7);
    process.kill();
}
