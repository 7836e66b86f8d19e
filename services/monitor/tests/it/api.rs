//! The centre over HTTP: what the page and tools get.

use crate::http::{Answer, Request, send};
use crate::reporting::{centre, report};
use im_idl::monitor::CentreClient;
use im_monitor::{Centre, Config};
use serde_json::{Value, json};
use svrkit_rt::Listener;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

/// A centre with its page on a port.
struct Site {
    _dir: TempDir,
    _centre: Centre,
    client: CentreClient,
    address: String,
    _stop: oneshot::Sender<()>,
}

impl Site {
    async fn start(config: Config) -> Site {
        let dir = tempfile::tempdir().unwrap();
        let (centre, client) = centre(config, dir.path()).await;
        let listener = Listener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.address().to_string();
        let (stop, stopped) = oneshot::channel::<()>();
        let page = centre.page();
        tokio::spawn(page.run(listener, async { drop(stopped.await) }));
        Site {
            _dir: dir,
            _centre: centre,
            client,
            address,
            _stop: stop,
        }
    }

    async fn send(&self, path: &str, request: Request) -> Answer {
        send(&self.address, path, request).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(path, Request::default()).await
    }

    async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        serde_json::from_str(&answer.body).unwrap()
    }
}

#[tokio::test]
async fn curves_are_columns() {
    let site = Site::start(Config::default()).await;
    for (seq, path) in [(1, "a"), (2, "b")] {
        let reported = report(seq, "tests", &[("path", path)], seq * 10);
        site.client.report(reported).await.unwrap();
    }
    let answer = site
        .json("/api/query?name=tests&value=sum&by=path&step=10")
        .await;
    let times = answer["t"].as_array().unwrap();
    assert_eq!(answer["kind"], "counter");
    assert_eq!(answer["help"], "Tests that were made.");
    let lines = answer["lines"].as_array().unwrap();
    assert_eq!(lines.len(), 2);
    for (line, (title, sum)) in lines.iter().zip([("a", 10.0), ("b", 20.0)]) {
        assert_eq!(line["title"], title);
        assert_eq!(line["overlay"], Value::Null);
        let values = line["v"].as_array().unwrap();
        assert_eq!(values.len(), times.len());
        assert_eq!(values.last().unwrap(), &json!(sum));
    }
    let one = site
        .json("/api/query?name=tests&labels=path:b&overlay=yesterday,lastweek")
        .await;
    let overlays: Vec<&Value> = one["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| &l["overlay"])
        .collect();
    assert_eq!(overlays[0], &Value::Null);
    let listed = site.json("/api/series?match=TESTS%20b&limit=5").await;
    assert_eq!(listed["series"][0]["labels"], json!({"path": "b"}));
    assert_eq!(listed["more"], false);
    for nonsense in ["value=p101", "from=x", "from=9&to=3", "step=1&from=1"] {
        let answer = site.get(&format!("/api/query?name=tests&{nonsense}")).await;
        assert_eq!(answer.status, 400, "{nonsense}");
    }
}

#[tokio::test]
async fn what_agents_say_stays_text() {
    let site = Site::start(Config::default()).await;
    let hostile = "</script><script>alert(1)</script>\u{2028}\"";
    let mut reported = report(1, "tests", &[("path", hostile)], 1);
    reported.host = hostile.to_owned();
    reported.instances[0].instance = hostile.to_owned();
    site.client.report(reported).await.unwrap();
    let overview = site.json("/api/overview").await;
    assert_eq!(overview["instances"][0]["host"], hostile);
    let listed = site.json("/api/series?match=script").await;
    assert_eq!(listed["series"][0]["labels"]["path"], hostile);
    let metrics = site.get("/metrics").await;
    let text = metrics.body;
    assert!(text.ends_with("# EOF\n"), "{text}");
    assert!(text.contains("tests_total{"), "{text}");
    let lines = text.lines().filter(|line| line.starts_with("tests_total"));
    assert_eq!(lines.count(), 1, "{text}");
    // It is JSON, and no browser is to take it for anything else.
    let answer = site.get("/api/overview").await;
    let header = |name: &str| answer.headers.get(name).map(String::as_str);
    assert_eq!(header("content-type"), Some("application/json"));
    assert_eq!(header("x-content-type-options"), Some("nosniff"));
    assert!(
        header("content-security-policy")
            .unwrap()
            .contains("default-src 'self'")
    );
}

#[tokio::test]
async fn the_overview_has_all_that_the_page_wants() {
    let site = Site::start(Config::default()).await;
    let sent = report(1, "im_messages_sent", &[("kind", "text")], 600);
    site.client.report(sent).await.unwrap();
    let labels = [
        ("service", "im.message.Message"),
        ("method", "Send"),
        ("code", "ok"),
    ];
    let called = report(2, "rpc_server_calls", &labels, 120);
    site.client.report(called).await.unwrap();
    let overview = site.json("/api/overview?range_s=3600").await;
    for part in ["now", "alarms", "tiles", "methods", "graph", "instances"] {
        assert!(!overview[part].is_null(), "{part}");
    }
    let tiles = overview["tiles"].as_array().unwrap();
    let tile = tiles
        .iter()
        .find(|tile| tile["key"] == "messages_sent")
        .unwrap();
    assert_eq!(tile["value"], 10.0);
    assert_eq!(tile["yesterday"], Value::Null);
    assert_eq!(tile["spark"].as_array().unwrap().len(), 60);
    assert_eq!(tile["query"], "name=im_messages_sent&value=rate");
    let method = &overview["methods"][0];
    assert_eq!(method["service"], "im.message.Message");
    assert_eq!(
        (&method["qps"], &method["success"]),
        (&json!(2.0), &json!(1.0))
    );
    assert_eq!(overview["graph"]["nodes"][0]["name"], "im.message.Message");
    let instance = &overview["instances"][0];
    assert_eq!(
        (&instance["host"], &instance["silent"]),
        (&json!("here"), &json!(false))
    );
}

#[tokio::test]
async fn silences_need_the_token() {
    let config = Config {
        token: "secret".to_owned(),
        ..Config::default()
    };
    let site = Site::start(config).await;
    let silence =
        json!({"matcher": {"rule": "calls_fail"}, "minutes": 5, "author": "ada", "comment": ""});
    let ask = |token: &str, content_type: &str| Request {
        method: "POST",
        headers: vec![
            ("authorization", format!("Bearer {token}")),
            ("content-type", content_type.to_owned()),
        ],
        body: silence.to_string(),
    };
    let json_type = "application/json";
    for wrong in ["", "Secret", "secrets", "secre"] {
        assert_eq!(
            site.send("/api/silences", ask(wrong, json_type))
                .await
                .status,
            401
        );
    }
    // What a form of another site could send is none.
    assert_eq!(
        site.send("/api/silences", ask("secret", "text/plain"))
            .await
            .status,
        400
    );
    let made = site.send("/api/silences", ask("secret", json_type)).await;
    assert_eq!(made.status, 200);
    let made: Value = serde_json::from_str(&made.body).unwrap();
    let alarms = site.json("/api/alarms").await;
    assert_eq!(alarms["silences"][0]["id"], made["id"]);
    assert_eq!(
        alarms["silences"][0]["matcher"],
        json!({"rule": "calls_fail"})
    );
    assert!(
        alarms["rules"]
            .as_array()
            .unwrap()
            .iter()
            .any(|rule| rule["name"] == "calls_fail")
    );
    let path = format!("/api/silences/{}", made["id"].as_str().unwrap());
    let end = |token: &str| Request {
        method: "DELETE",
        ..ask(token, json_type)
    };
    assert_eq!(site.send(&path, end("wrong")).await.status, 401);
    assert_eq!(site.send(&path, end("secret")).await.status, 200);
    assert_eq!(site.send(&path, end("secret")).await.status, 404);
}

#[tokio::test]
async fn the_overview_comes_live() {
    let site = Site::start(Config::default()).await;
    let mut stream = TcpStream::connect(&site.address).await.unwrap();
    let request = format!("GET /api/live HTTP/1.1\r\nhost: {}\r\n\r\n", site.address);
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    while !text.contains("\n\n") {
        let mut bytes = [0; 4_096];
        let read = stream.read(&mut bytes).await.unwrap();
        assert!(read > 0, "{text}");
        text += &String::from_utf8_lossy(&bytes[..read]);
    }
    assert!(text.contains("content-type: text/event-stream"), "{text}");
    assert!(text.contains("event: overview\ndata: {\"now\":"), "{text}");
}

#[tokio::test]
async fn the_page_is_served() {
    let site = Site::start(Config::default()).await;
    let page = site.get("/").await;
    let links = page.body.split("=\"/web/").skip(1);
    for link in links.filter_map(|rest| rest.split('"').next()) {
        assert_eq!(
            site.get(&format!("/web/{link}")).await.status,
            200,
            "{link}"
        );
    }
    let script = site.get("/web/js/main.js").await;
    let again = Request {
        headers: vec![("if-none-match", script.headers["etag"].clone())],
        ..Request::default()
    };
    assert_eq!(site.send("/web/js/main.js", again).await.status, 304);
    for nowhere in ["/web/", "/web/../Cargo.toml", "/web/js/none.js"] {
        assert_eq!(site.get(nowhere).await.status, 404, "{nowhere}");
    }
}
