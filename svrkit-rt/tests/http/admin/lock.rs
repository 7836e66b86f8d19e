//! Who may look on loopback.

use super::Desk;

#[tokio::test]
async fn a_name_that_somebody_points_here_is_refused() {
    let desk = Desk::open();
    for (host, status) in [
        ("localhost:9101", 200),
        ("127.0.0.1:9101", 200),
        ("[::1]:9101", 200),
        ("admin.evil.example", 403),
        ("admin.evil.example:9101", 403),
    ] {
        let answer = desk
            .ask(&format!("GET /config HTTP/1.1\r\nhost: {host}"))
            .await;
        assert_eq!(answer.status, status, "{host}");
    }
    desk.close().await;
}

#[tokio::test]
async fn pages_are_bounded_like_all_others() {
    let desk = Desk::open();
    let long = "x".repeat(9_000);
    assert_eq!(
        desk.get(&format!("/vars?q={long}"), "*/*").await.status,
        414
    );
    let answer = desk
        .ask("POST /flags HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000")
        .await;
    assert_eq!(answer.status, 413);
    assert_eq!(
        desk.ask("POST /vars HTTP/1.1\r\nhost: localhost")
            .await
            .status,
        405
    );
    desk.close().await;
}
