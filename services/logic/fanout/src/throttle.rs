//! How many workers may work at once.

/// Halves when deliveries fail, and grows back by one when as many succeed as may be tried at once.
#[derive(Debug)]
pub(crate) struct Throttle {
    workers: usize,
    limit: usize,
    succeeded: usize,
    /// Counts halvings: all that began before one and fail after it are the same trouble.
    round: u64,
}

impl Throttle {
    /// All workers may work. At least one always may, to find out when the trouble is over.
    pub(crate) fn new(workers: usize) -> Throttle {
        let workers = workers.max(1);
        Throttle {
            workers,
            limit: workers,
            succeeded: 0,
            round: 0,
        }
    }

    /// How many may work.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// When a delivery begins.
    pub(crate) fn round(&self) -> u64 {
        self.round
    }

    /// A delivery went well.
    pub(crate) fn succeeded(&mut self) {
        self.succeeded += 1;
        if self.succeeded >= self.limit && self.limit < self.workers {
            self.limit += 1;
            self.succeeded = 0;
        }
    }

    /// A delivery that began in this round failed.
    pub(crate) fn failed(&mut self, round: u64) {
        if round == self.round {
            self.limit = (self.limit / 2).max(1);
            self.succeeded = 0;
            self.round += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_trouble_halves_once_and_success_brings_all_back() {
        let mut throttle = Throttle::new(16);
        let round = throttle.round();
        for _ in 0..16 {
            throttle.failed(round);
        }
        assert_eq!(throttle.limit(), 8);
        for _ in 0..10 {
            throttle.failed(throttle.round());
        }
        assert_eq!(throttle.limit(), 1);
        for _ in 1..16 {
            for _ in 0..throttle.limit() {
                throttle.succeeded();
            }
        }
        assert_eq!(throttle.limit(), 16);
        throttle.succeeded();
        assert_eq!(throttle.limit(), 16);
    }
}
