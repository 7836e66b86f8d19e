//! The processes of a backend, which come and go.

use crate::process::{Process, children, resident_bytes};
use std::cell::Cell;
use std::rc::Rc;
use tokio::process::Child;

/// Which processes a backend consists of; a clone follows its changes.
#[derive(Clone, Debug)]
pub(crate) enum Processes {
    /// These.
    Known(Vec<u32>),
    /// One that we have started, and what that has started.
    Tree {
        root: Rc<Cell<Option<u32>>>,
        is_split: bool,
    },
}

impl Processes {
    pub(crate) fn of(child: &Child, is_split: bool) -> Processes {
        Processes::Tree {
            root: Rc::new(Cell::new(child.id())),
            is_split,
        }
    }

    /// There is a new root.
    pub(crate) fn started_again(&self, child: &Child) {
        if let Processes::Tree { root, .. } = self {
            root.set(child.id());
        }
    }

    /// Another process has taken over from the root.
    pub(crate) fn taken_over_by(&self, pid: u32) {
        if let Processes::Tree { root, .. } = self {
            root.set(Some(pid));
        }
    }

    /// The one that we have started, or that has taken over from it.
    pub(crate) fn root(&self) -> Option<Process> {
        match self {
            Processes::Tree { root, .. } => root.get().map(named),
            Processes::Known(_) => None,
        }
    }

    /// Whether each service has a process of its own.
    pub(crate) fn are_split(&self) -> bool {
        matches!(self, Processes::Tree { is_split: true, .. })
    }

    /// All there are now.
    pub(crate) fn all(&self) -> Vec<Process> {
        match self {
            Processes::Known(pids) => pids.iter().map(|pid| named(*pid)).collect(),
            Processes::Tree { root, .. } => {
                let root = root.get().map(named);
                root.into_iter().chain(self.services()).collect()
            }
        }
    }

    /// Those with a service each; none when the backend is one process.
    pub(crate) fn services(&self) -> Vec<Process> {
        match self {
            Processes::Tree {
                root,
                is_split: true,
            } => root.get().map(children).unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    pub(crate) fn pids(&self) -> impl Iterator<Item = u32> {
        self.all().into_iter().map(|process| process.pid)
    }

    pub(crate) fn resident_bytes(&self) -> u64 {
        self.pids().map(resident_bytes).sum()
    }
}

fn named(pid: u32) -> Process {
    let name = pid.to_string();
    Process { name, pid }
}
