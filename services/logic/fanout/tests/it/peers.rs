//! Peers that keep their contracts, in memory, and fail when told to.

use crate::steps::Steps;
use im_idl::base::{Empty, Uins, UserVersions};
use im_idl::fanout::GroupTask;
use im_idl::group::Member;
use im_idl::group_store::{self, GroupStore, MembersRequest, MembersResponse};
use im_idl::message_store::{self, FanOutRequest, FanOutResponse, MessageStore};
use im_idl::push::{KickRequest, NotifyRequest, Push, WaitRequest, WaitResponse};
use im_idl::queue::{
    self, ExtendRequest, ExtendResponse, FailRequest, FinishRequest, FinishResponse, LeaseId,
    Leased, Queue, TakeRequest, TakeResponse, Task,
};
use prost::Message;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use svrkit_rt::{Context, Status};
use tokio::sync::Notify;

/// The queue: one key's run at a time, leases until they are released by hand.
pub(crate) struct Tasks {
    steps: Arc<Steps>,
    state: Mutex<TasksState>,
    news: Notify,
}

#[derive(Default)]
pub(crate) struct TasksState {
    tasks: BTreeMap<u64, Queued>,
    last: u64,
    /// As workers gave them back.
    pub(crate) failed: Vec<FailRequest>,
    pub(crate) dead: usize,
    pub(crate) takes: usize,
    /// Answers to take with this failure.
    pub(crate) down: bool,
    /// Takes that wait.
    pub(crate) waiting: usize,
    pub(crate) extended: usize,
    /// Milliseconds until a task that failed may be taken again.
    pub(crate) delay_ms: u64,
}

struct Queued {
    task: GroupTask,
    raw: bytes::Bytes,
    lease: Option<u64>,
    progress: bytes::Bytes,
    not_before: tokio::time::Instant,
}

impl Tasks {
    pub(crate) fn new(steps: Arc<Steps>) -> Tasks {
        let state = TasksState {
            delay_ms: 1_000,
            ..TasksState::default()
        };
        Tasks {
            steps,
            state: Mutex::new(state),
            news: Notify::new(),
        }
    }

    pub(crate) fn push(&self, task: GroupTask) {
        let raw = task.encode_to_vec().into();
        self.push_raw(task, raw);
    }

    pub(crate) fn push_raw(&self, task: GroupTask, raw: bytes::Bytes) {
        self.with(|state| {
            state.last += 1;
            let queued = Queued {
                task,
                raw,
                lease: None,
                progress: bytes::Bytes::new(),
                not_before: tokio::time::Instant::now(),
            };
            state.tasks.insert(state.last, queued);
        });
        self.news.notify_waiters();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.with(|state| state.tasks.is_empty())
    }

    /// As when all leases ran out.
    pub(crate) fn release(&self) {
        self.with(|state| state.tasks.values_mut().for_each(|task| task.lease = None));
        self.news.notify_waiters();
    }

    pub(crate) fn with<T>(&self, f: impl FnOnce(&mut TasksState) -> T) -> T {
        f(&mut self.state.lock().unwrap())
    }

    fn run(&self, tasks_max: usize) -> Vec<Leased> {
        let now = tokio::time::Instant::now();
        self.with(|state| {
            let busy: HashSet<u64> = state
                .tasks
                .values()
                .filter(|t| t.lease.is_some())
                .map(|t| t.task.group)
                .collect();
            let mut seen = HashSet::new();
            let first = state.tasks.values().find(|t| {
                let is_head = seen.insert(t.task.group);
                is_head && !busy.contains(&t.task.group) && t.not_before <= now
            });
            let Some(group) = first.map(|t| t.task.group) else {
                return Vec::new();
            };
            let mut run = Vec::new();
            let tasks = state
                .tasks
                .iter_mut()
                .filter(|(_, t)| t.task.group == group);
            for (id, task) in tasks
                .take_while(|(_, t)| t.not_before <= now)
                .take(tasks_max)
            {
                state.last += 1;
                task.lease = Some(state.last);
                run.push(Leased {
                    id: *id,
                    lease: state.last,
                    task: Some(Task {
                        payload: task.raw.clone(),
                        ..Task::default()
                    }),
                    progress: task.progress.clone(),
                    ..Leased::default()
                });
            }
            run
        })
    }
}

impl TasksState {
    fn is_held(&self, lease: &LeaseId) -> bool {
        self.tasks
            .get(&lease.id)
            .is_some_and(|task| task.lease == Some(lease.lease))
    }
}

/// Counts while it lives.
struct Waiting<'a>(&'a Tasks);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.with(|state| state.waiting -= 1);
    }
}

impl Queue for Tasks {
    async fn take(&self, _: &mut Context, request: TakeRequest) -> Result<TakeResponse, Status> {
        assert_eq!((&request.queue[..], request.keys_max), ("fanout", 1));
        let down = self.with(|state| {
            state.takes += 1;
            state.down
        });
        if down {
            return Err(Status::unavailable("restarting"));
        }
        self.with(|state| state.waiting += 1);
        let _waiting = Waiting(self);
        let until = tokio::time::Instant::now() + Duration::from_millis(request.wait_ms.into());
        loop {
            let news = self.news.notified();
            let tasks = self.run(request.tasks_max as usize);
            if !tasks.is_empty() {
                return Ok(TakeResponse { tasks });
            }
            let look = tokio::time::sleep(Duration::from_millis(500));
            tokio::select! {
                () = news => {}
                () = look => {}
                () = tokio::time::sleep_until(until) => return Ok(TakeResponse::default()),
            }
        }
    }

    async fn finish(
        &self,
        _: &mut Context,
        request: FinishRequest,
    ) -> Result<FinishResponse, Status> {
        let finish = || {
            self.with(|state| {
                let (held, lost): (Vec<_>, Vec<_>) =
                    request.leases.iter().partition(|l| state.is_held(l));
                held.iter()
                    .for_each(|lease: &&LeaseId| drop(state.tasks.remove(&lease.id)));
                lost.iter().map(|lease| lease.id).collect()
            })
        };
        let lost = self.steps.step(finish).await;
        Ok(FinishResponse { lost })
    }

    async fn fail(&self, _: &mut Context, request: FailRequest) -> Result<Empty, Status> {
        let fail = || {
            self.with(|state| {
                let not_before =
                    tokio::time::Instant::now() + Duration::from_millis(state.delay_ms);
                for lease in request
                    .leases
                    .iter()
                    .filter(|l| state.is_held(l))
                    .copied()
                    .collect::<Vec<_>>()
                {
                    if request.dead {
                        state.tasks.remove(&lease.id);
                        state.dead += 1;
                    } else if let Some(task) = state.tasks.get_mut(&lease.id) {
                        task.lease = None;
                        task.not_before = not_before;
                    }
                }
                state.failed.push(request);
            });
        };
        self.steps.step(fail).await;
        Ok(Empty {})
    }

    async fn extend(
        &self,
        _: &mut Context,
        request: ExtendRequest,
    ) -> Result<ExtendResponse, Status> {
        let lease = request.lease.unwrap();
        let extend = || {
            self.with(|state| {
                state.extended += 1;
                let held = state.is_held(&lease);
                if let (true, Some(progress)) = (held, request.progress) {
                    state.tasks.get_mut(&lease.id).unwrap().progress = progress;
                }
                held
            })
        };
        let held = self.steps.step(extend).await;
        Ok(ExtendResponse { held })
    }

    async fn enqueue(
        &self,
        _: &mut Context,
        _: queue::EnqueueRequest,
    ) -> Result<queue::EnqueueResponse, Status> {
        Err(Status::unimplemented("enqueue"))
    }

    async fn list_dead(
        &self,
        _: &mut Context,
        _: queue::ListDeadRequest,
    ) -> Result<queue::ListDeadResponse, Status> {
        Err(Status::unimplemented("list dead"))
    }

    async fn replay(
        &self,
        _: &mut Context,
        _: queue::ReplayRequest,
    ) -> Result<queue::ReplayResponse, Status> {
        Err(Status::unimplemented("replay"))
    }

    async fn stats(
        &self,
        _: &mut Context,
        _: queue::StatsRequest,
    ) -> Result<queue::StatsResponse, Status> {
        Err(Status::unimplemented("stats"))
    }
}

/// The group store.
pub(crate) struct Groups {
    steps: Arc<Steps>,
    pub(crate) asked: Mutex<usize>,
    groups: Mutex<BTreeMap<u64, (u64, Vec<u64>)>>,
}

impl Groups {
    pub(crate) fn new(steps: Arc<Steps>) -> Groups {
        Groups {
            steps,
            asked: Mutex::default(),
            groups: Mutex::default(),
        }
    }

    pub(crate) fn set(&self, group: u64, version: u64, members: Vec<u64>) {
        self.groups
            .lock()
            .unwrap()
            .insert(group, (version, members));
    }

    pub(crate) fn asked(&self) -> usize {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl GroupStore for Groups {
    async fn members(
        &self,
        _: &mut Context,
        request: MembersRequest,
    ) -> Result<MembersResponse, Status> {
        *self.asked.lock().unwrap() += 1;
        let (version, members) = self
            .steps
            .step(|| self.groups.lock().unwrap().get(&request.group).cloned())
            .await
            .unwrap_or_default();
        let after = members.partition_point(|uin| *uin <= request.after);
        let page = members[after..].iter().take(request.rows_max as usize);
        let member = |uin: &u64| Member {
            uin: *uin,
            ..Member::default()
        };
        Ok(MembersResponse {
            members: page.map(member).collect(),
            more: members.len() - after > request.rows_max as usize,
            version,
        })
    }

    async fn counts(
        &self,
        _: &mut Context,
        _: Uins,
    ) -> Result<group_store::CountsResponse, Status> {
        Err(Status::unimplemented("counts"))
    }

    async fn new_number(
        &self,
        _: &mut Context,
        _: Empty,
    ) -> Result<group_store::NewNumberResponse, Status> {
        Err(Status::unimplemented("new number"))
    }

    async fn get(
        &self,
        _: &mut Context,
        _: group_store::GetRequest,
    ) -> Result<group_store::GetResponse, Status> {
        Err(Status::unimplemented("get"))
    }

    async fn change(
        &self,
        _: &mut Context,
        _: group_store::ChangeRequest,
    ) -> Result<group_store::ChangeResponse, Status> {
        Err(Status::unimplemented("change"))
    }

    async fn member(
        &self,
        _: &mut Context,
        _: group_store::MemberRequest,
    ) -> Result<group_store::MemberResponse, Status> {
        Err(Status::unimplemented("member"))
    }

    async fn questions(
        &self,
        _: &mut Context,
        _: group_store::QuestionsRequest,
    ) -> Result<group_store::QuestionsResponse, Status> {
        Err(Status::unimplemented("questions"))
    }

    async fn list(
        &self,
        _: &mut Context,
        _: group_store::ListRequest,
    ) -> Result<group_store::ListResponse, Status> {
        Err(Status::unimplemented("list"))
    }

    async fn versions(&self, _: &mut Context, _: Uins) -> Result<UserVersions, Status> {
        Err(Status::unimplemented("versions"))
    }

    async fn erase(&self, _: &mut Context, _: group_store::EraseRequest) -> Result<Empty, Status> {
        Err(Status::unimplemented("erase"))
    }
}

/// The message store: an inbox takes of a group only what is above all it has of it.
pub(crate) struct Inboxes {
    steps: Arc<Steps>,
    state: Mutex<InboxesState>,
}

#[derive(Default)]
pub(crate) struct InboxesState {
    inboxes: BTreeMap<u64, Vec<(u64, u64)>>,
    /// Members of each call, in the order of the calls.
    pub(crate) calls: Vec<Vec<u64>>,
    /// Inboxes that take no rows.
    pub(crate) broken: BTreeSet<u64>,
    /// So it answers.
    pub(crate) failure: Option<Status>,
    pub(crate) takes_ms: u64,
    busy: usize,
    /// Calls at once, at most, since last asked.
    pub(crate) busiest: usize,
}

impl Inboxes {
    pub(crate) fn new(steps: Arc<Steps>) -> Inboxes {
        let state = Mutex::default();
        Inboxes { steps, state }
    }

    /// Places of a group's rows in an inbox.
    pub(crate) fn of(&self, uin: u64, group: u64) -> Vec<u64> {
        self.with(|state| {
            let rows = state.inboxes.get(&uin).into_iter().flatten();
            rows.filter(|(g, _)| *g == group)
                .map(|(_, seq)| *seq)
                .collect()
        })
    }

    pub(crate) fn with<T>(&self, f: impl FnOnce(&mut InboxesState) -> T) -> T {
        f(&mut self.state.lock().unwrap())
    }
}

impl InboxesState {
    fn write(&mut self, uin: u64, group: u64, seqs: &[u64]) -> u64 {
        if self.broken.contains(&uin) {
            return 0;
        }
        let inbox = self.inboxes.entry(uin).or_default();
        let last = inbox
            .iter()
            .filter(|(g, _)| *g == group)
            .map(|(_, seq)| *seq)
            .max();
        inbox.extend(
            seqs.iter()
                .filter(|seq| Some(**seq) > last)
                .map(|seq| (group, *seq)),
        );
        inbox.len() as u64
    }
}

impl MessageStore for Inboxes {
    async fn fan_out(
        &self,
        _: &mut Context,
        request: FanOutRequest,
    ) -> Result<FanOutResponse, Status> {
        let seqs: Vec<u64> = request.rows.iter().map(|row| row.group_seq).collect();
        assert!(
            !seqs.is_empty() && seqs.is_sorted_by(|a, b| a < b),
            "rows rise: {seqs:?}"
        );
        let takes_ms = self.with(|state| {
            state.calls.push(request.members.clone());
            state.busy += 1;
            state.busiest = state.busiest.max(state.busy);
            state.takes_ms
        });
        tokio::time::sleep(Duration::from_millis(takes_ms)).await;
        self.with(|state| state.busy -= 1);
        if let Some(failure) = self.with(|state| state.failure.clone()) {
            return Err(failure);
        }
        let write = || {
            self.with(|state| {
                let members = request.members.iter();
                members
                    .map(|uin| state.write(*uin, request.group, &seqs))
                    .collect()
            })
        };
        let versions = self.steps.step(write).await;
        Ok(FanOutResponse { versions })
    }

    async fn append(
        &self,
        _: &mut Context,
        _: message_store::AppendRequest,
    ) -> Result<message_store::AppendResponse, Status> {
        Err(Status::unimplemented("append"))
    }

    async fn append_group(
        &self,
        _: &mut Context,
        _: message_store::AppendGroupRequest,
    ) -> Result<message_store::AppendGroupResponse, Status> {
        Err(Status::unimplemented("append group"))
    }

    async fn read(
        &self,
        _: &mut Context,
        _: message_store::ReadRequest,
    ) -> Result<message_store::ReadResponse, Status> {
        Err(Status::unimplemented("read"))
    }

    async fn recall(
        &self,
        _: &mut Context,
        _: message_store::RecallRequest,
    ) -> Result<message_store::RecallResponse, Status> {
        Err(Status::unimplemented("recall"))
    }

    async fn append_receipt(
        &self,
        _: &mut Context,
        _: message_store::AppendReceiptRequest,
    ) -> Result<message_store::AppendReceiptResponse, Status> {
        Err(Status::unimplemented("append receipt"))
    }

    async fn forget_device(
        &self,
        _: &mut Context,
        _: message_store::ForgetDeviceRequest,
    ) -> Result<Empty, Status> {
        Err(Status::unimplemented("forget device"))
    }

    async fn versions(&self, _: &mut Context, _: Uins) -> Result<UserVersions, Status> {
        Err(Status::unimplemented("versions"))
    }

    async fn erase(
        &self,
        _: &mut Context,
        _: message_store::EraseRequest,
    ) -> Result<Empty, Status> {
        Err(Status::unimplemented("erase"))
    }

    async fn stats(
        &self,
        _: &mut Context,
        _: Empty,
    ) -> Result<message_store::StatsResponse, Status> {
        Err(Status::unimplemented("stats"))
    }
}

/// The push service: newest versions of inboxes.
#[derive(Default)]
pub(crate) struct News(pub(crate) Mutex<BTreeMap<u64, u64>>);

impl Push for News {
    async fn notify(&self, _: &mut Context, request: NotifyRequest) -> Result<Empty, Status> {
        let mut newest = self.0.lock().unwrap();
        for news in request.news {
            let version = news.versions.unwrap().messages;
            let known = newest.entry(news.uin).or_default();
            *known = version.max(*known);
        }
        Ok(Empty {})
    }

    async fn kick(&self, _: &mut Context, _: KickRequest) -> Result<Empty, Status> {
        Err(Status::unimplemented("kick"))
    }

    async fn wait(&self, _: &mut Context, _: WaitRequest) -> Result<WaitResponse, Status> {
        Err(Status::unimplemented("wait"))
    }
}
