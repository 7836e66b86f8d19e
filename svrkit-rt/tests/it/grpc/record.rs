//! Requests on file that came by gRPC.

use super::client::{Client, prefixed, with};
use crate::support::Site;
use prost::Message;
use svrkit_rt::Server;
use svrkit_rt::builtin::grpc::health::v1::HealthCheckRequest;
use svrkit_rt::record::{Plan, Reader, Recorder, RecorderConfig, StartError};

// On the real clock: a recording is written by a thread, which a paused one would not wait for.
#[tokio::test]
async fn a_call_by_grpc_is_on_file_and_one_that_streams_is_not() {
    let server = Server::new();
    let servers = [server.watch()];
    let (site, connector) = Site::in_memory(server);
    let mut client = Client::connect(&connector).await;
    let mut check = async |headers: &[(&'static str, &str)]| {
        let message = HealthCheckRequest::default().encode_to_vec();
        let body = prefixed(0, message.len() as u32, &message);
        let (sending, answer) = client.open(with("/grpc.health.v1.Health/Check", headers));
        sending.send(body).await.unwrap();
        drop(sending);
        let mut answer = answer.await.unwrap();
        assert!(answer.next_bytes().await.is_some());
    };
    check(&[]).await;

    let directory = tempfile::tempdir().unwrap();
    let recorder = Recorder::new(RecorderConfig {
        directory: directory.path().to_owned(),
        ..RecorderConfig::default()
    });
    let start = |method| recorder.start(&Plan::new("calls", [method]), &servers);
    let refused = start("grpc.health.v1.Health/Watch");
    assert!(matches!(
        refused,
        Err(StartError::Streams("grpc.health.v1.Health/Watch"))
    ));
    start("grpc.health.v1.Health").unwrap();
    check(&[
        ("grpc-timeout", "300S"),
        ("client-version", "7.0"),
        ("authorization", "HIDDEN"),
        ("x-token", "HIDDEN"),
    ])
    .await;
    let recording = recorder.stop().await.unwrap();
    let watch = "grpc.health.v1.Health/Watch";
    assert!(recording.methods.len() > 1 && !recording.methods.contains(&watch));

    let mut reader = Reader::open(directory.path().join("calls")).unwrap();
    let call = reader.next_call().unwrap().expect("a call");
    // What was left of it when it came.
    assert!((200..=300).contains(&call.timeout.as_secs()));
    let metadata: Vec<(&str, &[u8])> = call.metadata.iter().map(|(k, v)| (k, &v[..])).collect();
    assert_eq!(metadata, [("client-version", &b"7.0"[..])]);
    assert_eq!(reader.next_call().unwrap(), None);
    site.stop().await;
}
