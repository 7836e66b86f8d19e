//! Tasks as they come from the queue.

use crate::progress::Progress;
use bytes::Bytes;
use im_idl::fanout::GroupTask;
use im_idl::ids;
use im_idl::queue::{LeaseId, Leased, Task};
use prost::Message;

/// Tasks of one group that are delivered together.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) group: u64,
    /// Newest version of the group that any of them knows; 0 when one knows none.
    pub(crate) group_version: u64,
    pub(crate) leases: Vec<LeaseId>,
    /// Places in the group's log, rising.
    pub(crate) seqs: Vec<u64>,
    /// Those who get a row beside the members, by its place.
    pub(crate) also: Vec<(u64, Vec<u64>)>,
    pub(crate) progress: Progress,
}

/// What was taken: runs, and tasks that are none of ours.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) runs: Vec<Run>,
    pub(crate) senseless: Vec<LeaseId>,
}

impl Taken {
    /// Sorts what was taken. Tasks of a group that follow one another are a run.
    pub(crate) fn of(tasks: Vec<Leased>) -> Taken {
        let mut taken = Taken::default();
        for leased in tasks {
            let (id, lease) = (leased.id, leased.lease);
            let lease = LeaseId { id, lease };
            match read(leased.task) {
                None => taken.senseless.push(lease),
                Some(task) => match taken.runs.last_mut() {
                    Some(run) if run.group == task.group => run.add(task, lease),
                    _ => taken.runs.push(Run::begin(task, lease, leased.progress)),
                },
            }
        }
        taken.runs.iter_mut().for_each(Run::sort);
        taken
    }
}

impl Run {
    fn begin(task: GroupTask, lease: LeaseId, progress: Bytes) -> Run {
        let mut run = Run {
            group: task.group,
            group_version: task.group_version,
            leases: Vec::new(),
            seqs: Vec::new(),
            also: Vec::new(),
            progress: Progress::read(progress),
        };
        run.add(task, lease);
        run
    }

    fn add(&mut self, task: GroupTask, lease: LeaseId) {
        self.leases.push(lease);
        self.seqs.push(task.group_seq);
        self.group_version = match task.group_version {
            0 => 0,
            _ if self.group_version == 0 => 0,
            version => version.max(self.group_version),
        };
        let also = task.also.into_iter().filter(|uin| ids::is_uin(*uin));
        let also: Vec<u64> = also.collect();
        if !also.is_empty() {
            self.also.push((task.group_seq, also));
        }
    }

    fn sort(&mut self) {
        self.seqs.sort_unstable();
        self.seqs.dedup();
        self.also.sort();
    }
}

/// What a task says; `None` when it makes no sense.
fn read(task: Option<Task>) -> Option<GroupTask> {
    let task = GroupTask::decode(task?.payload).ok()?;
    (ids::is_group(task.group) && task.group_seq > 0).then_some(task)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: u64 = ids::GROUP_BIT + 1;

    fn leased(id: u64, seq: u64, group_version: u64, also: &[u64]) -> Leased {
        let task = GroupTask {
            group: GROUP,
            group_seq: seq,
            also: also.to_vec(),
            group_version,
        };
        let task = Task {
            payload: task.encode_to_vec().into(),
            ..Task::default()
        };
        Leased {
            id,
            lease: id,
            task: Some(task),
            ..Leased::default()
        }
    }

    #[test]
    fn a_run_rises_and_knows_the_newest_version_only_if_all_know_one() {
        let tasks = vec![
            leased(1, 6, 3, &[]),
            leased(2, 5, 9, &[10_001, 7]),
            leased(3, 6, 4, &[]),
        ];
        let taken = Taken::of(tasks);
        let [run] = &taken.runs[..] else {
            panic!("{taken:?}")
        };
        assert_eq!((run.seqs.clone(), run.group_version), (vec![5, 6], 9));
        assert_eq!(run.also, [(5, vec![10_001])], "7 can be nobody");
        assert_eq!(run.leases.len(), 3);
        for versions in [[3, 0], [0, 3]] {
            let tasks = versions.map(|version| leased(1, 5, version, &[]));
            assert_eq!(Taken::of(tasks.into()).runs[0].group_version, 0);
        }
    }

    #[test]
    fn what_makes_no_sense_is_set_apart() {
        let nonsense = Leased {
            id: 1,
            ..Leased::default()
        };
        let taken = Taken::of(vec![nonsense, leased(2, 0, 1, &[]), leased(3, 1, 1, &[])]);
        assert_eq!((taken.senseless.len(), taken.runs.len()), (2, 1));
    }
}
