//! What calls to the store cost without a disk: client, frames, server and rules on one thread, rows in memory.
//!
//! ```text
//! cargo run --release -p im-message-store --example store_bench
//! ```

use bytes::Bytes;
use im_engine::{Batch, Condition};
use im_idl::message::{Content, Item, content};
use im_idl::message_store::{
    AppendGroupRequest, AppendRequest, FanOutRequest, FanOutRow, MessageStoreClient, ReadRequest,
};
use im_message_store::{Config, Deps, build};
use std::future::Future;
use std::time::Instant;
use svrkit_rt::testing::serve;

const USERS: u64 = 200;
const CALLERS: u64 = 64;
const GROUP: u64 = (1 << 48) + 7;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let engine = im_engine::memory();
    let client = MessageStoreClient::new(serve(build(Config::default(), Deps { engine }).await?));

    measure("Append, 100 bytes of text", 200_000, 1, |n| {
        let client = client.clone();
        async move {
            let sender = 10_000 + n % USERS;
            let item = item(sender, sender, n + 1);
            let request = AppendRequest {
                receiver: 10_000 + (n + 1) % USERS,
                item: Some(item),
                sender_device: String::new(),
            };
            client.append(request).await.map(drop)
        }
    })
    .await;

    let engine = im_engine::memory();
    measure("... of which the engine, about", 200_000, 1, |n| {
        let engine = engine.clone();
        async move { engine.write(vec![batch(n)]).await.remove(0).map(drop) }
    })
    .await;

    let newest = client.versions(im_idl::base::Uins { uins: vec![10_000] });
    let newest = newest.await?.versions[0];
    let read = |after: u64| ReadRequest {
        uin: 10_000,
        device: "phone".to_owned(),
        after_version: after,
        ..ReadRequest::default()
    };
    measure("Read, nothing new", 200_000, 1, |_| {
        let client = client.clone();
        async move { client.read(read(newest)).await.map(drop) }
    })
    .await;
    measure("Read, 100 messages", 2_000, 100, |_| {
        let client = client.clone();
        // Only looks: what the device has passed is gone by now.
        let request = ReadRequest {
            uin: 10_001,
            peek: true,
            ..ReadRequest::default()
        };
        async move { client.read(request).await.map(drop) }
    })
    .await;

    let members: Vec<u64> = (20_000..20_500).collect();
    for n in 0..200 {
        let item = Some(item(20_000, GROUP, n + 1));
        client.append_group(AppendGroupRequest { item }).await?;
    }
    // One after the other: a group's rows go in order.
    let start = Instant::now();
    let cpu = cpu_ns();
    for group_seq in 1..=200 {
        let request = FanOutRequest {
            group: GROUP,
            rows: vec![FanOutRow { group_seq }],
            members: members.clone(),
        };
        client.fan_out(request).await?;
    }
    report("FanOut, 500 members", 200 * 500, start, cpu);
    Ok(())
}

/// What one Append writes.
fn batch(n: u64) -> Batch {
    let (receiver, sender) = (10_000 + (n + 1) % USERS, 10_000 + n % USERS);
    let key = |day: u32| -> Bytes {
        let (sender, id) = (sender.to_be_bytes(), (n + 1).to_be_bytes());
        [b"d", &day.to_be_bytes()[..], &[0], &sender, &id]
            .concat()
            .into()
    };
    let absent = |day| Condition::Absent { key: key(day) };
    Batch::new([b"I", &receiver.to_be_bytes()[..]].concat())
        .when(absent(2))
        .when(absent(1))
        .append("v", vec![0; 130])
        .put(key(2), vec![0; 8])
}

async fn measure<F, T, E>(what: &str, calls: u64, rows_per_call: u64, call: F)
where
    F: Fn(u64) -> T,
    T: Future<Output = Result<(), E>> + Send + 'static,
    E: std::fmt::Debug + Send + 'static,
{
    let (start, cpu) = (Instant::now(), cpu_ns());
    for first in (0..calls).step_by(CALLERS as usize) {
        let calls = (first..calls.min(first + CALLERS)).map(|n| tokio::spawn(call(n)));
        for call in calls.collect::<Vec<_>>() {
            call.await.expect("no panic").expect("no failure");
        }
    }
    report(what, calls * rows_per_call, start, cpu);
}

fn report(what: &str, rows: u64, start: Instant, cpu: u64) {
    let (seconds, ns) = (start.elapsed().as_secs_f64(), cpu_ns() - cpu);
    println!(
        "{what}: {:.0} rows/s, {:.2} us CPU a row",
        rows as f64 / seconds,
        ns as f64 / rows as f64 / 1_000.0
    );
}

/// CPU time of this thread, which is the only one.
fn cpu_ns() -> u64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let first = stat.split_whitespace().next();
    first.and_then(|ns| ns.parse().ok()).unwrap_or(0)
}

fn item(sender: u64, chat: u64, id: u64) -> Item {
    let kind = Some(content::Kind::Text("x".repeat(100)));
    Item {
        sender,
        chat,
        client_message_id: id,
        content: Some(Content { kind }),
        ..Item::default()
    }
}
