//! How long requests of a method may wait, in the mean.

/// Below this the mean says more of the machine's scheduler than of the load: a virtual machine that loses its processor for a moment
/// must not shed.
const TARGET_US_MIN: u64 = 2_000;

/// Mean waiting time beyond which a server has too much to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueTarget {
    /// Milliseconds, whatever the method. Default 20, which is WeChat's.
    pub queue_target_ms_max: u32,
    /// Percent of the method's timeout. Default 4: those 20 ms of WeChat's timeout of 500, for methods with less time.
    pub timeout_percent: u32,
}

impl Default for QueueTarget {
    fn default() -> QueueTarget {
        QueueTarget {
            queue_target_ms_max: 20,
            timeout_percent: 4,
        }
    }
}

impl QueueTarget {
    /// Microseconds for a method with this timeout.
    pub fn us(&self, timeout_ms: u32) -> u64 {
        let share = timeout_ms as u64 * self.timeout_percent as u64 * 10;
        share
            .min(self.queue_target_ms_max as u64 * 1_000)
            .max(TARGET_US_MIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smaller_of_both_within_reason() {
        let target = QueueTarget::default();
        assert_eq!(target.us(500), 20_000);
        assert_eq!(target.us(60_000), 20_000);
        assert_eq!(target.us(100), 4_000);
        assert_eq!(target.us(10), TARGET_US_MIN);
    }
}
