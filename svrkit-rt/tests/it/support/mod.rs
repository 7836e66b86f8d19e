//! Services whose methods are closures, servers to put them in, certificates for both, peers that speak frames by hand, and what was counted.

mod authority;
mod counters;
mod crowd;
mod peer;
mod service;
mod site;

pub(crate) use authority::{Authority, Pem};
pub(crate) use counters::count;
pub(crate) use crowd::{Member, channel_to};
pub(crate) use peer::{Peer, frame, request_frame, status_of, stream_frame};
pub(crate) use service::{Handlers, Text, call, service};
pub(crate) use site::{Over, Site, until};

use svrkit_rt::{MethodDescriptor, Streaming};

const SERVICE: &str = "test.v1.Test";

/// Methods of the test service; what they do is up to each test.
pub(crate) static ECHO: MethodDescriptor =
    MethodDescriptor::plain(1, SERVICE, "Echo", "test.v1.Test/Echo");
/// One more.
pub(crate) static ACT: MethodDescriptor =
    MethodDescriptor::plain(2, SERVICE, "Act", "test.v1.Test/Act");
/// Its IDL says 50 ms.
pub(crate) static QUICK: MethodDescriptor = MethodDescriptor {
    timeout_ms: 50,
    ..MethodDescriptor::plain(3, SERVICE, "Quick", "test.v1.Test/Quick")
};
/// Its IDL bounds both messages.
pub(crate) static SMALL: MethodDescriptor = MethodDescriptor {
    request_bytes_max: 100,
    response_bytes_max: 200,
    ..MethodDescriptor::plain(4, SERVICE, "Small", "test.v1.Test/Small")
};
/// Its IDL gives it a priority.
pub(crate) static URGENT: MethodDescriptor = MethodDescriptor {
    priority: 3,
    ..MethodDescriptor::plain(5, SERVICE, "Urgent", "test.v1.Test/Urgent")
};
/// Its requests stream.
pub(crate) static PUT: MethodDescriptor =
    MethodDescriptor::plain(11, SERVICE, "Put", "test.v1.Test/Put").streams(Streaming::Client);
/// Its answers stream.
pub(crate) static WATCH: MethodDescriptor =
    MethodDescriptor::plain(12, SERVICE, "Watch", "test.v1.Test/Watch").streams(Streaming::Server);
/// Both stream.
pub(crate) static TALK: MethodDescriptor =
    MethodDescriptor::plain(13, SERVICE, "Talk", "test.v1.Test/Talk").streams(Streaming::Both);
/// Both stream, and its IDL bounds their messages.
pub(crate) static MUTTER: MethodDescriptor = MethodDescriptor {
    request_bytes_max: 100,
    response_bytes_max: 200,
    ..MethodDescriptor::plain(14, SERVICE, "Mutter", "test.v1.Test/Mutter").streams(Streaming::Both)
};
/// Its IDL says that calling it twice does no harm.
pub(crate) static READ: MethodDescriptor = MethodDescriptor {
    idempotent: true,
    ..MethodDescriptor::plain(6, SERVICE, "Read", "test.v1.Test/Read")
};
/// As `Read`, but only called by one test each: these look at what is counted of them.
pub(crate) static COUNTED_READS: [MethodDescriptor; 2] = [
    MethodDescriptor {
        idempotent: true,
        ..MethodDescriptor::plain(7, SERVICE, "Retried", "test.v1.Test/Retried")
    },
    MethodDescriptor {
        idempotent: true,
        ..MethodDescriptor::plain(8, SERVICE, "Hedged", "test.v1.Test/Hedged")
    },
];
