//! Ends of calls as OTLP spans.

use super::attributes::{number, scope, text};
use crate::spans::{Side, Span};
use crate::status::Code;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{
    ResourceSpans, ScopeSpans, Span as OtlpSpan, Status as OtlpStatus,
};

/// These spans.
pub(super) fn request(spans: &[Span], resource: Resource) -> ExportTraceServiceRequest {
    let scope_spans = ScopeSpans {
        scope: Some(scope()),
        spans: spans.iter().map(span).collect(),
        ..ScopeSpans::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(resource),
            scope_spans: vec![scope_spans],
            ..ResourceSpans::default()
        }],
    }
}

fn span(span: &Span) -> OtlpSpan {
    let kind = match span.side {
        Side::Server => SpanKind::Server,
        Side::Client => SpanKind::Client,
    };
    let parent_span_id = match span.parent_id {
        0 => Vec::new(),
        id => id.to_be_bytes().to_vec(),
    };
    OtlpSpan {
        trace_id: span.trace_id.to_be_bytes().to_vec(),
        span_id: span.span_id.to_be_bytes().to_vec(),
        parent_span_id,
        name: span.method.full_name.to_owned(),
        kind: kind as i32,
        start_time_unix_nano: span.started_us * 1_000,
        end_time_unix_nano: (span.started_us + span.took_us) * 1_000,
        // The names are those of OpenTelemetry's conventions for RPC, where it has one.
        attributes: vec![
            text("rpc.system", "svrkit"),
            text("rpc.service", span.method.service),
            text("rpc.method", span.method.name),
            text("rpc.svrkit.code", span.code.name()),
            number("rpc.svrkit.queued_us", span.queued_us),
            number("rpc.svrkit.attempt", span.attempt.into()),
            number("rpc.svrkit.request_bytes", span.request_bytes as u64),
            number("rpc.svrkit.response_bytes", span.response_bytes as u64),
        ],
        status: Some(status(span)),
        ..OtlpSpan::default()
    }
}

fn status(span: &Span) -> OtlpStatus {
    let code = match span.code {
        Code::Ok => StatusCode::Unset,
        _ => StatusCode::Error,
    };
    OtlpStatus {
        message: span.message.clone(),
        code: code as i32,
    }
}
