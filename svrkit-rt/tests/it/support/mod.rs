//! Services whose methods are closures, servers to put them in, and peers that speak frames by hand.

mod peer;
mod service;
mod site;

pub(crate) use peer::{Peer, frame, request_frame, status_of};
pub(crate) use service::{Handlers, Text, call, service};
pub(crate) use site::{Over, Site, until};

use svrkit_rt::MethodDescriptor;

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
