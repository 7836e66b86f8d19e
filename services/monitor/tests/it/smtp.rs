//! Mail through a real SMTP server, aiosmtpd. Run by `.ci/run`, which installs it:
//! `SMTP_PYTHON=python3 cargo test -p im-monitor --test it -- --ignored smtp`.

use crate::world::plan;
use im_monitor::history::MemoryHistory;
use im_monitor::mail::{Postman, figures, letter};
use im_monitor::plan::Plan;
use im_monitor::sinks::{Letter, Mailer, SinkError, SmtpPlan};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::watch;

/// `tests/smtp_server.py`, which prints its port and then each mail, a line of JSON each.
struct SmtpServer {
    port: u16,
    lines: Lines<BufReader<ChildStdout>>,
    _process: Child,
}

impl SmtpServer {
    async fn start(arguments: &[&Path]) -> SmtpServer {
        let python = std::env::var("SMTP_PYTHON").unwrap_or("python3".to_owned());
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/smtp_server.py");
        let mut process = Command::new(python)
            .arg(script)
            .args(arguments)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines
            .next_line()
            .await
            .unwrap()
            .expect("aiosmtpd is installed");
        SmtpServer {
            port: port.parse().unwrap(),
            lines,
            _process: process,
        }
    }

    async fn mail(&mut self) -> serde_json::Value {
        let line = self.lines.next_line().await.unwrap().unwrap();
        serde_json::from_str(&line).unwrap()
    }

    fn plan(&self, more: &str) -> Plan {
        let port = self.port;
        plan(&format!(
            "[smtp]\nhost = \"localhost\"\nport = {port}\nfrom = \"im <im@example.org>\"\n{more}\n\
             [daily_mail]\nto = [\"Ada <ada@example.org>\", \"bob@example.org\"]\nat = \"00:00\"\n"
        ))
    }
}

fn mailer(plan: &Plan) -> (Mailer, SmtpPlan) {
    let smtp = plan.daily_mail.clone().unwrap().smtp;
    (Mailer::new(smtp.clone()), smtp)
}

fn hello() -> Letter {
    Letter {
        subject: "Grüße".to_owned(),
        text: "two\nlines\n.\nand a dot".to_owned(),
        ..Letter::default()
    }
}

#[tokio::test]
#[ignore = "needs aiosmtpd"]
async fn smtp_in_the_open_on_this_machine() {
    let mut server = SmtpServer::start(&[]).await;
    let plan = server.plan("tls = \"none\"");
    let to = plan.daily_mail.as_ref().unwrap().to.clone();
    mailer(&plan).0.send(&to, hello()).await.unwrap();
    let mail = server.mail().await;
    assert_eq!(mail["from"], "im@example.org");
    assert_eq!(
        mail["to"],
        serde_json::json!(["ada@example.org", "bob@example.org"])
    );
    assert_eq!(mail["subject"], "Grüße");
    assert_eq!(mail["text"], "two\nlines\n.\nand a dot");
    let daily = figures(
        &MemoryHistory::at(0),
        im_monitor::Zone::default(),
        1_767_657_600,
    );
    let letter = letter(&daily, "http://im/");
    mailer(&plan).0.send(&to, letter).await.unwrap();
    let mail = server.mail().await;
    let parts = ["text/plain", "text/html", "image/png"].map(|kind| &mail["parts"][kind]);
    assert_eq!(parts.map(|n| n.as_u64().unwrap()), [1, 1, 5]);
}

#[tokio::test]
#[ignore = "needs aiosmtpd"]
async fn smtp_with_starttls_and_a_login() {
    let dir = tempfile::tempdir().unwrap();
    let names = vec!["localhost".to_owned()];
    let certified = rcgen::generate_simple_self_signed(names).unwrap();
    let [chain, key, password] = ["ca.pem", "key.pem", "password"].map(|f| dir.path().join(f));
    std::fs::write(&chain, certified.cert.pem()).unwrap();
    std::fs::write(&key, certified.signing_key.serialize_pem()).unwrap();
    let mut server = SmtpServer::start(&[&chain, &key]).await;
    let login = format!("user = \"im\"\npassword_file = {password:?}\n");
    let to = ["ada@example.org".to_owned()];

    std::fs::write(&password, "wrong\n").unwrap();
    let trusting = server.plan(&format!("tls = \"starttls\"\nca_file = {chain:?}\n{login}"));
    let refused = mailer(&trusting).0.send(&to, hello()).await.unwrap_err();
    assert!(matches!(refused, SinkError::Smtp { .. }), "{refused:?}");

    std::fs::write(&password, "correct horse\n").unwrap();
    mailer(&trusting).0.send(&to, hello()).await.unwrap();
    assert_eq!(server.mail().await["subject"], "Grüße");

    // Whoever is not trusted is told nothing, least of all the password.
    let other = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(&chain, other.cert.pem()).unwrap();
    mailer(&trusting).0.send(&to, hello()).await.unwrap_err();
}

#[tokio::test]
#[ignore = "needs aiosmtpd"]
async fn smtp_daily_mail_goes_out_once_a_day_over_restarts() {
    let mut server = SmtpServer::start(&[]).await;
    let dir = tempfile::tempdir().unwrap();
    let (_plans, plan) = watch::channel(Arc::new(server.plan("tls = \"none\"")));
    let run = || {
        let postman = Postman::open(dir.path(), plan.clone()).unwrap();
        tokio::spawn(postman.run(Arc::new(MemoryHistory::at(0))))
    };
    // The first one ever begins with the next day.
    let file = dir.path().join("daily_mail");
    let first = run();
    let today = remembered(&file, |_| true).await;
    first.abort();

    std::fs::write(&file, format!("{}\n", today - 1)).unwrap();
    let second = run();
    let id = server.mail().await["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("<daily.20"), "{id}");
    assert_eq!(remembered(&file, |day| day >= today).await, today);
    second.abort();

    let third = run();
    // It looks at once, and had it sent one, that would come before this.
    let (mailer, _) = mailer(&plan.borrow().clone());
    tokio::task::yield_now().await;
    mailer
        .send(&["bob@example.org".to_owned()], hello())
        .await
        .unwrap();
    assert_eq!(server.mail().await["subject"], "Grüße");
    third.abort();
}

/// The day that was sent last, when it is so.
async fn remembered(file: &Path, done: impl Fn(u64) -> bool) -> u64 {
    loop {
        let day = std::fs::read_to_string(file).ok();
        let day = day.and_then(|text| text.trim().parse().ok());
        match day.filter(|day| done(*day)) {
            Some(day) => return day,
            None => tokio::task::yield_now().await,
        }
    }
}
