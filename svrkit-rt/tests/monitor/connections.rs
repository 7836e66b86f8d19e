//! Connections count themselves. The only test of this program that opens any, so it can look at the whole process.

use std::time::Duration;
use svrkit_rt::monitor::{self, Value};
use svrkit_rt::{Call, Channel, Code, Endpoint, Limits, Listener, MethodDescriptor, Server};

static ECHO: MethodDescriptor = MethodDescriptor::plain(
    2_330_590_236,
    "svrkit.v1.Builtin",
    "Echo",
    "svrkit.v1.Builtin/Echo",
);

fn counted(name: &str) -> i64 {
    match monitor::snapshot().get(name, &[]) {
        Some(Value::Counter(n)) => *n as i64,
        Some(Value::Gauge(level)) => *level,
        None => 0,
        other => panic!("{name}: {other:?}"),
    }
}

/// Waits until it counts so many: closing takes its time at both ends.
async fn becomes(name: &str, n: i64) {
    let patience = tokio::time::timeout(Duration::from_secs(10), async {
        while counted(name) != n {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    assert!(
        patience.await.is_ok(),
        "{name} is {}, not {n}",
        counted(name)
    );
}

async fn echo(channel: &Channel) -> Result<(), Code> {
    let call = Call::new(()).timeout(Duration::from_secs(5));
    let reply = channel.unary::<(), ()>(&ECHO, call).await;
    reply.map(drop).map_err(|status| status.code())
}

#[tokio::test]
async fn connections_are_counted_at_both_ends() {
    let listener = Listener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.address();
    let limits = Limits {
        connections_max: 1,
        ..Limits::default()
    };
    let server = Server::new().limits(limits);
    let server = tokio::spawn(server.run(listener, std::future::pending()));

    let first = Channel::connect(&address).unwrap();
    echo(&first).await.unwrap();
    assert_eq!(counted("rpc_server_accepted_connections"), 1);
    assert_eq!(counted("rpc_server_open_connections"), 1);
    assert_eq!(counted("rpc_client_opened_connections"), 1);
    assert_eq!(counted("rpc_client_open_connections"), 1);

    // One too many.
    let second = Channel::connect(&address).unwrap();
    echo(&second).await.unwrap_err();
    assert!(counted("rpc_server_refused_connections") >= 1);
    assert_eq!(counted("rpc_server_accepted_connections"), 1);
    drop(second);

    drop(first);
    becomes("rpc_server_open_connections", 0).await;
    becomes("rpc_client_open_connections", 0).await;

    // Nobody there.
    server.abort();
    let _ = server.await;
    let nobody = Channel::builder()
        .endpoint(Endpoint::parse(&address).unwrap())
        .build()
        .unwrap();
    let call = Call::new(()).timeout(Duration::from_millis(100));
    let status = nobody.unary::<(), ()>(&ECHO, call).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(counted("rpc_client_open_failures") >= 1);
}
