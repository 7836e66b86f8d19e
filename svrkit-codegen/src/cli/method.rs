//! A method known by reflection, as the runtime wants it.

use prost_reflect::MethodDescriptor;
use svrkit_rt::{Cgi, Streaming, Ticket};

use crate::lower;
use crate::model;
use crate::options::{self, MethodPolicy, ServicePolicy};

/// What holds for a method: its own policy, then its service's.
pub(crate) fn policy(method: &MethodDescriptor) -> MethodPolicy {
    MethodPolicy::of(method).or(&ServicePolicy::of(method))
}

/// The method id on the wire.
pub(crate) fn id(method: &MethodDescriptor) -> u32 {
    lower::cmd_id_of(&lower::full_name(method), &policy(method))
}

/// The descriptor that the runtime takes, with the policy of the IDL. Lives as long as the process: make one a command.
pub(crate) fn leak(method: &MethodDescriptor) -> &'static svrkit_rt::MethodDescriptor {
    let policy = policy(method);
    let text = |text: &str| -> &'static str { text.to_owned().leak() };
    let service = text(method.parent_service().full_name());
    let full_name = text(&lower::full_name(method));
    let plain =
        svrkit_rt::MethodDescriptor::plain(id(method), service, text(method.name()), full_name);
    let plain = match model::Streaming::of(method) {
        model::Streaming::None => plain,
        model::Streaming::Client => plain.streams(Streaming::Client),
        model::Streaming::Server => plain.streams(Streaming::Server),
        model::Streaming::Both => plain.streams(Streaming::Both),
    };
    svrkit_rt::MethodDescriptor {
        usage: text(policy.usage.as_deref().unwrap_or_default()),
        input: text(method.input().full_name()),
        output: text(method.output().full_name()),
        timeout_ms: policy.timeout_ms.unwrap_or(plain.timeout_ms),
        idempotent: policy.idempotent.unwrap_or(plain.idempotent),
        priority: policy
            .priority
            .and_then(|it| u8::try_from(it).ok())
            .unwrap_or(plain.priority),
        hash_key: policy.hash_key.as_deref().map(text),
        request_bytes_max: policy.max_request_bytes.unwrap_or(0),
        response_bytes_max: policy.max_response_bytes.unwrap_or(0),
        never_compressed: policy.never_compressed.unwrap_or(false),
        cgi: policy.cgi.as_ref().map(|cgi| Cgi {
            path: text(cgi.path.as_deref().unwrap_or_default()),
            cmd_id: cgi.cmd_id.unwrap_or(0),
            ticket: match cgi.ticket() {
                options::Ticket::Required => Ticket::Required,
                options::Ticket::None => Ticket::None,
            },
        }),
        ..plain
    }
    .leak()
}
