//! An agent and a centre, with the counters of this process between them: who is killed, is away, or answers into the void.

use crate::reporting::{centre, increments, total};
use im_idl::base::Empty;
use im_idl::monitor::{
    AgentClient, AlarmsResponse, Centre, CentreClient, CentreServer, InstancesResponse,
    ListRequest, ListResponse, QueryRequest, QueryResponse, ReportRequest, ReportResponse,
    StatusResponse,
};
use im_monitor::{AgentConfig, AgentDeps, Config, build_agent};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use svrkit_rt::testing::{self, run_test};
use svrkit_rt::{Channel, Context, Server, Status, clock, monitor};
use tempfile::TempDir;
use tokio::time::sleep;

svrkit_rt::monitor! {
    /// Counted around an agent that is killed.
    static KILLED: Counter = "it_agent_killed";
    /// Counted while the centre is away.
    static AWAY: Counter = "it_centre_away";
    /// Counted in reports that are dropped.
    static DROPPED: Counter = "it_reports_dropped";
    /// Counted beside a file that is none.
    static GARBAGE: Counter = "it_garbage_beside";
    /// Counted before the centre forgets everything.
    static ANOTHER: Counter = "it_another_store";
}

/// The counters of this process, which has one segment for all its tests.
static COUNTERS: LazyLock<TempDir> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let config = monitor::Config {
        directory: dir.path().to_owned(),
        instance: "it".to_owned(),
        service: "it".to_owned(),
        ..monitor::Config::default()
    };
    monitor::open(&config).unwrap();
    dir
});

const PERIOD: Duration = Duration::from_secs(10);

const OPEN: u8 = 0;
/// Refuses.
const AWAY_NOW: u8 = 1;
/// Takes reports, and the answers are lost.
const DEAF: u8 = 2;

/// A way to a centre that may be closed.
struct Gate {
    state: Arc<AtomicU8>,
    centre: CentreClient,
}

impl Centre for Gate {
    async fn report(
        &self,
        _: &mut Context,
        request: ReportRequest,
    ) -> Result<ReportResponse, Status> {
        if self.state.load(Relaxed) == AWAY_NOW {
            return Err(Status::unavailable("away"));
        }
        let answer = self.centre.report(request).await?;
        match self.state.load(Relaxed) {
            DEAF => Err(Status::unavailable("nobody heard it")),
            _ => Ok(answer),
        }
    }

    async fn query(&self, _: &mut Context, _: QueryRequest) -> Result<QueryResponse, Status> {
        Err(Status::unimplemented(""))
    }

    async fn list(&self, _: &mut Context, _: ListRequest) -> Result<ListResponse, Status> {
        Err(Status::unimplemented(""))
    }

    async fn instances(&self, _: &mut Context, _: Empty) -> Result<InstancesResponse, Status> {
        Err(Status::unimplemented(""))
    }

    async fn alarms(&self, _: &mut Context, _: Empty) -> Result<AlarmsResponse, Status> {
        Err(Status::unimplemented(""))
    }
}

/// A machine whose agent reports through a gate.
struct Machine {
    dir: TempDir,
    counters: PathBuf,
    config: AgentConfig,
    state: Arc<AtomicU8>,
    to: Channel,
    began_s: u64,
}

impl Machine {
    fn new(centre: &CentreClient, host: &str) -> Machine {
        let state = Arc::new(AtomicU8::new(OPEN));
        let gate = Gate {
            state: state.clone(),
            centre: centre.clone(),
        };
        Machine {
            dir: tempfile::tempdir().unwrap(),
            counters: COUNTERS.path().to_owned(),
            config: AgentConfig {
                host: host.to_owned(),
                ..AgentConfig::default()
            },
            state,
            to: testing::serve(Server::new().service(CentreServer::new(gate))),
            began_s: clock::now_ms() / 1_000,
        }
    }

    /// An agent. Dropped, it is as dead as by SIGKILL: it gets no chance to write or say anything.
    async fn agent(&self) -> AgentClient {
        let deps = AgentDeps {
            centre: CentreClient::new(self.to.clone()),
            counters: Some(self.counters.clone()),
        };
        let server = build_agent(self.config.clone(), self.dir.path(), deps).await;
        let server = server.unwrap();
        AgentClient::new(testing::serve(server))
    }

    fn gate(&self, state: u8) {
        self.state.store(state, Relaxed);
    }
}

async fn status(agent: &AgentClient) -> StatusResponse {
    agent.status(Empty {}).await.unwrap()
}

/// So many readings, with something counted before each.
async fn periods(count: u64, counter: &monitor::Counter) {
    for _ in 0..count {
        counter.add(1);
        sleep(PERIOD).await;
    }
}

/// Until the last reading is of the past.
async fn settle() {
    sleep(2 * PERIOD).await;
}

async fn with_centre<Fut: Future<Output = ()>>(test: impl FnOnce(CentreClient) -> Fut) {
    LazyLock::force(&COUNTERS);
    let dir = tempfile::tempdir().unwrap();
    let (_centre, client) = centre(Config::default(), dir.path()).await;
    test(client).await;
}

#[test]
fn an_agent_killed_anywhere_loses_and_doubles_nothing() {
    run_test("killed", |_| {
        with_centre(|centre| async move {
            let machine = Machine::new(&centre, "killed");
            for life in 0..12u64 {
                // Before it is heard, while it is not, after it was and does not know.
                machine.gate([OPEN, AWAY_NOW, DEAF][life as usize % 3]);
                let agent = machine.agent().await;
                periods(2, &KILLED).await;
                sleep(Duration::from_millis(life * 911)).await;
                drop(agent);
            }
            machine.gate(OPEN);
            let _agent = machine.agent().await;
            periods(4, &KILLED).await;
            settle().await;
            assert_eq!(total(&centre, KILLED.name(), machine.began_s).await, 28.0);
        })
    });
}

#[test]
fn a_centre_that_was_away_an_hour_gets_every_ten_seconds_of_it() {
    run_test("away", |_| {
        with_centre(|centre| async move {
            let machine = Machine::new(&centre, "away");
            let agent = machine.agent().await;
            periods(3, &AWAY).await;
            machine.gate(AWAY_NOW);
            periods(360, &AWAY).await;
            let waiting = status(&agent).await;
            assert!(waiting.waiting_reports >= 359, "{waiting:?}");
            assert_eq!(waiting.dropped_reports, 0);
            machine.gate(OPEN);
            periods(6, &AWAY).await;
            settle().await;
            assert_eq!(status(&agent).await.waiting_reports, 0);
            let increments = increments(&centre, AWAY.name(), machine.began_s).await;
            assert_eq!(increments.iter().sum::<f64>(), 369.0);
            let alone = increments.iter().filter(|sum| **sum == 1.0).count();
            assert!(alone >= 365, "{alone} of {}", increments.len());
        })
    });
}

#[test]
fn reports_that_were_dropped_cost_detail_and_no_counts() {
    run_test("dropped", |_| {
        with_centre(|centre| async move {
            let mut machine = Machine::new(&centre, "dropped");
            machine.config.spool_bytes_max = 100_000;
            let agent = machine.agent().await;
            machine.gate(AWAY_NOW);
            periods(100, &DROPPED).await;
            let waiting = status(&agent).await;
            assert!(waiting.dropped_reports > 50, "{waiting:?}");
            assert!(waiting.waiting_bytes <= 100_000, "{waiting:?}");
            machine.gate(OPEN);
            periods(6, &DROPPED).await;
            settle().await;
            assert_eq!(total(&centre, DROPPED.name(), machine.began_s).await, 106.0);
        })
    });
}

#[test]
fn garbage_among_the_counters_hides_nothing_else() {
    run_test("garbage", |_| {
        with_centre(|centre| async move {
            let mut machine = Machine::new(&centre, "garbage");
            let directory = tempfile::tempdir().unwrap();
            machine.counters = directory.path().to_owned();
            let good = COUNTERS.path().join("it.monitor");
            let whole = std::fs::read(&good).unwrap();
            std::os::unix::fs::symlink(&good, directory.path().join("it.monitor")).unwrap();
            let write = |name: &str, bytes: &[u8]| {
                std::fs::write(directory.path().join(name), bytes).unwrap();
            };
            write("empty.monitor", b"");
            write("garbage.monitor", &[0x5A; 100_000]);
            write("truncated.monitor", &whole[..whole.len() / 2]);
            let mut newer = whole;
            newer[16] ^= 0xFF;
            write("newer.monitor", &newer[..8_192]);
            write("notes.txt", b"not ours");
            let agent = machine.agent().await;
            periods(3, &GARBAGE).await;
            settle().await;
            assert_eq!(status(&agent).await.unreadable_files, 4);
            assert_eq!(total(&centre, GARBAGE.name(), machine.began_s).await, 3.0);
            for name in ["empty", "garbage", "truncated", "newer"] {
                let path = directory.path().join(name).with_extension("monitor");
                std::fs::remove_file(path).unwrap();
            }
            periods(2, &GARBAGE).await;
            assert_eq!(status(&agent).await.unreadable_files, 0);
        })
    });
}

#[test]
fn a_centre_with_another_store_is_told_everything_anew() {
    run_test("another", |_| {
        with_centre(|first| async move {
            let machine = Machine::new(&first, "another");
            let agent = machine.agent().await;
            periods(3, &ANOTHER).await;
            let dir = tempfile::tempdir().unwrap();
            let (_centre, second) = centre(Config::default(), dir.path()).await;
            // The same agent, with the same name and rising numbers, at another centre.
            drop(agent);
            let moved = Machine {
                state: Arc::new(AtomicU8::new(OPEN)),
                ..Machine::new(&second, "another")
            };
            copy(machine.dir.path(), moved.dir.path());
            let _agent = moved.agent().await;
            periods(3, &ANOTHER).await;
            settle().await;
            assert_eq!(total(&second, ANOTHER.name(), moved.began_s).await, 6.0);
        })
    });
}

fn copy(from: &Path, to: &Path) {
    std::fs::copy(from.join("agent"), to.join("agent")).unwrap();
}
