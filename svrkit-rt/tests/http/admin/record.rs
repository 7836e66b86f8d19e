//! Recording by operators.

use super::Desk;
use crate::generated::shop::v1::Ask;
use crate::support::Answer;
use std::path::Path;
use svrkit_rt::admin::Token;
use svrkit_rt::record::{FileEnd, Reader, Recorder, RecorderConfig};

const TOKEN: &str = "a-token-of-this-test";

fn desk(directory: &Path) -> Desk {
    let config = RecorderConfig {
        directory: directory.to_owned(),
        ..RecorderConfig::default()
    };
    Desk::with(|admin| {
        let token = Token::new(TOKEN).expect("a token");
        admin.token(token).recorder(Recorder::new(config))
    })
}

async fn post(desk: &Desk, headers: &str, form: &str) -> Answer {
    let length = form.len();
    let mut peer = desk.peer();
    let request = format!(
        "POST /record HTTP/1.1\r\nhost: localhost\r\n{headers}content-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n{form}"
    );
    peer.send(request).await;
    peer.answer().await
}

#[tokio::test]
async fn an_operator_records_and_stops() {
    let directory = tempfile::tempdir().expect("a directory");
    let desk = desk(directory.path());
    desk.shop.show(Ask::default()).await.expect("an answer");
    let page = desk.html("/record").await;
    for part in [
        "<form method=\"post\" action=\"/record\">",
        "<option>shop.v1.Shop/Show</option>",
        "Nothing was recorded yet.",
    ] {
        assert!(page.text().contains(part), "{part}: {}", page.text());
    }
    let help = desk.text("/record").await;
    assert!(help.text().contains("-d action=start"), "{}", help.text());

    let bearer = format!("authorization: Bearer {TOKEN}\r\n");
    let start = "action=start&file=shows&method=shop.v1.Shop/Show&method=shop.v1.Shop/Buy&share=1&seconds=600&bytes=100000";
    let answer = post(&desk, &bearer, start).await;
    assert_eq!(
        (answer.status, answer.text()),
        (200, "shows is being written\n")
    );
    desk.shop.show(Ask::default()).await.expect("an answer");
    let page = desk.html("/record").await;
    assert!(page.text().contains("<h2>shows is being written</h2>"));
    assert!(page.text().contains("value=\"stop\""));
    let shown = desk.json("/record").await;
    assert_eq!(shown["last"]["ended"], serde_json::Value::Null);
    let methods = ["shop.v1.Shop/Buy", "shop.v1.Shop/Show"];
    assert_eq!(shown["last"]["methods"], serde_json::json!(methods));

    let form = format!("action=stop&token={TOKEN}");
    let answer = post(&desk, "accept: text/html\r\n", &form).await;
    assert_eq!(
        (answer.status, answer.header("location").as_str()),
        (303, "/record")
    );
    let page = desk.html("/record").await;
    assert!(page.text().contains("<h2>shows is over: stopped</h2>"));
    assert!(!page.text().contains(TOKEN));
    let shown = desk.json("/record").await;
    assert_eq!(shown["last"]["recorded"], 1, "{shown}");
    assert_eq!(shown["files"][0]["file"], "shows");
    let mut reader = Reader::open(directory.path().join("shows")).expect("a recording");
    assert!(reader.next_call().expect("not damaged").is_some());
    desk.close().await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_what_is_wrong() {
    let directory = tempfile::tempdir().expect("a directory");
    let desk = desk(directory.path());
    desk.shop.show(Ask::default()).await.expect("an answer");
    let bearer = format!("authorization: Bearer {TOKEN}\r\n");
    let bearer = bearer.as_str();
    let start = "action=start&method=shop.v1.Shop/Show&file=";
    for (headers, form, status, said) in [
        ("", format!("{start}a"), 401, "wrong token"),
        (bearer, format!("{start}../a"), 400, "no name of a file"),
        (
            bearer,
            format!("{start}/etc/passwd"),
            400,
            "no name of a file",
        ),
        (bearer, format!("{start}a&share=2"), 400, "share"),
        (bearer, format!("{start}a&seconds=soon"), 400, "seconds"),
        (bearer, format!("{start}a&bytes=1"), 400, "at least"),
        (
            bearer,
            format!("{start}a&bytes=99999999999"),
            400,
            "could be over",
        ),
        (bearer, "action=start&file=a".to_owned(), 400, "no method"),
        (
            bearer,
            format!("{start}a&method=shop.v1.None"),
            404,
            "shop.v1.None",
        ),
        (
            bearer,
            "action=stop".to_owned(),
            404,
            "nothing is being recorded",
        ),
        (bearer, "file=a".to_owned(), 400, "action is start or stop"),
    ] {
        let answer = post(&desk, headers, &form).await;
        assert_eq!(answer.status, status, "{form}: {}", answer.text());
        assert!(answer.text().contains(said), "{form}: {}", answer.text());
    }
    let form = format!("{start}a");
    assert_eq!(post(&desk, bearer, &form).await.status, 200);
    assert_eq!(post(&desk, bearer, &form).await.status, 409);
    let files = std::fs::read_dir(directory.path()).expect("a directory");
    assert_eq!(files.count(), 1);
    // A recording ends with the listener.
    desk.close().await;
    let mut reader = Reader::open(directory.path().join("a")).expect("a recording");
    assert_eq!(reader.next_call().expect("not damaged"), None);
    assert!(matches!(reader.end(), Some(FileEnd::Whole { .. })));
}

#[tokio::test]
async fn without_a_directory_or_a_token_nothing_is_recorded_and_the_page_says_why() {
    let desk = Desk::with(|admin| admin.token(Token::new(TOKEN).expect("a token")));
    let page = desk.html("/record").await;
    assert!(page.text().contains("the process has no directory for it"));
    assert!(!page.text().contains("<form"));
    let bearer = format!("authorization: Bearer {TOKEN}\r\n");
    assert_eq!(post(&desk, &bearer, "action=start").await.status, 501);
    desk.close().await;

    let desk = Desk::with(|admin| admin.recorder(Recorder::new(RecorderConfig::default())));
    let page = desk.html("/record").await;
    assert!(page.text().contains("no token is configured"));
    assert!(!page.text().contains("<form"));
    assert_eq!(post(&desk, &bearer, "action=start").await.status, 403);
    desk.close().await;
}
