//! A process of a service: so many handlers, and a place where admitted calls wait for one.

use super::scenario::InstanceSpec;
use std::collections::VecDeque;
use std::sync::Arc;
use svrkit_rt::admission::Policy;

#[derive(Debug)]
pub(super) struct Server {
    pub(super) spec: InstanceSpec,
    pub(super) policy: Arc<dyn Policy>,
    pub(super) waiting: VecDeque<usize>,
    pub(super) busy: usize,
}

impl Server {
    pub(super) fn new(spec: InstanceSpec, policy: Arc<dyn Policy>) -> Server {
        Server {
            spec,
            policy,
            waiting: VecDeque::new(),
            busy: 0,
        }
    }

    /// The next call that waits, if a handler is free for it.
    pub(super) fn next(&mut self) -> Option<usize> {
        if self.busy == self.spec.workers {
            return None;
        }
        self.waiting.pop_front()
    }
}
