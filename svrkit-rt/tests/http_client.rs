//! The HTTP client among servers that answer too much, too late, or nonsense.

use svrkit_rt::http_client::{HttpAnswer, HttpError, HttpRequest, HttpTarget};
use svrkit_rt::{Listener, PageRequest, PageResponse, Pages, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A server with a few pages.
async fn server() -> HttpTarget {
    let pages = Pages::new()
        .get("/large", |_| async {
            PageResponse::text("x".repeat(100_000))
        })
        .get("/echo", |request: PageRequest| async move {
            PageResponse::text(request.query().get("q").unwrap_or_default().to_owned())
        })
        .post("/echo", |request: PageRequest| async move {
            let kind = request.header("x-kind").unwrap_or_default().to_owned();
            PageResponse::text(request.body().clone()).header("retry-after", &kind)
        });
    let listener = Listener::bind("127.0.0.1:0").await.unwrap();
    let target = HttpTarget::parse(&format!("http://{}/", listener.address()));
    tokio::spawn(
        Server::new()
            .pages(pages)
            .run(listener, std::future::pending()),
    );
    target.unwrap()
}

async fn ask(target: &HttpTarget, path: &str) -> Result<HttpAnswer, HttpError> {
    target.path(path)?.send(HttpRequest::default()).await
}

#[tokio::test]
async fn a_get_has_a_query_and_a_post_a_body() {
    let server = server().await;
    let answer = ask(&server, "/echo?q=a%20b").await.unwrap();
    assert_eq!((answer.status, &answer.body[..]), (200, &b"a b"[..]));
    let post = HttpRequest {
        headers: vec![("x-kind".to_owned(), "7".to_owned())],
        body: Some("hello".into()),
        ..HttpRequest::default()
    };
    let answer = server.path("/echo").unwrap().send(post).await.unwrap();
    assert_eq!(&answer.body[..], b"hello");
    assert_eq!(answer.retry_after_s, Some(7));
    assert_eq!(ask(&server, "/nowhere").await.unwrap().status, 404);
}

#[tokio::test]
async fn an_answer_has_an_end() {
    let target = server().await.path("/large").unwrap();
    let asked = |max| HttpRequest {
        answer_bytes_max: max,
        ..HttpRequest::default()
    };
    assert_eq!(
        target.send(asked(100_000)).await.unwrap().body.len(),
        100_000
    );
    let refused = target.send(asked(99_999)).await.unwrap_err();
    assert!(matches!(refused, HttpError::TooLarge { max: 99_999 }));
}

/// Answers whoever comes with these bytes, after his request; then keeps the connection open, or closes it.
async fn answering(answer: &'static [u8], closes: bool) -> HttpTarget {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = socket.read(&mut request).await;
            let _ = socket.write_all(answer).await;
            if !closes {
                open.push(socket);
            }
        }
    });
    HttpTarget::parse(&format!("http://{address}/")).unwrap()
}

#[tokio::test]
async fn who_does_not_speak_http_is_no_answer() {
    for answer in [
        &b""[..],
        b"hello",
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort",
    ] {
        let broken = ask(&answering(answer, true).await, "/").await.unwrap_err();
        assert!(matches!(broken, HttpError::Broken { .. }), "{broken:?}");
    }
}

#[tokio::test]
async fn an_answer_that_ends_with_its_connection_is_one() {
    let target = answering(b"HTTP/1.1 200 OK\r\n\r\nall of it", true).await;
    assert_eq!(&ask(&target, "/").await.unwrap().body[..], b"all of it");
}

#[tokio::test]
async fn who_does_not_answer_is_given_up() {
    let target = answering(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort", false).await;
    let asked = HttpRequest {
        timeout_ms: 50,
        ..HttpRequest::default()
    };
    let late = target.send(asked).await.unwrap_err();
    assert!(matches!(late, HttpError::TimedOut { timeout_ms: 50 }));
}

#[tokio::test]
async fn who_is_not_there_is_told_by_address() {
    let nobody = HttpTarget::parse("http://127.0.0.1:1/").unwrap();
    let error = nobody.send(HttpRequest::default()).await.unwrap_err();
    assert_eq!(error.to_string(), "no connection to 127.0.0.1:1");
    let https = HttpTarget::parse("https://127.0.0.1:1/").unwrap();
    assert!(https.is_https());
}

#[tokio::test]
async fn a_header_cannot_bring_another() {
    let asked = HttpRequest {
        headers: vec![("x-kind".to_owned(), "a\r\nx-other: b".to_owned())],
        ..HttpRequest::default()
    };
    let refused = server().await.send(asked).await.unwrap_err();
    assert!(matches!(refused, HttpError::Request { .. }));
}
