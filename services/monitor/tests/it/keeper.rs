//! The keeper: alarms over time and restarts, on a clock that the test steers.

use crate::world::silence;
use im_monitor::history::{History, MemoryHistory, Selector, Source, Value};
use im_monitor::keeper::{AlarmsHandle, Keeper, KeeperError};
use im_monitor::plan::{Plan, Plans, follow};
use std::path::Path;
use std::sync::{Arc, RwLock};
use std::time::Duration;
use svrkit_rt::clock;
use svrkit_rt::testing::run_test;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

const DEEP: &str = r#"
    [[rule]]
    name = "deep"
    summary = "deep"
    metric = "depth"
    value = "last"
    above = 10
    step = "10s"
    for = "30s"
"#;

/// A store that one may write to while it is read.
#[derive(Clone, Default)]
struct Store(Arc<RwLock<MemoryHistory>>);

impl History for Store {
    fn series(
        &self,
        selector: &Selector,
        value: Value,
        from_s: u64,
        to_s: u64,
        step_s: u64,
    ) -> Vec<Option<f64>> {
        let store = self.0.read().unwrap();
        store.series(selector, value, from_s, to_s, step_s)
    }

    fn label_values(&self, name: &str, label: &str) -> Vec<String> {
        self.0.read().unwrap().label_values(name, label)
    }

    fn now_s(&self) -> u64 {
        clock::now_ms() / 1_000
    }
}

impl Store {
    fn gauge(&self, value: f64) {
        let at_s = self.now_s();
        let mut store = self.0.write().unwrap();
        store.gauge(&Source::of("push"), "depth", &[], at_s, value);
    }

    /// So much time, with this reported every ten seconds.
    async fn report(&self, seconds: u64, value: f64) {
        for _ in 0..seconds / 10 {
            self.gauge(value);
            sleep(Duration::from_secs(10)).await;
        }
    }
}

fn fixed(text: &str) -> Plans {
    watch::channel(Arc::new(Plan::parse(text, "test").unwrap())).1
}

fn keep(dir: &Path, plans: Plans, store: &Store) -> (JoinHandle<()>, AlarmsHandle) {
    let (keeper, handle) = Keeper::open(dir, plans).unwrap();
    let store: Arc<dyn History + Send + Sync> = Arc::new(store.clone());
    (tokio::spawn(keeper.run(store)), handle)
}

fn states(handle: &AlarmsHandle) -> Vec<&'static str> {
    let shown = handle.shown();
    let active = shown.alarms.active.iter();
    active.map(|one| one.alarm.state.name()).collect()
}

#[test]
fn alarms_and_silences_outlive_the_process() {
    run_test("keeper", |_| async {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::default();
        let (task, handle) = keep(dir.path(), fixed(DEEP), &store);
        store.report(100, 11.0).await;
        assert_eq!(states(&handle), ["firing"]);
        let since_s = handle.shown().alarms.active[0].alarm.state.since_s();
        let asked = handle.silence(silence("rule", "deep", 60)).await.unwrap();
        task.abort();
        let _ = task.await;
        let gone = handle.silence(silence("rule", "deep", 60)).await;
        assert!(matches!(gone, Err(KeeperError::Gone)));

        let (_task, handle) = keep(dir.path(), fixed(DEEP), &store);
        let shown = handle.shown();
        assert_eq!(shown.alarms.active[0].alarm.state.since_s(), since_s);
        assert!(shown.alarms.active[0].silenced);
        assert_eq!(shown.alarms.silences, std::slice::from_ref(&asked));
        assert!(handle.unsilence(&asked.id).await.unwrap());
        assert!(!handle.unsilence(&asked.id).await.unwrap());
        store.report(100, 1.0).await;
        let shown = handle.shown();
        assert!(shown.alarms.active.is_empty());
        assert_eq!(Some(shown.alarms.ended[0].from_s), since_s);
        assert_eq!(shown.sinks.len(), 0);
    });
}

#[test]
fn a_request_that_makes_no_sense_is_refused() {
    run_test("keeper", |_| async {
        let dir = tempfile::tempdir().unwrap();
        let (_task, handle) = keep(dir.path(), fixed(DEEP), &Store::default());
        let refused = handle.silence(silence("rule", "deep", 0)).await;
        assert!(matches!(refused, Err(KeeperError::Silence(_))));
        assert!(handle.shown().alarms.silences.is_empty());
    });
}

#[test]
fn a_file_that_cannot_be_understood_is_put_aside() {
    run_test("keeper", |_| async {
        for nonsense in ["nonsense", r#"{"version":2,"memory":{}}"#] {
            let dir = tempfile::tempdir().unwrap();
            let file = dir.path().join("alarms.json");
            std::fs::write(&file, nonsense).unwrap();
            let (_keeper, handle) = Keeper::open(dir.path(), fixed(DEEP)).unwrap();
            assert!(handle.shown().alarms.active.is_empty());
            let aside = std::fs::read(dir.path().join("alarms.json.unreadable"));
            assert_eq!(aside.unwrap(), nonsense.as_bytes());
        }
    });
}

#[test]
fn a_new_plan_is_taken_over_and_one_with_mistakes_is_not() {
    run_test("keeper", |_| async {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("alarms.toml");
        std::fs::write(&file, DEEP).unwrap();
        let store = Store::default();
        let plans = follow(Some(file.clone())).unwrap();
        let (_task, handle) = keep(dir.path(), plans, &store);
        store.report(60, 7.0).await;
        assert!(states(&handle).is_empty());
        std::fs::write(&file, "[[rule]]\nname = 1\n").unwrap();
        store.report(60, 7.0).await;
        let rules = |handle: &AlarmsHandle| handle.shown().alarms.rules.len();
        assert_eq!(rules(&handle), 1);
        std::fs::write(&file, DEEP.replace("above = 10", "above = 6")).unwrap();
        store.report(100, 7.0).await;
        assert_eq!(states(&handle), ["firing"]);
        std::fs::remove_file(&file).unwrap();
        store.report(20, 7.0).await;
        assert_eq!(rules(&handle), 1);
    });
}

#[test]
fn a_plan_with_mistakes_is_none_to_begin_with() {
    run_test("keeper", |_| async {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("alarms.toml");
        let missing = follow(Some(file.clone())).unwrap_err().to_string();
        assert!(missing.starts_with("cannot read "), "{missing}");
        std::fs::write(&file, "[[rule]]\n").unwrap();
        let wrong = follow(Some(file.clone())).unwrap_err().to_string();
        let place = format!("{}:1:1: name is missing", file.display());
        assert!(wrong.starts_with(&place), "{wrong}");
    });
}
