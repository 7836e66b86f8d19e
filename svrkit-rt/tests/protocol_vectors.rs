//! The bytes in `vectors/frames.txt` are what the code writes and reads, and what PROTOCOL.md quotes.

use bytes::Bytes;
use prost::Message;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use svrkit_rt::codegen::{self, BoxFuture, GeneratedService};
use svrkit_rt::frame::{Answer, Credit, GoAway, HEADER_BYTES, Head, Header, RequestHead};
use svrkit_rt::{
    Call, Channel, ChannelConfig, ClientStream, Code, Codec, Codecs, Context, Endpoint, Limits,
    Listener, MethodDescriptor, Priority, Receiver, Reply, Request, Response, Server,
    ServiceDescriptor, Status, Stream, Streaming, memory,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const VECTORS: &str = include_str!("vectors/frames.txt");
const PAGE: &str = include_str!("../PROTOCOL.md");

/// What requests of the vectors have that say nothing else.
const USUAL: Priority = Priority {
    business: 128,
    user: 0,
};

/// A block of the data file.
struct Vector {
    fields: Vec<(&'static str, &'static str)>,
    /// The dump as it stands there.
    lines: &'static str,
    bytes: Vec<u8>,
}

impl Vector {
    fn all() -> Vec<Vector> {
        VECTORS.split("\n\n").skip(1).map(Vector::read).collect()
    }

    fn named(name: &str) -> Vector {
        let found = Vector::all().into_iter().find(|v| v.text("name") == name);
        found.unwrap_or_else(|| panic!("no vector {name}"))
    }

    fn read(block: &'static str) -> Vector {
        let (fields, lines) = block.split_once("\ndump:\n").expect("a dump");
        let bytes = lines.lines().flat_map(|line| hex(&line[6..])).collect();
        Vector {
            fields: fields.lines().filter_map(|l| l.split_once(": ")).collect(),
            lines: lines.trim_end(),
            bytes,
        }
    }

    fn text(&self, field: &str) -> &'static str {
        let found = self.fields.iter().find(|(name, _)| *name == field);
        found.map_or("", |(_, value)| value)
    }

    fn number<T: TryFrom<u64>>(&self, field: &str) -> T {
        let number = match self.text(field) {
            "" => 0,
            digits => digits.parse().expect("a number"),
        };
        T::try_from(number).ok().expect("a number that fits")
    }

    fn hex(&self, field: &str) -> Vec<u8> {
        hex(self.text(field))
    }

    fn codecs(&self, field: &str) -> Codecs {
        match self.text(field) {
            "lz4 zstd" => Codecs::BUILT_IN,
            name => Codec::from_name(name).into(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, Vec<u8>)> {
        let entries = self.fields.iter().filter(|(name, _)| *name == "metadata");
        let pairs = entries.map(|(_, entry)| entry.split_once(' ').expect("key and value"));
        pairs.map(|(key, value)| (key, hex(value))).collect()
    }

    /// Trace context and metadata, by the page's words.
    fn extension(&self) -> Vec<u8> {
        let mut out = self.hex("trace");
        for (key, value) in self.metadata() {
            out.push(key.len() as u8);
            out.extend((value.len() as u16).to_le_bytes());
            out.extend(key.as_bytes());
            out.extend(value);
        }
        out
    }

    fn payload(&self) -> Vec<u8> {
        [self.extension(), self.hex("body"), self.hex("attachment")].concat()
    }

    fn header(&self) -> Header {
        let head = match self.text("kind") {
            "request" => Head::Request(RequestHead {
                method_id: self.number("method_id"),
                timeout_us: self.number("timeout_us"),
                routing_key: self.number("routing_key"),
                business: self.number("business"),
                user: self.number("user"),
                attempt: self.number("attempt"),
                streams: !self.text("streams").is_empty(),
            }),
            "answer" => Head::Answer(Answer {
                code: self.number("code"),
                admitted_business: self.number("admitted_business"),
                admitted_user: self.number("admitted_user"),
                queued_us: self.number("queued_us"),
                not_started: !self.text("not_started").is_empty(),
            }),
            "cancel" => Head::Cancel,
            "go-away" => Head::GoAway(GoAway {
                code: self.number("code"),
            }),
            "message" => Head::Message,
            "end" => Head::End,
            "credit" => Head::Credit(Credit {
                bytes: self.number("bytes"),
            }),
            "identify" => Head::Identify,
            "challenge" => Head::Challenge,
            "proof" => Head::Proof,
            kind => panic!("kind {kind}"),
        };
        Header {
            payload_len: self.payload().len() as u32,
            extension_len: self.extension().len() as u32,
            attachment_len: self.hex("attachment").len() as u32,
            has_trace: !self.text("trace").is_empty(),
            packed: self.codecs("packed"),
            takes: self.codecs("takes"),
            checksum: (!self.text("checksum").is_empty()).then(|| self.number("checksum")),
            ..Header::new(self.number("request_id"), head)
        }
    }
}

fn hex(digits: &str) -> Vec<u8> {
    let digits: String = digits.split_whitespace().collect();
    let pairs = (0..digits.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hex"))
        .collect()
}

/// Flags by which a peer says what may be compressed.
const TAKES: u8 = 64 | 128;

/// Overwrites bytes of a frame that no two runs have alike, leaves out what not every build says, and brings its checksum up to date.
fn patched(mut frame: Vec<u8>, at: usize, bytes: &[u8]) -> Vec<u8> {
    frame[at..at + bytes.len()].copy_from_slice(bytes);
    frame[2] &= !TAKES;
    if frame[2] & 1 != 0 {
        let sum = crc32c::crc32c_append(crc32c::crc32c(&frame[..44]), &frame[HEADER_BYTES..]);
        frame[44..48].copy_from_slice(&sum.to_le_bytes());
    }
    frame
}

const REQUEST_ID_AT: usize = 8;
const TIMEOUT_AT: usize = 20;
const QUEUED_AT: usize = 20;

#[test]
fn headers_and_payloads_are_those_bytes() {
    assert_eq!(Vector::all().len(), 20);
    for vector in Vector::all() {
        let name = vector.text("name");
        let (raw, payload) = vector.bytes.split_first_chunk().expect("48 bytes");
        assert_eq!(vector.header().encode(), *raw, "{name}");
        assert_eq!(Header::decode(raw), Ok(vector.header()), "{name}");
        assert_eq!(vector.payload(), payload, "{name}");
        let sum = crc32c::crc32c_append(crc32c::crc32c(&raw[..44]), payload);
        assert!(vector.header().checksum.is_none_or(|s| s == sum), "{name}");
    }
}

#[test]
fn the_page_quotes_the_bytes() {
    for vector in Vector::all() {
        let quoted = format!(
            "**{}**: {}.\n\n```\n{}\n```",
            vector.text("name"),
            vector.text("says"),
            vector.lines
        );
        assert!(
            PAGE.contains(&quoted),
            "PROTOCOL.md does not quote:\n{quoted}"
        );
    }
}

#[test]
fn the_page_names_every_code_and_every_limit_of_a_peer() {
    for number in 0..=Code::Overloaded as u16 {
        let code = Code::from_wire(number);
        assert!(PAGE.contains(&format!("{number} {code}")), "{code}");
    }
    let limits = format!("{:?}", Limits::default());
    let names = limits.split([' ', ':']).filter(|word| word.contains('_'));
    // How many threads there are is nothing that a peer sees.
    for name in names.filter(|name| *name != "blocking_threads_max") {
        assert!(PAGE.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn ids_of_the_page_follow_its_rule() {
    let names = [
        "hello.v1.Greeter/SayHello",
        "files.v1.Files/Watch",
        "svrkit.v1.Builtin/Echo",
        "grpc.health.v1.Health/Check",
        "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    ];
    for name in names {
        let step = |id: u32, byte: u8| (id ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        let id = name.bytes().fold(0x811c_9dc5, step);
        let row = format!("| `{name}` | {id} = `{id:08x}` |");
        assert!(PAGE.contains(&row), "{row}");
    }
}

/// What both messages of the vectors look like: one string.
#[derive(Clone, PartialEq, Message)]
struct Text {
    #[prost(string, tag = "1")]
    text: String,
}

static METHODS: [MethodDescriptor; 1] = [MethodDescriptor::plain(
    1_078_726_538,
    "hello.v1.Greeter",
    "SayHello",
    "hello.v1.Greeter/SayHello",
)];
static GREETER: ServiceDescriptor = ServiceDescriptor {
    full_name: "hello.v1.Greeter",
    docs: "",
    methods: &METHODS,
    file_descriptor_set: &[],
};

/// Answers as the vectors do, and keeps the context of the last request.
#[derive(Clone, Default)]
struct Greeter {
    seen: Arc<Mutex<Option<Context>>>,
}

impl GeneratedService for Greeter {
    fn descriptor(&self) -> &'static ServiceDescriptor {
        &GREETER
    }

    fn is_blocking(&self, _: usize) -> bool {
        false
    }

    fn call(&self, _: usize, request: Request) -> BoxFuture<Result<Response, Status>> {
        let greeter = self.clone();
        Box::pin(async move {
            let (mut context, Text { text }) = codegen::decode(request)?;
            *greeter.seen.lock().unwrap() = Some(Context::clone(&context));
            if text != "Ada" {
                return Err(
                    Status::not_found("no such user").with_reason("im.account", "NO_SUCH_USER")
                );
            }
            if !context.attachment.is_empty() {
                context.reply_metadata.insert("served-by", "a1")?;
                context.reply_attachment = Bytes::from_static(b"another picture");
            }
            let text = format!("Hello, {text}!");
            codegen::encode(context, &Text { text })
        })
    }
}

/// One frame.
async fn read_frame(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> Vec<u8> {
    let mut frame = vec![0; HEADER_BYTES];
    stream.read_exact(&mut frame).await.expect("a header");
    let header = Header::decode(frame.first_chunk().unwrap()).expect("a header");
    frame.resize(HEADER_BYTES + header.payload_len as usize, 0);
    stream
        .read_exact(&mut frame[HEADER_BYTES..])
        .await
        .expect("a payload");
    frame
}

/// Sends `request` and reads the answer with the queueing time of `like`.
async fn ask(stream: &mut Stream, request: &[u8], like: &Vector) -> Vec<u8> {
    stream.write_all(request).await.unwrap();
    let answer = read_frame(stream).await;
    patched(answer, QUEUED_AT, &like.bytes[QUEUED_AT..QUEUED_AT + 4])
}

#[tokio::test]
async fn a_server_reads_and_writes_those_bytes() {
    let greeter = Greeter::default();
    let (listener, connector) = memory();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = Server::new().service(greeter.clone());
    let server = tokio::spawn(server.run(listener, async { drop(stopped.await) }));
    let mut stream = connector.connect().unwrap();

    let ok = Vector::named("answer-ok");
    let minimal = Vector::named("request-minimal").bytes;
    assert_eq!(ask(&mut stream, &minimal, &ok).await, ok.bytes);

    let error = Vector::named("answer-error");
    let nobody = patched(minimal.clone(), HEADER_BYTES + 2, b"Bob");
    assert_eq!(ask(&mut stream, &nobody, &error).await, error.bytes);

    // From here on with checksums, because the request has one.
    let full = Vector::named("answer-full");
    let checksum = Vector::named("request-checksum");
    assert_eq!(ask(&mut stream, &checksum.bytes, &full).await, full.bytes);
    let seen = greeter.seen.lock().unwrap().take().expect("a request");
    assert_eq!((seen.priority.business, seen.priority.user), (10, 77));
    assert_eq!((seen.attempt, seen.routing_key), (1, 0x0102_0304_0506_0708));
    assert!(seen.remaining() <= Duration::from_millis(250));
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    assert_eq!(seen.trace.expect("a trace").to_string(), trace);
    let metadata: Vec<_> = seen.metadata.iter().map(|(k, v)| (k, v.to_vec())).collect();
    assert_eq!(metadata, checksum.metadata());
    assert_eq!(seen.attachment, checksum.hex("attachment"));

    let mut fresh = connector.connect().unwrap();
    assert_eq!(ask(&mut fresh, &minimal, &ok).await, ok.bytes);
    drop(stop);
    let drain = Vector::named("go-away-drain").bytes;
    assert_eq!(read_frame(&mut fresh).await, drain);
    drop((stream, fresh));
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_server_reads_what_is_compressed() {
    let greeter = Greeter::default();
    let (listener, connector) = memory();
    let server = Server::new().service(greeter.clone());
    tokio::spawn(server.run(listener, std::future::pending()));
    let mut stream = connector.connect().unwrap();
    let request = Vector::named("request-lz4").bytes;
    stream.write_all(&request).await.unwrap();
    let answer = read_frame(&mut stream).await;
    let header = Header::decode(answer.first_chunk().unwrap()).unwrap();
    assert_eq!(header.takes, Codecs::BUILT_IN);
    // It knows nobody of that name, which it has read.
    let Head::Answer(head) = header.head else {
        panic!("no answer");
    };
    assert_eq!(head.code, Code::NotFound as u16);
}

#[tokio::test]
async fn a_client_reads_what_is_compressed() {
    let (listener, channel) = by_hand().await;
    let caller = tokio::spawn(call(&channel, ada()));
    let (mut stream, _) = listener.accept().await.unwrap();
    let request = read_frame(&mut stream).await;
    let header = Header::decode(request.first_chunk().unwrap()).unwrap();
    assert_eq!(header.takes, Codecs::BUILT_IN);
    answer(&mut stream, &request, "answer-zstd").await;
    let reply = caller.await.unwrap().unwrap();
    assert_eq!(reply.message.text, "a".repeat(64));
}

#[tokio::test]
async fn a_damaged_request_is_told_so() {
    let (listener, connector) = memory();
    let server = Server::new().service(Greeter::default());
    tokio::spawn(server.run(listener, std::future::pending()));
    let mut stream = connector.connect().unwrap();
    let mut damaged = Vector::named("request-checksum").bytes;
    *damaged.last_mut().unwrap() ^= 1;
    stream.write_all(&damaged).await.unwrap();
    let answer = read_frame(&mut stream).await;
    let Head::Answer(head) = Header::decode(answer.first_chunk().unwrap()).unwrap().head else {
        panic!("no answer");
    };
    assert_eq!(head.code, Code::DataLoss as u16);
    assert!(head.not_started);
}

#[tokio::test]
async fn a_frame_of_another_version_is_refused() {
    let (listener, connector) = memory();
    let server = Server::new().service(Greeter::default());
    tokio::spawn(server.run(listener, std::future::pending()));
    let mut stream = connector.connect().unwrap();
    let mut other = Vector::named("request-minimal").bytes;
    other[1] = 0x21;
    stream.write_all(&other).await.unwrap();
    let refused = Vector::named("go-away-refused").bytes;
    assert_eq!(read_frame(&mut stream).await, refused);
    assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0, "and closed");
}

/// A callee that is played by hand, and a channel to it.
async fn by_hand() -> (TcpListener, Channel) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::parse(&listener.local_addr().unwrap().to_string()).unwrap();
    // The vectors say what they like of what is admitted.
    let config = ChannelConfig {
        heeds_admission: false,
        ..ChannelConfig::default()
    };
    let channel = Channel::builder().endpoint(endpoint).config(config);
    (listener, channel.build().unwrap())
}

async fn answer(stream: &mut TcpStream, request: &[u8], name: &str) {
    let id = &request[REQUEST_ID_AT..REQUEST_ID_AT + 8];
    let answer = patched(Vector::named(name).bytes, REQUEST_ID_AT, id);
    stream.write_all(&answer).await.unwrap();
}

fn call(
    channel: &Channel,
    call: Call<Text>,
) -> impl Future<Output = Result<Reply<Text>, Status>> + use<> {
    let channel = channel.clone();
    async move { channel.unary(&METHODS[0], call).await }
}

fn ada() -> Call<Text> {
    Call::new(Text { text: "Ada".into() }).timeout(Duration::from_secs(60))
}

#[tokio::test]
async fn a_client_writes_and_reads_those_bytes() {
    let (listener, channel) = by_hand().await;
    let full = ada()
        .priority(Priority {
            business: 10,
            user: 77,
        })
        .routing_key(0x0102_0304_0506_0708)
        .attempt(1)
        .metadata("client-version", "7.0")
        .unwrap()
        .metadata("blob-bin", vec![0, 255])
        .unwrap()
        .attachment("a picture");
    let caller = tokio::spawn(call(&channel, full));
    let (mut stream, _) = listener.accept().await.unwrap();

    // The client carries no trace outside of a handler, so the vector is compared without its own.
    let request = read_frame(&mut stream).await;
    let vector = Vector::named("request-full");
    assert_eq!(request[16..20], vector.bytes[16..20]);
    assert_eq!(request[24..36], vector.bytes[24..36]);
    assert_eq!(request[HEADER_BYTES..], vector.bytes[HEADER_BYTES + 25..]);
    let timeout_us = u32::from_le_bytes(request[TIMEOUT_AT..TIMEOUT_AT + 4].try_into().unwrap());
    assert!((1..=60_000_000).contains(&timeout_us));
    answer(&mut stream, &request, "answer-full").await;
    let reply = caller.await.unwrap().unwrap();
    assert_eq!(reply.message.text, "Hello, Ada!");
    assert_eq!(reply.metadata.get_str("served-by"), Some("a1"));
    assert_eq!(reply.attachment, "another picture");

    let caller = tokio::spawn(call(&channel, ada()));
    let request = read_frame(&mut stream).await;
    caller.abort();
    let cancel = patched(
        Vector::named("cancel").bytes,
        REQUEST_ID_AT,
        &request[REQUEST_ID_AT..REQUEST_ID_AT + 8],
    );
    assert_eq!(read_frame(&mut stream).await, cancel);

    // The last one: it says that calls like these are not admitted any more.
    for (name, code, reason, not_started) in [
        ("answer-error", Code::NotFound, "NO_SUCH_USER", false),
        ("answer-overloaded", Code::Overloaded, "", true),
    ] {
        let caller = tokio::spawn(call(&channel, ada()));
        let request = read_frame(&mut stream).await;
        answer(&mut stream, &request, name).await;
        let status = caller.await.unwrap().unwrap_err();
        assert_eq!(
            (status.code(), status.reason(), status.not_started()),
            (code, reason, not_started)
        );
    }
}

#[tokio::test]
async fn a_client_that_is_sent_away_takes_its_answers_and_calls_elsewhere() {
    let (listener, channel) = by_hand().await;
    let before = tokio::spawn(call(&channel, ada()));
    let (mut first, _) = listener.accept().await.unwrap();
    let request = read_frame(&mut first).await;
    first
        .write_all(&Vector::named("go-away-drain").bytes)
        .await
        .unwrap();
    answer(&mut first, &request, "answer-ok").await;
    assert_eq!(before.await.unwrap().unwrap().message.text, "Hello, Ada!");
    let mut rest = [0; 1];
    let closed = timeout(Duration::from_secs(10), first.read(&mut rest)).await;
    assert_eq!(closed.expect("the client closes it").unwrap(), 0);

    let after = tokio::spawn(call(&channel, ada()));
    let (mut second, _) = listener.accept().await.unwrap();
    let request = read_frame(&mut second).await;
    answer(&mut second, &request, "answer-ok").await;
    assert_eq!(after.await.unwrap().unwrap().message.text, "Hello, Ada!");
}

static FILES: [MethodDescriptor; 2] = [
    MethodDescriptor::plain(
        1_605_134_918,
        "files.v1.Files",
        "Watch",
        "files.v1.Files/Watch",
    )
    .streams(Streaming::Server),
    MethodDescriptor::plain(
        3_876_951_474,
        "files.v1.Files",
        "Upload",
        "files.v1.Files/Upload",
    )
    .streams(Streaming::Client),
];

/// The vector `name` as a frame of the call whose request this is.
fn of_call(request: &[u8], name: &str) -> Vec<u8> {
    let id = &request[REQUEST_ID_AT..REQUEST_ID_AT + 8];
    patched(Vector::named(name).bytes, REQUEST_ID_AT, id)
}

#[tokio::test]
async fn a_client_streams_in_those_bytes() {
    let (listener, channel) = by_hand().await;
    let watching = channel.clone();
    let caller = tokio::spawn(async move {
        let prefix = Text {
            text: "films/".into(),
        };
        let call = Call::new(prefix)
            .timeout(Duration::from_secs(60))
            .priority(USUAL);
        let mut changes: Receiver<Text> = watching.server_streaming(&FILES[0], call).await.unwrap();
        let change = changes.next().await.unwrap().unwrap();
        (change.text, changes)
    });
    let (mut stream, _) = listener.accept().await.unwrap();
    let request = read_frame(&mut stream).await;
    let timeout_us = &request[TIMEOUT_AT..TIMEOUT_AT + 4];
    let expected = patched(of_call(&request, "request-stream"), TIMEOUT_AT, timeout_us);
    assert_eq!(patched(request.clone(), TIMEOUT_AT, timeout_us), expected);
    stream
        .write_all(&of_call(&request, "message"))
        .await
        .unwrap();
    let (text, _changes) = caller.await.unwrap();
    assert_eq!(text, "films/beach.mp4");
    let credit = read_frame(&mut stream).await;
    assert_eq!(credit, of_call(&request, "credit"));

    let uploading = tokio::spawn(async move {
        let call = Call::new(())
            .timeout(Duration::from_secs(60))
            .priority(USUAL);
        let upload: ClientStream<Text, Text> =
            channel.client_streaming(&FILES[1], call).await.unwrap();
        upload.finish().await
    });
    let request = read_frame(&mut stream).await;
    assert_eq!(read_frame(&mut stream).await, of_call(&request, "end"));
    stream
        .write_all(&of_call(&request, "answer-ok"))
        .await
        .unwrap();
    assert_eq!(uploading.await.unwrap().unwrap().text, "Hello, Ada!");
}

/// That is how the format grows within its version.
#[tokio::test]
async fn unknown_kinds_and_flags_are_skipped() {
    let (listener, connector) = memory();
    let server = Server::new().service(Greeter::default());
    tokio::spawn(server.run(listener, std::future::pending()));
    let mut stream = connector.connect().unwrap();
    let minimal = Vector::named("request-minimal").bytes;
    let mut unknown = minimal.clone();
    unknown[1] = 0x1f;
    stream.write_all(&unknown).await.unwrap();
    let mut flagged = minimal;
    flagged[3] = 0x80;
    let ok = Vector::named("answer-ok");
    assert_eq!(ask(&mut stream, &flagged, &ok).await, ok.bytes);
}

#[tokio::test]
async fn over_tcp_they_are_the_same() {
    let listener = Listener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.address();
    let server = Server::new().service(Greeter::default());
    tokio::spawn(server.run(listener, std::future::pending()));
    let mut stream = Stream::from(TcpStream::connect(addr).await.unwrap());
    let ok = Vector::named("answer-ok");
    let minimal = Vector::named("request-minimal").bytes;
    assert_eq!(ask(&mut stream, &minimal, &ok).await, ok.bytes);
}
