//! Strangers are not believed: what they say of priority and tag does not count.

use super::{auth, channel_to, key};
use crate::support::{Peer, Site, URGENT, frame, service};
use std::sync::{Arc, Mutex};
use svrkit_rt::auth::{AllowList, Allowed, Auth};
use svrkit_rt::frame::{Head, Header, RequestHead};
use svrkit_rt::{Call, Endpoint, MemoryConnector, Priority, Reply, Server, Tag};

use crate::support::Text;

type Seen = Arc<Mutex<Option<(Priority, Option<Tag>)>>>;

fn start(auth: Option<Auth>) -> (Site, MemoryConnector, Seen) {
    let seen = Seen::default();
    let noted = seen.clone();
    let service = service().on(&URGENT, move |context, text| {
        *noted.lock().unwrap() = Some((context.priority, context.tag()));
        async { Ok((context, text)) }
    });
    let server = Server::new().service(service);
    let server = match auth {
        Some(auth) => server.auth(auth),
        None => server,
    };
    let (site, connector) = Site::in_memory(server);
    (site, connector, seen)
}

/// Strangers may call.
fn open() -> Auth {
    Auth {
        allow: AllowList {
            otherwise: Allowed::Anyone,
            ..AllowList::default()
        },
        ..auth()
    }
}

const CLAIMED: Priority = Priority {
    business: 0,
    user: 0,
};

/// Calls with the highest priority there is, and a tag.
async fn claim(endpoint: Endpoint) {
    let call = Call::new(Text::default())
        .priority(CLAIMED)
        .tag(Tag::new("gray").unwrap());
    let channel = channel_to(endpoint.with_tag(Tag::new("gray").unwrap()));
    let _: Reply<Text> = channel.unary(&URGENT, call).await.unwrap();
}

fn take(seen: &Seen) -> (Priority, Option<Tag>) {
    seen.lock().unwrap().take().expect("a call")
}

#[svrkit::test]
async fn who_has_a_name_is_believed_and_a_stranger_is_not() {
    let (site, connector, seen) = start(Some(open()));
    let endpoint = Endpoint::memory(connector);
    claim(endpoint.clone().identify(key("ada"))).await;
    assert_eq!(take(&seen), (CLAIMED, Tag::new("gray").ok()));
    claim(endpoint).await;
    let (priority, tag) = take(&seen);
    assert_eq!((priority.business, tag), (URGENT.priority, None));
    site.stop().await;
}

#[svrkit::test]
async fn where_nothing_is_asked_everybody_is_believed() {
    let (site, connector, seen) = start(None);
    claim(Endpoint::memory(connector)).await;
    assert_eq!(take(&seen), (CLAIMED, Tag::new("gray").ok()));
    site.stop().await;
}

/// The level is that of where they come from, whatever they claim and however often they ask.
#[svrkit::test]
async fn strangers_do_not_draw_again() {
    let (site, connector, seen) = start(Some(open()));
    let mut peer = Peer::new(connector.connect().unwrap());
    let mut levels = Vec::new();
    for id in 1..=20 {
        let head = Head::Request(RequestHead {
            method_id: URGENT.id,
            user: id as u8,
            ..RequestHead::default()
        });
        peer.send(&frame(Header::new(id, head), &[])).await;
        peer.answer().await.1.unwrap();
        levels.push(take(&seen).0.user);
    }
    levels.dedup();
    assert_eq!(levels.len(), 1, "{levels:?}");
    site.stop().await;
}
