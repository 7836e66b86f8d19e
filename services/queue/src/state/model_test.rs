//! The state against a model of it that is slow and plain, over random histories with crashes.

use super::{Failure, State, Wish};
use crate::changes::{Change, Ending};
use crate::config::Config;
use crate::load::load;
use crate::rows;
use bytes::Bytes;
use im_engine::{Engine, Version};
use im_idl::queue::{LeaseId, Task};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use svrkit_rt::clock::now_ms;
use svrkit_rt::testing::run_seeded;
use svrkit_rt::testing::{Seed, run_test};

const STORIES: u64 = 60;
const STEPS: usize = 400;

#[test]
fn it_does_what_the_model_does() {
    run_test("model", |seed| async move {
        // Each story in a runtime of its own cannot be had inside of one, so they follow one another.
        for story in 0..STORIES {
            let seed = seed.derive(&format!("story {story}"));
            tell(seed).await;
        }
    });
}

/// Many tasks come due in one go; nobody is forgotten though a single look at the clock does not reach them all.
#[test]
fn more_than_one_look_can_reach() {
    run_seeded(Seed::new(1), |_| async {
        let mut state = State::new(Arc::new(Config::default()), 1);
        let mut changes = Vec::new();
        let task = |i: u32| Task {
            delay_ms: 10,
            key: Bytes::copy_from_slice(&i.to_be_bytes()),
            ..Task::default()
        };
        let tasks: Vec<Task> = (0..2_500).map(task).collect();
        state.enqueue(&tasks, 1_000, &mut changes).unwrap();
        state.apply(std::mem::take(&mut changes), 1_000);
        let mut looks = 0;
        while state.next_ms().is_some_and(|ms| ms <= 1_010) {
            state.advance(1_010, &mut changes);
            looks += 1;
        }
        assert_eq!((looks, state.figures(1_010).waiting), (3, 2_500));
    });
}

fn config() -> Config {
    Config {
        tasks_max: 12,
        retry_delays_ms: vec![100, 1_000],
        transient_delay_ms: 50,
        lost_leases_max: 2,
        run_tasks_max: 3,
        // Some payloads fit, others are read.
        cache_bytes_max: 100,
        dead_tasks_max: 3,
        remember_ms: 60_000,
        ..Config::default()
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    Waiting,
    Leased { lease: u64, until_ms: u64 },
    Settling,
}

#[derive(Clone, Debug)]
struct Modelled {
    key: Bytes,
    dedupe_id: Bytes,
    due_ms: u64,
    durable_due_ms: u64,
    expires_ms: u64,
    attempt: u32,
    lost: u32,
    begun: bool,
    failed: bool,
    progress: bool,
    durable_progress: bool,
    stage: Stage,
}

#[derive(Clone, Debug)]
enum Pending {
    Add(u64, Modelled),
    End(u64, u64),
    Retry(u64, u64, bool),
    Replay(u64, u64),
    Discard(u64),
    Progress(u64),
}

#[derive(Default)]
struct Model {
    config: Config,
    tasks: BTreeMap<u64, Modelled>,
    dead: BTreeMap<u64, Modelled>,
    pending: Vec<Pending>,
    /// When a dedupe id's task ended: as memory has it, and as disk does.
    ended: HashMap<Bytes, (u64, u64)>,
}

impl Model {
    fn is_known(&self, id: &Bytes, now: u64) -> bool {
        let same = |t: &Modelled| t.dedupe_id == *id;
        let coming = |p: &Pending| match p {
            Pending::Add(_, task) => same(task),
            Pending::Replay(dead, _) => same(&self.dead[dead]),
            _ => false,
        };
        let remembered = |(ms, _): &(u64, u64)| ms + self.config.remember_ms > now;
        self.tasks.values().any(same)
            || self.pending.iter().any(coming)
            || self.ended.get(id).is_some_and(remembered)
    }

    fn depth(&self) -> usize {
        let coming = |p: &&Pending| matches!(p, Pending::Add(..) | Pending::Replay(..));
        self.tasks.len() + self.pending.iter().filter(coming).count()
    }

    fn held(&self, lease: &LeaseId) -> bool {
        let task = self.tasks.get(&lease.id);
        task.is_some_and(|t| matches!(t.stage, Stage::Leased { lease: l, .. } if l == lease.lease))
    }

    /// Tasks that may be taken now, were they the only ones to be: the first of their key, and none of the key is being done.
    fn eligible(&self, now: u64) -> Vec<u64> {
        let first = |id: &u64, task: &Modelled| {
            let mut same = self.tasks.iter().filter(|(_, t)| t.key == task.key);
            task.key.is_empty() || same.all(|(other, t)| other >= id && !t.is_being_done())
        };
        let tasks = self
            .tasks
            .iter()
            .filter(|(id, t)| t.stage == Stage::Waiting && t.due_ms <= now && first(id, t));
        tasks.map(|(id, _)| *id).collect()
    }

    fn end_run_behind(&mut self, id: u64) {
        let key = self.tasks[&id].key.clone();
        if key.is_empty() {
            return;
        }
        for (_, task) in self.tasks.range_mut(id + 1..).filter(|(_, t)| t.key == key) {
            if matches!(task.stage, Stage::Leased { .. }) {
                task.stage = Stage::Waiting;
            }
        }
    }

    fn charge(&mut self, id: u64, dead: bool, now: u64) {
        let task = self.tasks.get_mut(&id).unwrap();
        task.stage = Stage::Settling;
        let delay = self.config.retry_delays_ms.get(task.attempt as usize);
        let died = dead || delay.is_none();
        let due = now + delay.filter(|_| !died).unwrap_or(&0);
        self.pending.push(Pending::Retry(id, due, died));
    }

    fn advance(&mut self, now: u64) {
        let until = |t: &Modelled| match t.stage {
            Stage::Leased { until_ms, .. } => until_ms,
            _ => u64::MAX,
        };
        while let Some((_, id)) = self.tasks.iter().map(|(id, t)| (until(t), *id)).min()
            && until(&self.tasks[&id]) <= now
        {
            self.end_run_behind(id);
            let task = self.tasks.get_mut(&id).unwrap();
            task.lost += 1;
            task.stage = Stage::Waiting;
            if task.lost >= self.config.lost_leases_max {
                self.charge(id, false, now);
            }
        }
        for (id, task) in &mut self.tasks {
            let over = task.expires_ms > 0 && task.expires_ms <= now;
            if over && !task.begun && task.stage == Stage::Waiting {
                task.stage = Stage::Settling;
                self.pending.push(Pending::End(*id, now));
            }
        }
        let too_many = self.dead.len().saturating_sub(self.config.dead_tasks_max);
        for (id, task) in self.dead.iter_mut().take(too_many) {
            if task.stage == Stage::Waiting {
                task.stage = Stage::Settling;
                self.pending.push(Pending::Discard(*id));
            }
        }
    }

    /// Makes what is pending durable.
    fn apply(&mut self) {
        let mut ended = Vec::new();
        for pending in std::mem::take(&mut self.pending) {
            match pending {
                Pending::Add(id, task) => drop(self.tasks.insert(id, task)),
                Pending::End(id, ms) => ended.push((self.tasks.remove(&id).unwrap().dedupe_id, ms)),
                Pending::Retry(id, due_ms, died) => {
                    let mut task = self.tasks.remove(&id).unwrap();
                    task.attempt += 1;
                    (task.lost, task.failed, task.stage) = (0, true, Stage::Waiting);
                    (task.due_ms, task.durable_due_ms) = (due_ms, due_ms);
                    if died {
                        ended.push((task.dedupe_id.clone(), due_ms));
                    }
                    let tasks = if died {
                        &mut self.dead
                    } else {
                        &mut self.tasks
                    };
                    tasks.insert(id, task);
                }
                Pending::Replay(id, due_ms) => {
                    let mut task = self.dead.remove(&id).unwrap();
                    (task.attempt, task.lost, task.stage) = (0, 0, Stage::Waiting);
                    (task.due_ms, task.durable_due_ms) = (due_ms, due_ms);
                    self.tasks.insert(id, task);
                }
                Pending::Progress(id) => {
                    self.tasks.get_mut(&id).unwrap().durable_progress = true;
                }
                Pending::Discard(id) => drop(self.dead.remove(&id)),
            }
        }
        ended.retain(|(id, _)| !id.is_empty());
        let durable = ended.iter().map(|(_, ms)| *ms).max().unwrap_or(0);
        for (id, ms) in ended {
            let known = self.ended.entry(id).or_default();
            *known = (known.0.max(ms), known.1.max(durable));
        }
    }

    /// What is left after the process ended, and another began.
    fn crash(&mut self) {
        self.pending.clear();
        for task in self.tasks.values_mut().chain(self.dead.values_mut()) {
            task.stage = Stage::Waiting;
            task.lost = 0;
            task.due_ms = task.durable_due_ms;
            task.progress = task.durable_progress;
            task.begun = task.failed || task.progress;
        }
        for known in self.ended.values_mut() {
            known.0 = known.1;
        }
    }
}

impl Modelled {
    fn is_being_done(&self) -> bool {
        // What expires was not begun: it holds up only those behind it, until it has ended.
        match self.stage {
            Stage::Waiting => false,
            Stage::Leased { .. } => true,
            Stage::Settling => self.begun,
        }
    }
}

struct Story {
    rng: fastrand::Rng,
    engine: Engine,
    partition: Bytes,
    life: Version,
    state: State,
    changes: Vec<Change>,
    model: Model,
    /// Every lease there ever was.
    leases: Vec<LeaseId>,
}

async fn tell(seed: Seed) {
    let engine = im_engine::memory();
    let partition = rows::partition("q");
    let loaded = load(&engine, &partition, Arc::new(config())).await;
    let (state, life) = loaded.unwrap();
    let config = config();
    let model = Model {
        config,
        ..Model::default()
    };
    let mut story = Story {
        rng: seed.rng(),
        engine,
        partition,
        life,
        state,
        changes: Vec::new(),
        model,
        leases: Vec::new(),
    };
    for _ in 0..STEPS {
        story.step().await;
        story.compare();
    }
}

impl Story {
    async fn step(&mut self) {
        let now = now_ms();
        match self.rng.u8(..100) {
            0..25 => self.enqueue(now),
            25..45 => self.take(now),
            45..58 => self.finish(now),
            58..66 => self.fail(now),
            66..71 => self.extend(now),
            71..73 => self.replay(now),
            73..75 => self.release(now),
            75..85 => self.pass_time().await,
            85..97 => self.write().await,
            _ => self.crash().await,
        }
        let now = now_ms();
        self.state.advance(now, &mut self.changes);
        self.model.advance(now);
    }

    fn task(&mut self, now: u64) -> Task {
        let some = |rng: &mut fastrand::Rng, of: &[&'static [u8]]| {
            Bytes::from_static(of[rng.usize(..of.len())])
        };
        Task {
            queue: "q".to_owned(),
            key: some(&mut self.rng, &[b"", b"a", b"a", b"b"]),
            dedupe_id: some(&mut self.rng, &[b"", b"", b"1", b"2", b"3"]),
            payload: Bytes::from_static(b"payload"),
            class: self.rng.i32(0..3),
            delay_ms: if self.rng.u8(..5) == 0 { 500 } else { 0 },
            expires_ms: if self.rng.u8(..6) == 0 { now + 700 } else { 0 },
        }
    }

    fn tasks(&mut self, max: usize, now: u64) -> Vec<Task> {
        (0..self.rng.usize(1..=max))
            .map(|_| self.task(now))
            .collect()
    }

    fn enqueue(&mut self, now: u64) {
        let tasks = self.tasks(3, now);
        let answer = self.state.enqueue(&tasks, now, &mut self.changes);
        self.enqueued(&tasks, 0, answer.ok(), now);
    }

    /// The model's opinion of an enqueue that was answered so; `None`: refused.
    fn enqueued(&mut self, tasks: &[Task], room: usize, answer: Option<Vec<u64>>, now: u64) {
        let mut fresh: Vec<&Task> = Vec::new();
        let mut is_fresh = Vec::new();
        for task in tasks {
            let id = &task.dedupe_id;
            let known = !id.is_empty()
                && (self.model.is_known(id, now) || fresh.iter().any(|t| t.dedupe_id == *id));
            is_fresh.push(!known);
            if !known {
                fresh.push(task);
            }
        }
        let fits = self.model.depth() + fresh.len() <= self.model.config.tasks_max + room;
        assert_eq!(answer.is_some(), fits || fresh.is_empty());
        let Some(ids) = answer else { return };
        let answered: Vec<bool> = ids.iter().map(|id| *id > 0).collect();
        assert_eq!(answered, is_fresh);
        for (task, id) in tasks.iter().zip(ids).filter(|(_, id)| *id > 0) {
            let modelled = Modelled {
                key: task.key.clone(),
                dedupe_id: task.dedupe_id.clone(),
                due_ms: now + task.delay_ms,
                durable_due_ms: now + task.delay_ms,
                expires_ms: task.expires_ms,
                attempt: 0,
                lost: 0,
                begun: false,
                failed: false,
                progress: false,
                durable_progress: false,
                stage: Stage::Waiting,
            };
            self.model.pending.push(Pending::Add(id, modelled));
        }
    }

    fn take(&mut self, now: u64) {
        let wish = Wish {
            tasks_max: self.rng.usize(1..6),
            keys_max: self.rng.usize(1..6),
            lease_ms: self.rng.u64(50..400),
        };
        let given = self.state.take(wish, now);
        let mut keys = 0;
        let mut last: Option<(u64, Bytes)> = None;
        for given in &given {
            let eligible = self.model.eligible(now);
            let task = &self.model.tasks[&given.id];
            let mut before = self.model.tasks.range(..given.id).rev();
            let next_of = before.find(|(_, t)| t.key == task.key).map(|(id, _)| *id);
            let follows = last.as_ref().is_some_and(|(id, key)| {
                !key.is_empty() && *key == task.key && next_of == Some(*id)
            });
            if follows {
                assert!(task.stage == Stage::Waiting && task.due_ms <= now);
            } else {
                assert!(
                    eligible.contains(&given.id),
                    "{} of {eligible:?}: {task:?}",
                    given.id
                );
                keys += 1;
            }
            assert_eq!(
                (given.attempt, given.progress),
                (task.attempt, task.progress)
            );
            last = Some((given.id, task.key.clone()));
            let lease = given.lease_id();
            assert!(self.leases.iter().all(|l| l.lease < lease.lease));
            self.leases.push(lease);
            let task = self.model.tasks.get_mut(&given.id).unwrap();
            task.begun = true;
            let (lease, until_ms) = (given.lease, now + wish.lease_ms);
            task.stage = Stage::Leased { lease, until_ms };
        }
        assert!(given.len() <= wish.tasks_max && keys <= wish.keys_max);
        if given.len() < wish.tasks_max && keys < wish.keys_max {
            let forgotten = self.model.eligible(now);
            assert!(
                forgotten.is_empty(),
                "somebody was forgotten: {forgotten:?}"
            );
        }
    }

    /// Some of the latest leases, held or not.
    fn some_leases(&mut self) -> Vec<LeaseId> {
        let from = self.leases.len().saturating_sub(6);
        let some = self.leases[from..].iter().filter(|_| self.rng.bool());
        some.copied().collect()
    }

    fn finish(&mut self, now: u64) {
        let leases = self.some_leases();
        let follow_ups = match self.rng.u8(..4) {
            0 => self.tasks(2, now),
            _ => Vec::new(),
        };
        let answer = self
            .state
            .finish(&leases, &follow_ups, now, &mut self.changes);
        let by_id: BTreeMap<u64, LeaseId> = leases.iter().map(|l| (l.id, *l)).collect();
        let lost = by_id.values().filter(|l| !self.model.held(l));
        let lost: Vec<u64> = lost.map(|l| l.id).collect();
        if !follow_ups.is_empty() && lost.is_empty() {
            // Their ids are those just decided.
            let added = self.changes.iter().rev();
            let added = added.skip_while(|c| matches!(c, Change::End { .. }));
            let mut added = added.map_while(|c| match c {
                Change::Add { id, .. } => Some(*id),
                _ => None,
            });
            let ids = answer.is_ok().then(|| {
                let fresh = self.fresh_flags(&follow_ups, now);
                let ids = fresh
                    .iter()
                    .rev()
                    .map(|f| if *f { added.next().unwrap() } else { 0 });
                let mut ids: Vec<u64> = ids.collect();
                ids.reverse();
                ids
            });
            drop(added);
            self.enqueued(&follow_ups, by_id.len(), ids, now);
        }
        let Ok(answered) = answer else { return };
        assert_eq!(answered, lost);
        if !follow_ups.is_empty() && !lost.is_empty() {
            return;
        }
        for lease in by_id.values().filter(|l| !lost.contains(&l.id)) {
            self.model.tasks.get_mut(&lease.id).unwrap().stage = Stage::Settling;
            self.model.pending.push(Pending::End(lease.id, now));
        }
    }

    fn fresh_flags(&self, tasks: &[Task], now: u64) -> Vec<bool> {
        let fresh = |(i, task): (usize, &Task)| {
            let id = &task.dedupe_id;
            let twice = tasks[..i].iter().any(|t| t.dedupe_id == *id);
            id.is_empty() || !(twice || self.model.is_known(id, now))
        };
        tasks.iter().enumerate().map(fresh).collect()
    }

    fn fail(&mut self, now: u64) {
        let mut leases = self.some_leases();
        let kinds = [Failure::Counted, Failure::Final, Failure::Transient];
        let failure = kinds[self.rng.usize(..3)];
        self.state
            .fail(&leases, "no luck", failure, now, &mut self.changes);
        leases.sort_by_key(|l| l.id);
        for lease in leases {
            if !self.model.held(&lease) {
                continue;
            }
            if failure != Failure::Final {
                self.model.end_run_behind(lease.id);
            }
            if failure == Failure::Transient {
                let task = self.model.tasks.get_mut(&lease.id).unwrap();
                task.stage = Stage::Waiting;
                task.due_ms = now + self.model.config.transient_delay_ms;
            } else {
                self.model.charge(lease.id, failure == Failure::Final, now);
            }
        }
    }

    fn extend(&mut self, now: u64) {
        let Some(lease) = self.some_leases().pop() else {
            return;
        };
        let progress = self.rng.bool().then(|| Bytes::from_static(b"half"));
        let noted = progress.is_some();
        let changes = &mut self.changes;
        let held = self.state.extend(&lease, 300, progress, now, changes);
        assert_eq!(held, self.model.held(&lease));
        if !held {
            return;
        }
        let task = self.model.tasks.get_mut(&lease.id).unwrap();
        task.progress |= noted;
        if noted {
            self.model.pending.push(Pending::Progress(lease.id));
        }
        let task = &self.model.tasks[&lease.id];
        let key = task.key.clone();
        for (id, task) in &mut self.model.tasks {
            let run = *id == lease.id || (!key.is_empty() && task.key == key);
            if let Stage::Leased { until_ms, .. } = &mut task.stage
                && run
            {
                *until_ms = now + 300;
            }
        }
    }

    fn replay(&mut self, now: u64) {
        let answer = self.state.replay(&[], now, &mut self.changes);
        let mut room = self
            .model
            .config
            .tasks_max
            .saturating_sub(self.model.depth());
        let mut replayed = 0;
        let mut left = 0;
        for (id, task) in &mut self.model.dead {
            if task.stage == Stage::Waiting && room > 0 && left == 0 {
                task.stage = Stage::Settling;
                self.model.pending.push(Pending::Replay(*id, now));
                room -= 1;
                replayed += 1;
            } else if task.stage == Stage::Waiting {
                left += 1;
            }
        }
        match answer {
            Ok(n) => assert_eq!(n, replayed),
            Err(_) => assert!(replayed == 0 && left > 0),
        }
    }

    fn release(&mut self, now: u64) {
        let leases = self.some_leases();
        self.state.release(&leases, now);
        for lease in leases {
            if self.model.held(&lease) {
                self.model.tasks.get_mut(&lease.id).unwrap().stage = Stage::Waiting;
            }
        }
    }

    async fn pass_time(&mut self) {
        let ms = match self.rng.u8(..20) {
            0 => 61_000,
            1..4 => 2_000,
            _ => self.rng.u64(1..200),
        };
        tokio::time::advance(Duration::from_millis(ms)).await;
    }

    async fn write(&mut self) {
        if self.changes.is_empty() {
            assert!(self.model.pending.is_empty());
            return;
        }
        let batch = rows::batch(self.partition.clone(), self.life, &self.changes);
        let written = self.engine.write(vec![batch]).await;
        written.into_iter().next().unwrap().unwrap();
        let now = now_ms();
        self.state.apply(std::mem::take(&mut self.changes), now);
        self.model.apply();
    }

    async fn crash(&mut self) {
        // What is being written may get there or not.
        if self.rng.bool() {
            self.write().await;
        } else {
            self.changes.clear();
        }
        let now = now_ms();
        let config = Arc::new(config());
        let loaded = load(&self.engine, &self.partition, config).await;
        (self.state, self.life) = loaded.unwrap();
        self.model.crash();
        let known: Vec<Bytes> = self.model.ended.keys().cloned().collect();
        for id in known {
            assert_eq!(
                self.state.dedupe.is_known(&id, now),
                self.model.is_known(&id, now)
            );
        }
    }

    fn compare(&self) {
        let now = now_ms();
        let figures = self.state.figures(now);
        assert_eq!(figures.depth.tasks, self.model.depth());
        assert_eq!(figures.dead, self.model.dead.len());
        let leased = |t: &&Modelled| matches!(t.stage, Stage::Leased { .. });
        assert_eq!(
            figures.leased,
            self.model.tasks.values().filter(leased).count()
        );
        let due = self.model.tasks.values().filter(|t| t.due_ms <= now);
        let oldest = due.map(|t| t.due_ms).min();
        assert_eq!(figures.oldest_ms, oldest.map_or(0, |ms| now - ms));
        assert_eq!(self.changes.iter().filter(|c| expired(c)).count(), {
            let ends =
                |p: &&Pending| matches!(p, Pending::End(id, _) if !self.model.tasks[id].begun);
            self.model.pending.iter().filter(ends).count()
        });
    }
}

fn expired(change: &Change) -> bool {
    let ending = Ending::Expired;
    matches!(change, Change::End { ending: e, .. } if *e == ending)
}
