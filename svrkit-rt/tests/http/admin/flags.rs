//! Settings that are changed while the process runs.

use super::Desk;
use crate::support::Answer;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use svrkit_rt::admin::{Flag, FlagKind, Flags, Token};

const TOKEN: &str = "a-token-of-this-test";

fn flags(value: &Arc<AtomicI64>) -> Flags {
    let (get, set) = (value.clone(), value.clone());
    let flags = Flags::new();
    flags.add(Flag::new(
        "shop.open_max",
        "Shops that are open at once.",
        FlagKind::Integer { min: 1, max: 99 },
        move || get.load(SeqCst).to_string(),
        move |new| match new.parse() {
            Ok(13) => Err("brings bad luck".to_owned()),
            Ok(n) => {
                set.store(n, SeqCst);
                Ok(())
            }
            Err(e) => Err(e.to_string()),
        },
    ));
    flags
}

async fn post(desk: &Desk, headers: &str, form: &str) -> Answer {
    let length = form.len();
    let mut peer = desk.peer();
    let request = format!(
        "POST /flags HTTP/1.1\r\nhost: localhost\r\n{headers}content-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n{form}"
    );
    peer.send(request).await;
    peer.answer().await
}

#[tokio::test]
async fn a_change_needs_the_token_and_a_value_that_makes_sense() {
    let value = Arc::new(AtomicI64::new(5));
    let token = Token::new(TOKEN).expect("a token");
    let desk = Desk::with(|admin| admin.flags(flags(&value)).token(token));
    let bearer = format!("authorization: Bearer {TOKEN}\r\n");
    for (headers, form, status, said) in [
        ("", "name=shop.open_max&value=6", 401, "wrong token"),
        (
            "",
            "name=shop.open_max&value=6&token=a-token-of-that-test",
            401,
            "wrong token",
        ),
        (
            bearer.as_str(),
            "name=shop.open_max",
            400,
            "value is missing",
        ),
        (
            &bearer,
            "name=shop.open_max&value=100",
            400,
            "whole number, 1 to 99",
        ),
        (
            &bearer,
            "name=shop.open_max&value=13",
            400,
            "brings bad luck",
        ),
        (&bearer, "name=none&value=1", 404, "no setting"),
    ] {
        let answer = post(&desk, headers, form).await;
        assert_eq!(answer.status, status, "{form}");
        assert!(answer.text().contains(said), "{form}: {}", answer.text());
        assert!(!answer.text().contains(TOKEN));
        assert_eq!(value.load(SeqCst), 5);
    }
    let answer = post(&desk, &bearer, "name=shop.open_max&value=6").await;
    assert_eq!(
        (answer.status, answer.text()),
        (200, "shop.open_max: 5 -> 6\n")
    );
    assert_eq!(value.load(SeqCst), 6);

    let form = format!("name=shop.open_max&value=7&token={TOKEN}");
    let answer = post(&desk, "accept: text/html\r\n", &form).await;
    assert_eq!(answer.status, 303);
    assert_eq!(value.load(SeqCst), 7);
    let page = desk.html(&answer.header("location")).await;
    assert!(page.text().contains("<h2>shop.open_max is 7 now</h2>"));
    assert!(
        page.text()
            .contains("<form method=\"post\" action=\"/flags\">")
    );
    assert!(!page.text().contains(TOKEN));
    let flags = desk.json("/flags").await;
    let flags = flags["flags"].as_array().expect("flags").iter();
    let mut flags = flags.filter(|flag| flag["name"] == "shop.open_max");
    assert_eq!(flags.next().expect("the flag")["value"], "7");
    desk.close().await;
}

#[tokio::test]
async fn without_a_token_nothing_is_changed_and_the_page_says_why() {
    let value = Arc::new(AtomicI64::new(5));
    let desk = Desk::with(|admin| admin.flags(flags(&value)));
    let answer = post(
        &desk,
        "authorization: Bearer \r\n",
        "name=shop.open_max&value=6&token=",
    )
    .await;
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("no token is configured"));
    assert_eq!(value.load(SeqCst), 5);
    let page = desk.html("/flags").await;
    assert!(page.text().contains("no token is configured"));
    assert!(!page.text().contains("<form method=\"post\""));
    assert!(page.text().contains("Shops that are open at once."));
    desk.close().await;
}
