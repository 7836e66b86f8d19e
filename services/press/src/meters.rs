//! What both sides cost.

use crate::process::CpuMeter;
use crate::processes::Processes;

/// CPU time of the backend and of the load.
#[derive(Debug)]
pub(crate) struct Meters {
    pub(crate) server: CpuMeter,
    pub(crate) load: CpuMeter,
    processes: Processes,
}

impl Meters {
    pub(crate) fn new(processes: Processes) -> Meters {
        Meters {
            server: CpuMeter::default(),
            load: CpuMeter::default(),
            processes,
        }
    }

    /// Looks at both. Processes that are killed take their CPU time along, so look often.
    pub(crate) fn look(&mut self) {
        self.server.look(self.processes.pids());
        self.load.look([std::process::id()]);
    }
}
