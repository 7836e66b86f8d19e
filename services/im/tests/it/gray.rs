//! A release that is tried on some users of a split backend, promoted by its figures, and taken back, while the backend runs.

use crate::backend::{Im, befriend, hears, say, uin};
use im_client::Client;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;
use svrkit_rt::monitor::{Reader, Value, segment_path};
use tokio::process::Command;
use tokio::time::{sleep, timeout};

const PATIENCE: Duration = Duration::from_secs(90);
const PAUSE: Duration = Duration::from_millis(200);

/// A backend with two instances of the message service, the second one tagged.
struct Trial {
    im: Im,
    data_dir: PathBuf,
    places: String,
}

impl Trial {
    async fn start(data_dir: &Path) -> Trial {
        let at = |name: &str| format!("unix:{}/{name}.sock", data_dir.display());
        let places = format!("[{:?}, {:?}]", at("first"), at("second") + " tag=gray");
        let settings = [("SERVICES__MESSAGE", places.as_str())];
        Trial {
            im: Im::start_with(data_dir, &["--split"], &settings).await,
            data_dir: data_dir.to_owned(),
            places,
        }
    }

    /// Calls that the instances with these counters have served.
    fn served(&self, instance: &str) -> u64 {
        let path = segment_path(&self.data_dir.join("counters"), instance);
        let snapshot = Reader::open(path).unwrap().snapshot().unwrap();
        let of_message = ("service".to_owned(), "im.message.Message".to_owned());
        let calls = snapshot.series.iter().filter(|series| {
            series.metric.name == "rpc_server_calls" && series.labels.contains(&of_message)
        });
        let counts = calls.map(|series| match &series.value {
            Value::Counter(count) => *count,
            other => panic!("{other:?}"),
        });
        counts.sum()
    }

    fn both(&self) -> (u64, u64) {
        (self.served("message"), self.served("message.gray"))
    }

    /// `im gray …`.
    async fn gray(&self, args: &[&str]) -> Output {
        self.gray_with(args, "1000").await
    }

    async fn gray_with(&self, args: &[&str], calls_min: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_im"));
        command
            .arg("gray")
            .args(args)
            .arg("--data-dir")
            .arg(&self.data_dir);
        command.env("IM__SERVICES__MESSAGE", &self.places);
        // Of a few calls on a busy machine some are slow.
        command.env("IM__GRAY__PROMOTE_SLOWER_PERCENT_MAX", "1000000");
        command.env("IM__GRAY__PROMOTE_CALLS_MIN", calls_min);
        command
            .args(["--page", &self.im.page])
            .output()
            .await
            .unwrap()
    }

    /// Says something until the tagged instance is asked for it, or the other one.
    async fn says_until(&self, from: &Client, to: u64, tagged: bool) {
        let meets = async {
            loop {
                let before = self.both();
                say(from, to, "which one?").await;
                let after = self.both();
                if (after.1 > before.1) == tagged {
                    return;
                }
                sleep(PAUSE).await;
            }
        };
        timeout(PATIENCE, meets).await.expect("access follows");
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test]
async fn a_release_is_tried_promoted_and_taken_back_while_the_backend_runs() {
    let data = tempfile::tempdir().unwrap();
    let trial = Trial::start(data.path()).await;
    let (ada, bob) = (
        trial.im.register("ada").await,
        trial.im.register("bob").await,
    );
    befriend(&ada, &bob).await;
    let (to_ada, to_bob) = (uin(&ada), uin(&bob));
    say(&ada, to_bob, "nobody is tried on").await;
    assert_eq!(trial.both(), (1, 0));

    let named = trial.gray(&["--uins", &to_ada.to_string()]).await;
    let said = text(&named.stdout);
    assert!(
        named.status.success() && said.contains("1 named users"),
        "{said}"
    );
    assert!(said.contains("second.sock"), "{said}");
    trial.says_until(&ada, to_bob, true).await;
    let before = trial.both();
    for _ in 0..5 {
        say(&ada, to_bob, "tagged").await;
        say(&bob, to_ada, "not tagged").await;
    }
    assert_eq!(trial.both(), (before.0 + 5, before.1 + 5));

    let promoted = async {
        let mut refused = String::new();
        while !refused.contains("too few to tell; 1000 are needed") {
            let output = trial.gray(&["promote"]).await;
            assert!(!output.status.success());
            refused = text(&output.stderr);
            sleep(PAUSE).await;
        }
        loop {
            // Once the centre has the figures.
            let output = trial.gray_with(&["promote"], "5").await;
            if output.status.success() {
                return text(&output.stdout);
            }
            sleep(PAUSE).await;
        }
    };
    let said = timeout(PATIENCE, promoted).await.expect("it does as well");
    assert!(said.contains("100% of users"), "{said}");
    trial.says_until(&bob, to_ada, true).await;

    assert!(trial.gray(&["stop"]).await.status.success());
    trial.says_until(&ada, to_bob, false).await;
    trial.says_until(&bob, to_ada, false).await;
    let shown = text(&trial.gray(&["show"]).await.stdout);
    assert!(shown.contains("0% of users, 0 named users"), "{shown}");
    assert!(hears(&bob, to_ada, 8).await >= 8);
}
