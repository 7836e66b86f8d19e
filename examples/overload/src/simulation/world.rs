//! The simulation itself.

use super::caller::Caller;
use super::events::{Event, Events};
use super::outcome::Outcome;
use super::scenario::{Scenario, TASK_TIMEOUT_MS};
use super::server::Server;
use super::table::Table;
use std::ops::Range;
use svrkit_rt::Priority;
use svrkit_rt::admission::{End, Level, QueueTarget, UserLevels, Wait};

/// One way between two processes.
const NETWORK_US: u64 = 100;
/// Users that tasks come from.
const USERS: u64 = 1_000_000;
/// From a task's beginning.
const TIMEOUT_US: u64 = TASK_TIMEOUT_MS * 1_000;

pub(super) struct World<'a> {
    scenario: &'a Scenario,
    random: fastrand::Rng,
    users: UserLevels,
    events: Events,
    now_us: u64,
    /// When each phase ends.
    phases: Vec<(u64, f64)>,
    servers: Vec<Server>,
    /// Which servers are a service's instances.
    instances: Vec<Range<usize>>,
    /// The processes that tasks come from, then the servers.
    callers: Vec<Caller>,
    tasks: Table<Task>,
    calls: Table<Call>,
    outcome: Outcome,
}

struct Task {
    kind: usize,
    level: Level,
    caller: usize,
    began_us: u64,
    /// Calls answered.
    done: usize,
    /// Calls that servers served for it, at any depth.
    served: u64,
}

#[derive(Clone, Copy)]
struct Call {
    task: usize,
    /// The call whose handler makes this one.
    parent: Option<usize>,
    caller: usize,
    service: usize,
    instance: usize,
    attempt: u8,
    arrived_us: u64,
    /// Calls that its handler has had answered.
    done: usize,
    /// What the server admitted when it answered; `None` if it was never sent.
    admitted: Option<Level>,
}

impl<'a> World<'a> {
    pub(super) fn new(scenario: &'a Scenario) -> World<'a> {
        let mut servers = Vec::new();
        let mut instances = Vec::new();
        for service in &scenario.services {
            let first = servers.len();
            for spec in &service.instances {
                let policy = scenario.policy.build(scenario.seed ^ servers.len() as u64);
                servers.push(Server::new(*spec, policy));
            }
            instances.push(first..servers.len());
        }
        let callers = (0..scenario.callers + servers.len())
            .map(|n| Caller::new(servers.len(), n, scenario.policy.callers_shed()));
        let mut end_us = 0;
        let phases = scenario.phases.iter().map(|phase| {
            end_us += phase.seconds * 1_000_000;
            (end_us, phase.tasks_per_s)
        });
        World {
            random: fastrand::Rng::with_seed(scenario.seed),
            users: UserLevels::new("simulated"),
            events: Events::default(),
            now_us: 0,
            phases: phases.collect(),
            callers: callers.collect(),
            servers,
            instances,
            tasks: Table::default(),
            calls: Table::default(),
            outcome: Outcome::new(scenario),
            scenario,
        }
    }

    pub(super) fn run(mut self) -> Outcome {
        self.plan_task();
        while let Some((at_us, event)) = self.events.next() {
            self.now_us = at_us;
            match event {
                Event::Task => self.on_task(),
                Event::Arrival(call) => self.on_arrival(call),
                Event::Worked(call) => self.go_on(call),
                Event::Answer(call, ok) => self.on_answer(call, ok),
            }
        }
        for kind in &mut self.outcome.kinds {
            kind.took_us.sort_unstable();
        }
        self.outcome
    }

    /// Tasks come at random, so many in the mean (a Poisson process), whatever becomes of those before them.
    fn plan_task(&mut self) {
        let phase = self.phases.iter().find(|(end_us, _)| self.now_us < *end_us);
        if let Some((_, tasks_per_s)) = phase {
            let pause_s = -(1.0 - self.random.f64()).ln() / tasks_per_s;
            let at_us = self.now_us + (pause_s * 1e6) as u64;
            self.events.plan(at_us, Event::Task);
        }
    }

    fn on_task(&mut self) {
        if self.now_us >= self.phases.last().map_or(0, |p| p.0) {
            return;
        }
        self.plan_task();
        let kind = self.draw_kind();
        let uin = self.random.u64(..USERS);
        let now_ms = self.scenario.begins_ms + self.now_us / 1_000;
        let priority = Priority {
            business: self.scenario.kinds[kind].business,
            user: self.users.level(uin, now_ms),
        };
        let caller = self.random.usize(..self.scenario.callers);
        let task = self.tasks.insert(Task {
            kind,
            level: Level::of(priority),
            caller,
            began_us: self.now_us,
            done: 0,
            served: 0,
        });
        if self.now_us >= self.scenario.warmup_s * 1_000_000 {
            self.outcome.kinds[kind].tasks += 1;
        }
        self.outcome.seconds[(self.now_us / 1_000_000) as usize].0 += 1;
        self.call(task, None, caller, self.scenario.kinds[kind].calls[0], 0);
    }

    fn draw_kind(&mut self) -> usize {
        let kinds = &self.scenario.kinds;
        let mut drawn = self.random.f64() * kinds.iter().map(|k| k.share).sum::<f64>();
        for (n, kind) in kinds.iter().enumerate() {
            drawn -= kind.share;
            if drawn < 0.0 {
                return n;
            }
        }
        kinds.len() - 1
    }

    fn call(
        &mut self,
        task: usize,
        parent: Option<usize>,
        caller: usize,
        service: usize,
        attempt: u8,
    ) {
        let level = self.tasks.get(task).level;
        let random = self.random.u32(..);
        let picked =
            self.callers[caller].pick(self.now_us, &self.instances[service], level, random);
        let call = self.calls.insert(Call {
            task,
            parent,
            caller,
            service,
            instance: picked.unwrap_or(0),
            attempt,
            arrived_us: self.now_us + NETWORK_US,
            done: 0,
            admitted: None,
        });
        match picked {
            Some(_) => self
                .events
                .plan(self.now_us + NETWORK_US, Event::Arrival(call)),
            None => {
                self.count(|outcome| outcome.refused_by_caller += 1);
                self.events.plan(self.now_us, Event::Answer(call, false));
            }
        }
    }

    fn on_arrival(&mut self, number: usize) {
        let call = *self.calls.get(number);
        let level = self.tasks.get(call.task).level;
        let server = &mut self.servers[call.instance];
        let waiting = server.waiting.len();
        if !server.policy.admit(self.now_us, level, waiting) {
            self.count(|outcome| outcome.refused_by_server += 1);
            return self.answer(number, false);
        }
        server.waiting.push_back(number);
        self.start_next(call.instance);
    }

    /// Begins what waits at a server, as long as handlers are free.
    fn start_next(&mut self, instance: usize) {
        while let Some(number) = self.servers[instance].next() {
            let call = *self.calls.get(number);
            let until_us = self.tasks.get(call.task).began_us + TIMEOUT_US;
            let wait = Wait {
                queued_us: self.now_us - call.arrived_us,
                target_us: QueueTarget::default().us(TASK_TIMEOUT_MS as u32),
                timeout_us: until_us.saturating_sub(call.arrived_us),
            };
            let server = &mut self.servers[instance];
            // What its caller has given up is not begun, whatever the policy.
            let in_time = self.now_us < until_us;
            if in_time && server.policy.start(self.now_us, wait) {
                server.busy += 1;
                let done_us = self.now_us
                    + self
                        .random
                        .u64(server.spec.service_us / 2..=server.spec.service_us * 3 / 2);
                self.events.plan(done_us, Event::Worked(number));
            } else {
                server.policy.finish(self.now_us, End::Dropped);
                self.count(|outcome| outcome.dropped += 1);
                self.answer(number, false);
            }
        }
    }

    /// A handler makes its next call, or is done.
    fn go_on(&mut self, number: usize) {
        let call = *self.calls.get(number);
        match self.scenario.services[call.service].calls.get(call.done) {
            Some(service) => {
                let caller = self.scenario.callers + call.instance;
                self.call(call.task, Some(number), caller, *service, 0);
            }
            None => {
                self.tasks.get(call.task).served += 1;
                self.count(|outcome| outcome.served += 1);
                self.leave(number, true);
            }
        }
    }

    /// A handler answers, and makes room.
    fn leave(&mut self, number: usize, ok: bool) {
        let call = *self.calls.get(number);
        let server = &mut self.servers[call.instance];
        server.busy -= 1;
        let end = End::Served(self.now_us - call.arrived_us);
        server.policy.finish(self.now_us, end);
        self.answer(number, ok);
        self.start_next(call.instance);
    }

    fn answer(&mut self, number: usize, ok: bool) {
        let call = self.calls.get(number);
        call.admitted = Some(self.servers[call.instance].policy.level());
        self.events
            .plan(self.now_us + NETWORK_US, Event::Answer(number, ok));
    }

    fn on_answer(&mut self, number: usize, ok: bool) {
        let call = self.calls.remove(number);
        if let Some(admitted) = call.admitted {
            self.callers[call.caller].hear(self.now_us, call.instance, admitted);
        }
        let in_time = self.now_us <= self.tasks.get(call.task).began_us + TIMEOUT_US;
        if !ok && in_time && call.attempt < self.scenario.retries_max {
            return self.call(
                call.task,
                call.parent,
                call.caller,
                call.service,
                call.attempt + 1,
            );
        }
        match call.parent {
            Some(parent) if ok => {
                self.calls.get(parent).done += 1;
                self.go_on(parent);
            }
            Some(parent) => self.leave(parent, false),
            None => self.task_goes_on(call.task, ok && in_time),
        }
    }

    fn task_goes_on(&mut self, number: usize, ok: bool) {
        let task = self.tasks.get(number);
        task.done += usize::from(ok);
        let (kind, caller, done) = (task.kind, task.caller, task.done);
        match self.scenario.kinds[kind].calls.get(done) {
            Some(service) if ok => self.call(number, None, caller, *service, 0),
            _ => self.end_task(number, ok),
        }
    }

    fn end_task(&mut self, number: usize, ok: bool) {
        let task = self.tasks.remove(number);
        let counted = task.began_us >= self.scenario.warmup_s * 1_000_000;
        if !ok {
            self.count(|outcome| outcome.wasted += task.served);
            return;
        }
        self.outcome.seconds[(task.began_us / 1_000_000) as usize].1 += 1;
        if counted {
            let took_us = self.now_us - task.began_us;
            self.outcome.kinds[task.kind].took_us.push(took_us);
        }
    }

    /// Counts, unless it is still warming up.
    fn count(&mut self, f: impl FnOnce(&mut Outcome)) {
        if self.now_us >= self.scenario.warmup_s * 1_000_000 {
            f(&mut self.outcome);
        }
    }
}
