//! `/health`, `/services` and `/`.

use crate::support::Site;
use svrkit_rt::ServingStatus;

async fn get(site: &Site, path: &str, accept: &str) -> crate::support::Answer {
    let request = format!("GET {path} HTTP/1.1\r\nhost: shop\r\naccept: {accept}\r\n\r\n");
    site.ask(&request).await
}

#[tokio::test]
async fn health_is_what_the_handle_says() {
    let site = Site::open();
    let answer = get(&site, "/health", "*/*").await;
    assert_eq!(
        (answer.status, answer.text()),
        (200, r#"{"status":"SERVING"}"#)
    );
    site.health.set("", ServingStatus::NotServing);
    let answer = get(&site, "/health", "*/*").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.text(), r#"{"status":"NOT_SERVING"}"#);
    site.close().await;
}

#[tokio::test]
async fn a_terminal_gets_the_idl_as_text() {
    let site = Site::open();
    let answer = get(&site, "/services", "*/*").await;
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    let text = answer.text();
    for line in [
        "service shop.v1.Shop",
        "  Sells <things> & \"more\".",
        "  Show (shop.v1.Ask) -> shop.v1.Seen",
        "    id              1",
        "    timeout         700 ms",
        "    idempotent      yes",
        "    priority        7",
        "    hash key        user.id",
        "    largest request 64 bytes",
        "    cgi             POST /cgi-bin/show (no ticket, command 11)",
        "    cgi             POST /cgi-bin/buy (ticket required)",
        "    usage           shows <what> arrives",
        "message shop.v1.Ask",
        "  map<string, uint64> counts = 6",
        "  optional uint32 maybe = 9",
        "  oneof string left = 10",
        "  COLOR_RED = 1",
        "service svrkit.v1.Builtin",
        "service grpc.health.v1.Health",
    ] {
        assert!(
            text.lines().any(|l| l == line),
            "{line:?} is not in:\n{text}"
        );
    }
    let reflection = "service grpc.reflection.v1.ServerReflection";
    assert_eq!(text.contains(reflection), cfg!(feature = "reflection"));
    site.close().await;
}

#[tokio::test]
async fn a_browser_gets_a_page_without_script_or_injection() {
    let site = Site::open();
    let answer = get(&site, "/services", "text/html,*/*;q=0.8").await;
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(!policy.contains("script-src"), "{policy}");
    let page = answer.text();
    assert!(page.contains("Sells &lt;things&gt; &amp; &quot;more&quot;."));
    assert!(page.contains("shows &lt;what&gt; arrives"));
    assert!(!page.contains("<things>") && !page.contains("<script"));
    assert!(page.contains("<a href=\"#shop.v1.User\">"));
    site.close().await;
}

#[tokio::test]
async fn a_program_gets_json() {
    let site = Site::open();
    let answer = get(&site, "/services", "application/json").await;
    assert_eq!(answer.header("content-type"), "application/json");
    let page = answer.json();
    let services = page["services"].as_array().expect("services");
    let shop = services.iter().find(|s| s["name"] == "shop.v1.Shop");
    let show = &shop.expect("the shop")["methods"][0];
    assert_eq!(show["full_name"], "shop.v1.Shop/Show");
    assert_eq!(show["cmd_id"], 1);
    assert_eq!(show["hash_key"], "user.id");
    assert_eq!(show["cgi"]["ticket"], "NONE");
    site.close().await;
}

#[tokio::test]
async fn the_root_leads_to_the_services() {
    let site = Site::open();
    let answer = get(&site, "/", "*/*").await;
    assert_eq!(answer.status, 302);
    assert_eq!(answer.header("location"), "/services");
    site.close().await;
}

#[tokio::test]
async fn pages_are_only_read() {
    let site = Site::open();
    let mut peer = site.peer();
    peer.send("HEAD /services HTTP/1.1\r\n\r\n").await;
    let head = peer.bare_answer().await;
    assert_eq!(head.status, 200);
    peer.send("GET /health HTTP/1.1\r\n\r\n").await;
    assert_eq!(peer.answer().await.status, 200);
    let answer = site
        .ask("POST /services HTTP/1.1\r\ncontent-length: 0\r\n\r\n")
        .await;
    answer.error(405, "unimplemented");
    assert_eq!(answer.header("allow"), "GET, HEAD");
    site.close().await;
}
