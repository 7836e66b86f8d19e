//! What is compressed is counted, and what gains nothing is left alone.

use super::{LARGE, noise, preferring, prose};
use crate::support::{Site, Text, call, count, service};
use prost::Message;
use svrkit_rt::{ChannelConfig, Codec, MethodDescriptor, Server};

const SERVICE: &str = "test.v1.Test";

static PROSE: MethodDescriptor = MethodDescriptor::plain(
    211,
    SERVICE,
    "CompressedProse",
    "test.v1.Test/CompressedProse",
);
static NOISE: MethodDescriptor = MethodDescriptor::plain(
    212,
    SERVICE,
    "CompressedNoise",
    "test.v1.Test/CompressedNoise",
);

fn of_method(side: &str, what: &str, method: &MethodDescriptor) -> u64 {
    let labels = [("service", SERVICE), ("method", method.name)];
    count(&format!("rpc_{side}_{what}"), &labels)
}

async fn exchange(method: &'static MethodDescriptor, text: &Text, times: usize) {
    let compression = preferring(&[Codec::Zstd]);
    let handlers = service().answer(method, |text| async { Ok(text) });
    let server = Server::new().compression(compression.clone());
    let (site, _) = Site::in_memory(server.service(handlers));
    let channel = site.channel_with(ChannelConfig {
        compression,
        ..ChannelConfig::default()
    });
    for _ in 0..times {
        assert_eq!(call(&channel, method, text.clone()).await.unwrap(), *text);
    }
    drop(channel);
    site.stop().await;
}

#[svrkit::test]
async fn bytes_are_counted_before_and_after() {
    let text = Text::data(prose(LARGE));
    exchange(&PROSE, &text, 4).await;
    let len = text.encoded_len() as u64;
    // The first request is sent before anything is known of the callee.
    for (side, bodies) in [("server", 4), ("client", 3)] {
        let from = of_method(side, "compressed_from_bytes", &PROSE);
        let to = of_method(side, "compressed_to_bytes", &PROSE);
        assert_eq!(from, bodies * len, "{side}");
        assert!(to > 0 && to < from / 4, "{side}: {to} of {from}");
        assert_eq!(of_method(side, "compressed_in_vain", &PROSE), 0, "{side}");
        // What calls count is what programs see.
        assert_eq!(of_method(side, "response_bytes", &PROSE), 4 * len, "{side}");
        assert_eq!(of_method(side, "request_bytes", &PROSE), 4 * len, "{side}");
    }
}

#[svrkit::test]
async fn what_gains_nothing_is_seldom_tried() {
    exchange(&NOISE, &Text::data(noise(LARGE)), 64).await;
    for side in ["server", "client"] {
        assert_eq!(of_method(side, "compressed_to_bytes", &NOISE), 0, "{side}");
        // The first, and then after 1, 3, 7, 15 and 31 that were not.
        let tried = of_method(side, "compressed_in_vain", &NOISE);
        assert_eq!(tried, 6, "{side}");
    }
}
