//! Pages of the author's own: their table, their bounds, their headers, their streams.

use crate::support::{Answer, Peer, Site};
use std::sync::Arc;
use std::time::Duration;
use svrkit_rt::{
    Event, Limits, Listener, PageLimits, PageRequest, PageResponse, Pages, Server, Status,
};
use tokio::sync::Notify;

fn open(pages: Pages) -> Site {
    Site::with(|server| server.pages(pages))
}

async fn ask(site: &Site, method: &str, target: &str, rest: &str) -> Answer {
    site.ask(&format!("{method} {target} HTTP/1.1\r\n{rest}\r\n"))
        .await
}

fn named(name: &'static str) -> impl Fn(PageRequest) -> std::future::Ready<PageResponse> {
    move |request| {
        let answer = PageResponse::text(format!("{name} {} {}", request.method(), request.rest()));
        std::future::ready(answer)
    }
}

#[tokio::test]
async fn a_request_finds_its_page() {
    let pages = Pages::new()
        .get("/", named("root"))
        .get("/web/*", named("file"))
        .get("/web/deep/*", named("deep file"))
        .get("/web/index.html", named("index"))
        .post("/api/silences", named("silence"))
        .delete("/api/silences/*", named("no silence"));
    let site = open(pages);
    for (method, path, said) in [
        ("GET", "/", "root GET "),
        ("GET", "/web/a/b.js", "file GET a/b.js"),
        ("GET", "/web/", "file GET "),
        ("GET", "/web/%2e%2e/x", "file GET %2e%2e/x"),
        ("GET", "/web/deep/c", "deep file GET c"),
        ("GET", "/web/index.html", "index GET "),
        ("POST", "/api/silences", "silence POST "),
        ("DELETE", "/api/silences/7", "no silence DELETE 7"),
    ] {
        let answer = ask(&site, method, path, "").await;
        assert_eq!((answer.status, answer.text()), (200, said), "{path}");
    }
    // What is there besides is still there.
    assert_eq!(ask(&site, "GET", "/health", "").await.status, 200);
    for path in ["/web", "/webs", "/api/silences/"] {
        let answer = ask(&site, "GET", path, "").await;
        assert!(matches!(answer.status, 404 | 405), "{path}: {answer:?}");
    }
    site.close().await;
}

#[tokio::test]
async fn a_head_is_a_get_without_body_and_other_methods_are_named() {
    let pages = Pages::new()
        .get("/both", named("both"))
        .post("/both", named("both"));
    let site = open(pages);
    let mut peer = site.peer();
    peer.send("HEAD /both HTTP/1.1\r\n\r\n").await;
    let head = peer.bare_answer().await;
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, "9".into())
    );
    peer.send("GET /both HTTP/1.1\r\n\r\n").await;
    assert_eq!(peer.answer().await.text(), "both GET ");
    for method in ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"] {
        let answer = ask(&site, method, "/both", "").await;
        answer.error(405, "unimplemented");
        assert_eq!(answer.header("allow"), "GET, HEAD, POST");
    }
    site.close().await;
}

#[tokio::test]
async fn every_page_is_locked_up_unless_it_says_otherwise() {
    let pages = Pages::new()
        .get("/plain", named("plain"))
        .get("/own", |_| async {
            PageResponse::new("text/css", "body{}")
                .header("cache-control", "max-age=60")
                .header("etag", "bad\nvalue")
                .status(203)
        });
    let site = open(pages);
    let plain = ask(&site, "GET", "/plain", "").await;
    for (name, value) in [
        ("content-type", "text/plain; charset=utf-8"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(plain.header(name), value);
    }
    let policy = plain.header("content-security-policy");
    assert!(policy.starts_with("default-src 'self';"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    let own = ask(&site, "GET", "/own", "").await;
    assert_eq!(
        (own.status, own.header("content-type")),
        (203, "text/css".into())
    );
    assert_eq!(own.header("cache-control"), "max-age=60");
    assert_eq!(own.header("etag"), "");
    site.close().await;
}

#[tokio::test]
async fn queries_and_forms_arrive_decoded() {
    let show = |request: PageRequest| async move {
        let query = request.query().get("q").unwrap_or("none").to_owned();
        let form = match request.method() {
            "POST" => request.fields()?.get("f").unwrap_or("none").to_owned(),
            _ => format!("{:?}", request.form()),
        };
        let bearer = request.bearer().unwrap_or("nobody");
        Ok::<_, Status>(PageResponse::text(format!("{query}|{form}|{bearer}")))
    };
    let site = open(Pages::new().get("/show", show).post("/show", show));
    let headers = "accept: text/html\r\nauthorization: bearer  let-me\r\n";
    let answer = ask(&site, "GET", "/show?q=%3Cb%3E+%26", headers).await;
    assert_eq!(answer.text(), "<b> &|Html|let-me");
    let form =
        "content-type: application/x-www-form-urlencoded\r\ncontent-length: 8\r\n\r\nf=%C3%A4";
    let mut peer = site.peer();
    peer.send(format!("POST /show HTTP/1.1\r\n{form}")).await;
    assert_eq!(peer.answer().await.text(), "none|ä|nobody");
    let answer = ask(&site, "POST", "/show", "content-length: 0\r\n").await;
    answer.error(400, "invalid_argument");
    site.close().await;
}

#[tokio::test]
async fn what_is_too_large_is_refused_before_the_page_is_asked() {
    let limits = PageLimits {
        body_bytes_max: 10,
        query_bytes_max: 20,
        fields_max: 2,
        ..PageLimits::default()
    };
    let page = |_| async { panic!("asked") as PageResponse };
    let site = open(Pages::new().get("/p", page).post("/p", page).limits(limits));
    let long = format!("/p?{}", "x".repeat(21));
    let answer = ask(&site, "GET", &long, "").await;
    assert!(
        answer
            .error(414, "invalid_argument")
            .contains("query_bytes_max")
    );
    let answer = ask(&site, "GET", "/p?a&b&c", "").await;
    assert!(answer.error(400, "invalid_argument").contains("fields_max"));
    for bad in ["/p?%zz", "/p?%ff"] {
        ask(&site, "GET", bad, "")
            .await
            .error(400, "invalid_argument");
    }
    let answer = ask(&site, "POST", "/p", "content-length: 11\r\n").await;
    answer.error(413, "resource_exhausted");
    let mut peer = site.peer();
    peer.send(
        "POST /p HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n6\r\n123456\r\n6\r\n123456\r\n",
    )
    .await;
    peer.answer().await.error(413, "resource_exhausted");
    site.close().await;
}

#[tokio::test]
async fn a_panic_is_an_answer_and_no_more() {
    let page = |_| async { panic!("burns") as PageResponse };
    let site = open(Pages::new().get("/burns", page));
    let mut peer = site.peer();
    peer.send("GET /burns HTTP/1.1\r\n\r\nGET /health HTTP/1.1\r\n\r\n")
        .await;
    let message = peer.answer().await.error(500, "internal");
    assert!(!message.contains("burns"));
    assert_eq!(peer.answer().await.status, 200);
    site.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_page_that_takes_too_long_is_given_up() {
    let dropped = Arc::new(Notify::new());
    let noted = dropped.clone();
    let page = move |_| {
        let noted = NotesDrop(noted.clone());
        async move {
            let _noted = noted;
            std::future::pending::<PageResponse>().await
        }
    };
    let site = open(Pages::new().get("/slow", page));
    let begun = tokio::time::Instant::now();
    let answer = ask(&site, "GET", "/slow", "").await;
    answer.error(504, "deadline_exceeded");
    assert_eq!(begun.elapsed(), Duration::from_secs(30));
    dropped.notified().await;
    site.close().await;
}

struct NotesDrop(Arc<Notify>);

impl Drop for NotesDrop {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

#[tokio::test]
async fn a_guard_stands_before_all_pages() {
    let pages = Pages::new()
        .post("/locked", named("locked"))
        .guard(|request| match request.bearer() {
            Some("key") => Ok(()),
            _ => Err(Status::unauthenticated("no key").into()),
        });
    let site = open(pages);
    let answer = ask(&site, "POST", "/locked", "content-length: 99999\r\n").await;
    answer.error(401, "unauthenticated");
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    assert_eq!(answer.header("x-frame-options"), "DENY");
    let answer = ask(&site, "POST", "/locked", "authorization: Bearer key\r\n").await;
    assert_eq!(answer.status, 200);
    site.close().await;
}

#[tokio::test]
async fn pages_that_cannot_be_do_not_start() {
    let twice = Pages::new().get("/a", named("a")).get("/a", named("b"));
    let taken = Pages::new().get("/svrkit.v1.Builtin/Echo", named("echo"));
    for pages in [
        twice,
        taken,
        Pages::new().get("a", named("a")),
        Pages::new().get("/a*", named("a")),
        Pages::new().get("/*/a", named("a")),
        Pages::new().get("/a?b", named("a")),
    ] {
        let (listener, _connector) = svrkit_rt::memory();
        let ended = Server::new().pages(pages).run(listener, async {}).await;
        let error = ended.expect_err("a page that cannot be");
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{error}");
    }
}

/// Counts up, an event each second, until nobody listens.
fn counting(ended: Arc<Notify>) -> Pages {
    Pages::new().get("/live", move |_| {
        let ended = NotesDrop(ended.clone());
        async move {
            PageResponse::events(|sender| async move {
                let _ended = ended;
                for n in 0.. {
                    let event = Event::new(&format!("{n}\nof many")).name("count");
                    if sender.send(event).await.is_err() {
                        return;
                    }
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            })
        }
    })
}

/// The head of a stream, and a peer to read its chunks from.
async fn listen(site: &Site) -> Peer {
    let mut peer = site.peer();
    peer.send("GET /live HTTP/1.1\r\n\r\n").await;
    let head = peer.bare_answer().await;
    assert_eq!(head.status, 200);
    assert_eq!(head.header("content-type"), "text/event-stream");
    assert_eq!(head.header("transfer-encoding"), "chunked");
    peer
}

#[tokio::test(start_paused = true)]
async fn events_come_as_they_happen_and_end_with_the_drain() {
    let ended = Arc::new(Notify::new());
    let site = open(counting(ended.clone()));
    let mut peer = listen(&site).await;
    for n in 0..100 {
        let event = format!("event: count\ndata: {n}\ndata: of many\n\n");
        assert_eq!(peer.chunk().await.as_deref(), Some(event.as_str()));
    }
    let begun = tokio::time::Instant::now();
    site.close().await;
    assert!(begun.elapsed() < Duration::from_secs(1));
    ended.notified().await;
    assert_eq!(peer.chunk().await.as_deref(), Some(""));
    assert!(peer.is_closed().await);
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_when_its_reader_goes() {
    let ended = Arc::new(Notify::new());
    let site = open(counting(ended.clone()));
    let mut peer = listen(&site).await;
    peer.chunk().await.expect("an event");
    drop(peer);
    ended.notified().await;
    site.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_silent_stream_is_kept_alive_and_a_finished_one_leaves_the_connection() {
    let pages = Pages::new().get("/live", |_| async {
        PageResponse::events(|sender| async move {
            tokio::time::sleep(Duration::from_secs(100)).await;
            let _ = sender.send(Event::new("at last")).await;
        })
    });
    let site = open(pages);
    let mut peer = listen(&site).await;
    for _ in 0..6 {
        assert_eq!(peer.chunk().await.as_deref(), Some(":\n\n"));
    }
    assert_eq!(peer.chunk().await.as_deref(), Some("data: at last\n\n"));
    assert_eq!(peer.chunk().await.as_deref(), Some(""));
    peer.send("GET /health HTTP/1.1\r\n\r\n").await;
    assert_eq!(peer.answer().await.status, 200);
    site.close().await;
}

#[tokio::test]
async fn streams_are_counted() {
    let limits = PageLimits {
        streams_max: 1,
        ..PageLimits::default()
    };
    let site = open(counting(Arc::default()).limits(limits));
    let first = listen(&site).await;
    ask(&site, "GET", "/live", "")
        .await
        .error(503, "unavailable");
    drop(first);
    site.close().await;
}

/// Somebody who asks for a stream and does not read it: the producer waits, and after a while he is sent away.
#[tokio::test]
async fn a_reader_that_does_not_read_costs_a_few_events() {
    let sent = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = sent.clone();
    let ended = Arc::new(Notify::new());
    let noted = ended.clone();
    let pages = Pages::new().get("/flood", move |_| {
        let (counted, noted) = (counted.clone(), NotesDrop(noted.clone()));
        async move {
            PageResponse::events(|sender| async move {
                let _noted = noted;
                let data = "x".repeat(100_000);
                while sender.send(Event::new(&data)).await.is_ok() {
                    counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                }
            })
        }
    });
    let limits = Limits {
        write_stall_timeout_ms: 200,
        ..Limits::default()
    };
    let listener = Listener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.address().to_string();
    let server = Server::new().pages(pages).limits(limits);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let done = tokio::spawn(server.run(listener, async { drop(stopped.await) }));
    let mut stream = tokio::net::TcpStream::connect(address)
        .await
        .expect("a connection");
    tokio::io::AsyncWriteExt::write_all(&mut stream, b"GET /flood HTTP/1.1\r\n\r\n")
        .await
        .expect("a request");
    ended.notified().await;
    let sent = sent.load(std::sync::atomic::Ordering::Relaxed);
    // What the sockets' buffers hold, and the queue.
    assert!(sent < 300, "{sent} events of 100 kB");
    drop((stop, stream));
    done.await.expect("no panic").expect("a clean end");
}
