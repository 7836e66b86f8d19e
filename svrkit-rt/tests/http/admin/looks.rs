//! Every page in every form.

use super::Desk;

#[tokio::test]
async fn browsers_get_html_without_script_and_terminals_text() {
    let desk = Desk::open();
    for (path, title, said) in [
        ("/", "Overview", "/metrics"),
        ("/status", "Status", "Served here"),
        ("/connections", "Connections", "0 open: shop 0."),
        ("/fleet", "Fleet", "0 channels"),
        ("/vars", "Vars", "series"),
        ("/rpcz", "Calls", "Failed"),
        ("/flags", "Flags", "can be changed"),
        ("/config", "Config", "does not tell"),
        ("/services", "Services", "shop.v1.Shop"),
    ] {
        let page = desk.html(path).await;
        assert_eq!(page.status, 200, "{path}");
        let html = page.text();
        assert!(
            html.contains(&format!("<h1>{title}</h1>")),
            "{path}: {html}"
        );
        assert!(html.contains(said), "{path}: {html}");
        assert!(html.contains("process ") && html.contains("version 1.2.3"));
        assert!(
            !html.contains("<script") && !html.contains("style="),
            "{path}"
        );
        assert!(
            page.header("content-security-policy")
                .starts_with("default-src 'self'")
        );
        let text = desk.text(path).await;
        assert!(text.text().contains(said), "{path}: {}", text.text());
        assert!(!text.text().contains("<td"), "{path}");
        assert!(desk.json(path).await.is_object());
        let forced = desk.get(&format!("{path}?format=json"), "text/html").await;
        assert_eq!(forced.header("content-type"), "application/json");
    }
    desk.close().await;
}

#[tokio::test]
async fn what_is_linked_is_there() {
    let desk = Desk::open();
    let page = desk.html("/").await;
    let links = page.text().split("href=\"").skip(1);
    let links: Vec<&str> = links.filter_map(|rest| rest.split('"').next()).collect();
    assert!(links.len() > 10, "{links:?}");
    for link in links {
        let status = desk.get(link, "*/*").await.status;
        let built_in = link != "/hotspots" || cfg!(feature = "hotspots");
        assert_eq!(status, if built_in { 200 } else { 501 }, "{link}");
    }
    assert_eq!(desk.get("/none", "*/*").await.status, 404);
    desk.close().await;
}

#[tokio::test]
async fn probes_and_collectors_get_what_they_expect() {
    let desk = Desk::open();
    let health = desk.get("/health", "*/*").await;
    assert_eq!(
        (health.status, health.text()),
        (200, r#"{"status":"SERVING"}"#)
    );
    let ready = desk.get("/ready", "*/*").await;
    assert_eq!(
        (ready.status, ready.json()["servers"]["shop"].as_str()),
        (200, Some("SERVING"))
    );
    let status = svrkit_rt::ServingStatus::NotServing;
    desk.site.health.set("", status);
    assert_eq!(desk.get("/ready", "*/*").await.status, 503);
    assert_eq!(desk.get("/health", "*/*").await.status, 200);
    let metrics = desk.get("/metrics", "*/*").await;
    assert!(
        metrics
            .header("content-type")
            .starts_with("application/openmetrics-text")
    );
    assert!(metrics.text().ends_with("# EOF\n"));
    desk.close().await;
}

#[tokio::test]
async fn an_admin_listener_takes_no_calls() {
    let desk = Desk::open();
    let call = "POST /svrkit.v1.Builtin/Echo HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    let mut peer = desk.peer();
    peer.send(call).await;
    peer.answer().await.error(501, "unimplemented");
    desk.close().await;
}
