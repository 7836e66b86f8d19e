//! A centre in a folder, and reports for it.

use im_idl::fanout::FanoutClient;
use im_idl::message_store::MessageStoreClient;
use im_idl::monitor::{
    CentreClient, Definition, InstanceReport, Kind, Label, QueryRequest, ReportRequest,
};
use im_idl::queue::QueueClient;
use im_idl::session::SessionClient;
use im_monitor::{Centre, Config, Deps};
use std::path::Path;
use svrkit_rt::{Channel, clock, testing};

/// Those that a centre asks how they do: nobody is there.
fn nobody() -> Deps {
    let channel = Channel::connect("unix:/nowhere").unwrap();
    Deps {
        fanout: FanoutClient::new(channel.clone()),
        message_store: MessageStoreClient::new(channel.clone()),
        queue: QueueClient::new(channel.clone()),
        session: SessionClient::new(channel),
    }
}

pub(crate) async fn centre(config: Config, dir: &Path) -> (Centre, CentreClient) {
    let centre = Centre::open(config, dir, nobody()).await.unwrap();
    let client = CentreClient::new(testing::serve(centre.server()));
    (centre, client)
}

/// All increments of a counter since `from_s`, as the centre answers.
pub(crate) async fn total(client: &CentreClient, name: &str, from_s: u64) -> f64 {
    increments(client, name, from_s).await.iter().sum()
}

/// Those of each ten seconds in which anything was reported.
pub(crate) async fn increments(client: &CentreClient, name: &str, from_s: u64) -> Vec<f64> {
    // Steps that are under way are not answered.
    let ask = QueryRequest {
        name: name.to_owned(),
        value: "sum".to_owned(),
        from_s: from_s / 10 * 10,
        step_s: 10,
        ..QueryRequest::default()
    };
    let answer = client.query(ask).await.unwrap();
    let values = answer.lines.into_iter().flat_map(|line| line.values);
    values.filter(|value| !value.is_nan()).collect()
}

/// One counter of one instance.
pub(crate) fn report(seq: u64, name: &str, labels: &[(&str, &str)], count: u64) -> ReportRequest {
    let label = |(name, value): &(&str, &str)| Label {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
    };
    let id = fnv(name, labels);
    let now_ms = clock::now_ms();
    ReportRequest {
        agent: "agent".to_owned(),
        seq,
        host: "here".to_owned(),
        // A moment ago, so that its window is over soon.
        taken_ms: now_ms - now_ms % 10_000 - 1,
        sent_ms: now_ms,
        period_ms: 10_000,
        definitions: vec![Definition {
            id,
            name: name.to_owned(),
            labels: labels.iter().map(label).collect(),
            kind: Kind::Counter as i32,
            unit: String::new(),
            help: "Tests that were made.".to_owned(),
        }],
        instances: vec![InstanceReport {
            instance: "shop".to_owned(),
            service: "shop".to_owned(),
            run: 1,
            run_began_ms: now_ms,
            counters: vec![id],
            counts: vec![count],
            ..InstanceReport::default()
        }],
    }
}

/// The number of a counter's series, written down once more: whoever writes an agent in another language does so, too.
fn fnv(name: &str, labels: &[(&str, &str)]) -> u64 {
    let mut bytes = vec![1];
    bytes.extend(name.as_bytes());
    for (name, value) in labels {
        bytes.push(0xFF);
        bytes.extend(name.as_bytes());
        bytes.push(0xFF);
        bytes.extend(value.as_bytes());
    }
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
    bytes.into_iter().fold(0xCBF2_9CE4_8422_2325, step)
}
