//! Kills one process after the other.

use crate::load::Load;
use crate::processes::Processes;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::sleep;

/// Kills a random service of a split backend, but not its supervisor, about every so often, until it is dropped.
pub(crate) async fn kill_all_the_while(
    processes: Processes,
    load: Rc<Load>,
    every: Duration,
    told: Rc<RefCell<Vec<String>>>,
) {
    loop {
        sleep(every.mul_f64(0.5 + fastrand::f64())).await;
        let services = processes.services();
        if let Some(victim) = fastrand::choice(&services) {
            victim.kill();
            load.figures.borrow_mut().faults.killed += 1;
            told.borrow_mut().push(victim.name.clone());
        }
    }
}
