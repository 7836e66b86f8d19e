//! Who waits for whom: a slow reader makes a sender wait, and holds nobody else up.

use super::{all, put, talk, watch};
use crate::support::{
    ECHO, Over, PUT, Peer, Site, TALK, Text, WATCH, call, frame, service, stream_frame, until,
};
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;
use svrkit_rt::frame::{Credit, HEADER_BYTES, Head, Header};
use svrkit_rt::{ChannelConfig, Limits, Server};
use tokio::time::{Instant, sleep, timeout};

const MESSAGE_BYTES: usize = 1_000;
const WINDOW_BYTES: u64 = 256 * 1024;
/// Before there is any credit.
const FIRST_BYTES: u64 = 64 * 1024;

fn message() -> Text {
    Text::data(vec![7; MESSAGE_BYTES])
}

fn frame_bytes() -> u64 {
    (prost::Message::encoded_len(&message()) + HEADER_BYTES) as u64
}

/// `Watch` sends for ever, and `Put` takes as many messages as are allowed; both count.
fn endless(moved: &Arc<AtomicU64>, allowed: &Arc<AtomicU64>) -> crate::support::Handlers {
    let (sent, taken, allowed) = (moved.clone(), moved.clone(), allowed.clone());
    service()
        .echo()
        .watch(&WATCH, move |_, mut answers| {
            let sent = sent.clone();
            async move {
                loop {
                    answers.send(message()).await?;
                    sent.fetch_add(1, SeqCst);
                }
            }
        })
        .put(&PUT, move |mut requests| {
            let (taken, allowed) = (taken.clone(), allowed.clone());
            async move {
                while taken.load(SeqCst) < allowed.load(SeqCst) {
                    let Some(_) = requests.next().await? else {
                        break;
                    };
                    taken.fetch_add(1, SeqCst);
                }
                std::future::pending().await
            }
        })
}

#[svrkit::test]
async fn a_handler_waits_for_a_slow_reader() {
    let (sent, allowed) = Default::default();
    let (site, _) = Site::in_memory(Server::new().service(endless(&sent, &allowed)));
    let channel = site.channel();
    let mut receiver = watch(&channel, "").await;
    sleep(Duration::from_secs(1)).await;
    // Nothing was taken: what went is what goes without credit.
    let first = sent.load(SeqCst);
    assert_eq!(first, FIRST_BYTES.div_ceil(frame_bytes()));
    // Others on the connection are not held up.
    assert!(call(&channel, &ECHO, "").await.is_ok());
    for taken in 1..=2_000 {
        receiver.next().await.unwrap().unwrap();
        let ahead = sent.load(SeqCst) - taken;
        assert!(ahead <= WINDOW_BYTES / frame_bytes() + 1, "{ahead} ahead");
    }
    sleep(Duration::from_secs(1)).await;
    let ahead = sent.load(SeqCst) - 2_000;
    assert!(ahead * frame_bytes() >= WINDOW_BYTES / 2, "{ahead} ahead");
    drop(receiver);
    site.stop().await;
}

#[svrkit::test]
async fn a_caller_waits_for_a_slow_handler() {
    let (taken, allowed) = <(Arc<AtomicU64>, Arc<AtomicU64>)>::default();
    let (site, _) = Site::in_memory(Server::new().service(endless(&taken, &allowed)));
    let channel = site.channel();
    let mut putting = put(&channel).await;
    let mut sent = 0;
    let wait = Duration::from_secs(1);
    while timeout(wait, putting.send(message())).await.is_ok() {
        sent += 1;
    }
    assert_eq!(sent, FIRST_BYTES.div_ceil(frame_bytes()));
    assert!(call(&channel, &ECHO, "").await.is_ok());
    drop(putting);
    site.stop().await;
}

/// A message that was given up while it waited is not sent; the next one is.
#[svrkit::test]
async fn a_message_that_waits_can_be_taken_back() {
    let (go, gone) = tokio::sync::watch::channel(false);
    let handlers = service().put(&PUT, move |mut requests| {
        let mut gone = gone.clone();
        async move {
            let _ = gone.wait_for(|go| *go).await;
            let mut seen = Text::default();
            while let Some(text) = requests.next().await? {
                if !text.text.is_empty() {
                    seen.text += &text.text;
                }
            }
            Ok(seen)
        }
    });
    let (site, _) = Site::in_memory(Server::new().service(handlers));
    let channel = site.channel();
    let mut putting = put(&channel).await;
    let wait = Duration::from_secs(1);
    while timeout(wait, putting.send(message())).await.is_ok() {}
    assert!(
        timeout(wait, putting.send("given up".into()))
            .await
            .is_err()
    );
    go.send_replace(true);
    putting.send("sent".into()).await.unwrap();
    assert_eq!(putting.finish().await.unwrap().text, "sent");
    site.stop().await;
}

/// With windows as small as they can be, messages many times as large pass one by one.
#[svrkit::test]
async fn messages_larger_than_the_window_pass() {
    let handlers = service().talk(&TALK, |context, mut requests, mut answers| async move {
        while let Some(text) = requests.next().await? {
            answers.send(text).await?;
        }
        Ok(context)
    });
    let limits = Limits {
        stream_window_bytes: 0,
        ..Limits::default()
    };
    let (site, _) = Site::in_memory(Server::new().service(handlers).limits(limits));
    let config = ChannelConfig {
        stream_window_bytes: 0,
        ..ChannelConfig::default()
    };
    let (mut say, hear) = talk(&site.channel_with(config)).await;
    let large = Bytes::from(vec![9; 1024 * 1024]);
    let sending = large.clone();
    let sent = tokio::spawn(async move {
        for _ in 0..20 {
            say.send(Text::data(sending.clone())).await.unwrap();
        }
        say.finish();
    });
    let heard = all(hear).await;
    assert_eq!(heard.len(), 20);
    assert!(heard.iter().all(|text| text.data == large));
    sent.await.unwrap();
    site.stop().await;
}

/// Credit without end does not fill the server's memory: a handler waits for the socket, too, and goes on when it is read from.
#[tokio::test]
async fn a_handler_waits_for_a_peer_that_gives_credit_and_does_not_read() {
    let (sent, allowed) = <(Arc<AtomicU64>, Arc<AtomicU64>)>::default();
    let server = Server::new().service(endless(&sent, &allowed));
    let site = Site::start(Over::Unix, server).await;
    let path = site.address.strip_prefix("unix:").unwrap().to_owned();
    let mut peer = Peer::new(tokio::net::UnixStream::connect(&path).await.unwrap());
    let mut bytes = stream_frame(1, WATCH.id, 0, &[]);
    for _ in 0..3 {
        let credit = Head::Credit(Credit { bytes: u32::MAX });
        bytes.extend(frame(Header::new(1, credit), &[]));
    }
    peer.send(&bytes).await;
    // It stands still when the socket and what may be unwritten are full.
    let mut before = 0;
    until("the handler waits", || {
        let now = sent.load(SeqCst);
        let stands = now > 0 && now == std::mem::replace(&mut before, now);
        async move {
            sleep(Duration::from_millis(100)).await;
            stands
        }
    })
    .await;
    let most = Limits::default().stream_unwritten_bytes_max as u64 + 1024 * 1024;
    assert!(before * frame_bytes() < most, "{before} messages");
    for _ in 0..3 * before {
        let (header, _) = peer.frame().await.unwrap();
        assert_eq!(header.head, Head::Message);
    }
    assert!(sent.load(SeqCst) > 2 * before);
    site.kill().await;
}

/// The same for a caller, whose callee gives credit and does not read.
#[tokio::test]
async fn a_caller_waits_for_the_socket() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("by-hand.sock");
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let endpoint = svrkit_rt::Endpoint::parse(&format!("unix:{}", path.display())).unwrap();
    let channel = crate::hostile::channel(endpoint, ChannelConfig::default());
    let accepted = tokio::spawn(async move { Peer::new(listener.accept().await.unwrap().0) });
    let mut putting = put(&channel).await;
    let mut peer = accepted.await.unwrap();
    let (header, _) = peer.frame().await.unwrap();
    let id = header.request_id;
    let credit = Head::Credit(Credit { bytes: u32::MAX });
    peer.send(&frame(Header::new(id, credit), &[])).await;
    let mut sent = 0_u64;
    while timeout(Duration::from_millis(300), putting.send(message()))
        .await
        .is_ok()
    {
        sent += 1;
    }
    let most = ChannelConfig::default().stream_unwritten_bytes_max as u64 + 1024 * 1024;
    assert!(
        (FIRST_BYTES..most).contains(&(sent * frame_bytes())),
        "{sent}"
    );
    // A message that waits goes out once the callee reads.
    let more = tokio::spawn(async move {
        putting.send(message()).await.unwrap();
        putting
    });
    for _ in 0..=sent {
        let (header, _) = peer.frame().await.unwrap();
        assert_eq!((header.head, header.request_id), (Head::Message, id));
    }
    drop(more.await.unwrap());
}

/// One stream that nobody reads, and the others go on.
#[svrkit::test]
async fn a_stream_that_stands_still_holds_up_no_other() {
    let (sent, allowed) = Default::default();
    let (site, _) = Site::in_memory(Server::new().service(endless(&sent, &allowed)));
    let channel = site.channel();
    let _unread: Vec<_> = futures(&channel).await;
    let before = Instant::now();
    let mut read = watch(&channel, "").await;
    for _ in 0..5_000 {
        read.next().await.unwrap().unwrap();
    }
    assert_eq!(before.elapsed(), Duration::ZERO);
    drop((read, _unread));
    site.stop().await;
}

async fn futures(channel: &svrkit_rt::Channel) -> Vec<svrkit_rt::Receiver<Text>> {
    let mut receivers = Vec::new();
    for _ in 0..20 {
        receivers.push(watch(channel, "").await);
    }
    receivers
}
