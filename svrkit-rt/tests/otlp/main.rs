//! What a collector gets, against an HTTP server that decodes it.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{Metric, number_data_point};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use svrkit_rt::builtin::grpc::health::v1::{HealthCheckRequest, HealthClient};
use svrkit_rt::http_client::HttpError;
use svrkit_rt::otlp::{OtlpConfig, OtlpExporter};
use svrkit_rt::testing::serve;
use svrkit_rt::{
    Channel, Code, Listener, PageLimits, PageRequest, PageResponse, Pages, Server, monitor, spans,
};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

monitor! {
    /// Things that happened.
    static HAPPENED: Counter = "otlp_test_happened";
    /// How high it stands.
    static LEVEL: Gauge = "otlp_test_level";
    /// How long it took.
    static TOOK: Histogram = "otlp_test_took_microseconds" in "microseconds";
}

/// A collector: metrics and spans as they come, a request each.
struct Collector {
    endpoint: String,
    metrics: mpsc::UnboundedReceiver<ExportMetricsServiceRequest>,
    spans: mpsc::UnboundedReceiver<ExportTraceServiceRequest>,
    server: JoinHandle<()>,
}

impl Collector {
    /// Refuses the first so many reports of spans with 503.
    async fn refusing(mut refusals: usize) -> Collector {
        let (metrics_sender, metrics) = mpsc::unbounded_channel();
        let (spans_sender, spans) = mpsc::unbounded_channel();
        let refuse = move || {
            let refused = refusals > 0;
            refusals = refusals.saturating_sub(1);
            refused
        };
        let refuse = std::sync::Mutex::new(refuse);
        let limits = PageLimits {
            body_bytes_max: 1024 * 1024,
            ..PageLimits::default()
        };
        let pages = Pages::new()
            .limits(limits)
            .post("/v1/metrics", move |request: PageRequest| {
                assert_eq!(
                    request.header("content-type"),
                    Some("application/x-protobuf")
                );
                assert_eq!(request.bearer(), Some("secret"));
                let _ = metrics_sender.send(Message::decode(request.body().clone()).unwrap());
                async { PageResponse::text("") }
            })
            .post("/v1/traces", move |request: PageRequest| {
                let _ = spans_sender.send(Message::decode(request.body().clone()).unwrap());
                let status = if refuse.lock().unwrap()() { 503 } else { 200 };
                async move { PageResponse::text("").status(status) }
            });
        let listener = Listener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.address());
        let server = tokio::spawn(async {
            let server = Server::new().pages(pages);
            server.run(listener, std::future::pending()).await.unwrap();
        });
        Collector {
            endpoint,
            metrics,
            spans,
            server,
        }
    }

    fn exporter(&self) -> JoinHandle<()> {
        let exporter = OtlpExporter::new(OtlpConfig {
            endpoint: self.endpoint.clone(),
            headers: vec![("authorization".to_owned(), "Bearer secret".to_owned())],
            service: "greeter".to_owned(),
            instance: "greeter-1".to_owned(),
            resource: vec![("host.name".to_owned(), "here".to_owned())],
            metrics_every_ms: 20,
            spans_every_ms: 20,
            ..OtlpConfig::default()
        });
        tokio::spawn(exporter.unwrap().run())
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn value<'a>(attributes: &'a [KeyValue], key: &str) -> &'a str {
    let found = attributes.iter().find(|attribute| attribute.key == key);
    match found.and_then(|attribute| attribute.value.as_ref()) {
        Some(AnyValue {
            value: Some(Value::StringValue(text)),
        }) => text,
        other => panic!("{key}: {other:?}"),
    }
}

#[tokio::test]
async fn metrics_arrive_with_their_kinds_units_and_labels() {
    HAPPENED.add(7);
    LEVEL.set(-3);
    for us in [0, 1, 2, 3, 1_000_000_000] {
        TOOK.observe(us);
    }
    let mut collector = Collector::refusing(0).await;
    let exporter = collector.exporter();
    let report = collector.metrics.recv().await.unwrap();
    exporter.abort();
    let reported = &report.resource_metrics[0];
    let resource = &reported.resource.as_ref().unwrap().attributes;
    assert_eq!(value(resource, "service.name"), "greeter");
    assert_eq!(value(resource, "service.instance.id"), "greeter-1");
    assert_eq!(value(resource, "host.name"), "here");
    let metrics = &reported.scope_metrics[0].metrics;
    let metric = |name: &str| -> &Metric { metrics.iter().find(|m| m.name == name).unwrap() };

    let happened = metric("otlp_test_happened");
    assert_eq!(happened.description, "Things that happened.");
    let Some(Data::Sum(sum)) = &happened.data else {
        panic!("{happened:?}");
    };
    assert!(sum.is_monotonic && sum.aggregation_temporality == 2);
    let point = &sum.data_points[0];
    assert_eq!(point.value, Some(number_data_point::Value::AsInt(7)));
    assert!(point.start_time_unix_nano > 0 && point.start_time_unix_nano <= point.time_unix_nano);

    let Some(Data::Gauge(gauge)) = &metric("otlp_test_level").data else {
        panic!("{metrics:?}");
    };
    let level = &gauge.data_points[0];
    assert_eq!(level.value, Some(number_data_point::Value::AsInt(-3)));

    let took = metric("otlp_test_took_microseconds");
    assert_eq!(took.unit, "us");
    let Some(Data::ExponentialHistogram(histogram)) = &took.data else {
        panic!("{took:?}");
    };
    let point = &histogram.data_points[0];
    assert_eq!((point.count, point.scale), (5, 2));
    assert_eq!(point.sum, Some(1_000_000_006.0));
    // A bucket is above 2^(index/4) and up to 2^((index+1)/4).
    let buckets = point.positive.as_ref().unwrap();
    let counts = buckets.bucket_counts.iter().enumerate();
    let filled = counts.filter(|(_, count)| **count > 0);
    let filled: Vec<_> = filled
        .map(|(n, count)| (n as i32 + buckets.offset, *count))
        .collect();
    assert_eq!(filled, [(-1, 2), (3, 1), (6, 1), (104, 1)]);
}

/// A call that fails: nobody has that service.
async fn fail(channel: &Channel) {
    let health = HealthClient::new(channel.clone());
    let service = "nobody".to_owned();
    let failed = health.check(HealthCheckRequest { service }).await;
    assert_eq!(failed.unwrap_err().code(), Code::NotFound);
}

async fn spans_of(collector: &mut Collector) -> Vec<Span> {
    let report = collector.spans.recv().await.unwrap();
    let reported = report.resource_spans.into_iter();
    reported
        .flat_map(|one| one.scope_spans)
        .flat_map(|one| one.spans)
        .collect()
}

#[tokio::test]
async fn spans_arrive_once_even_when_the_collector_was_away() {
    let _keeping = spans::keep();
    let channel = serve(Server::new());
    fail(&channel).await;
    let mut collector = Collector::refusing(2).await;
    let exporter = collector.exporter();
    let first = spans_of(&mut collector).await;
    // Those that were refused come again.
    assert_eq!(spans_of(&mut collector).await, first);
    assert_eq!(spans_of(&mut collector).await, first);
    let [client, server] = &first[..] else {
        panic!("{first:?}");
    };
    assert_eq!(client.name, "grpc.health.v1.Health/Check");
    assert_eq!((client.kind, server.kind), (3, 2));
    assert_eq!((client.trace_id.len(), client.span_id.len()), (16, 8));
    assert_eq!(server.trace_id, client.trace_id);
    assert_eq!(server.parent_span_id, client.span_id);
    assert!(client.parent_span_id.is_empty());
    assert!(server.end_time_unix_nano >= server.start_time_unix_nano);
    assert_eq!(value(&server.attributes, "rpc.method"), "Check");
    assert_eq!(value(&server.attributes, "rpc.svrkit.code"), "not_found");
    assert_eq!(server.status.as_ref().unwrap().code, 2);
    fail(&channel).await;
    let second = spans_of(&mut collector).await;
    assert_ne!(second[0].trace_id, client.trace_id);
    assert!(second.len() <= 2);
    exporter.abort();
}

#[test]
fn an_address_that_is_none_is_refused() {
    let exporter = OtlpExporter::new(OtlpConfig {
        endpoint: "localhost:4318".to_owned(),
        ..OtlpConfig::default()
    });
    assert!(matches!(exporter, Err(HttpError::Url { .. })));
}
