//! What was acknowledged, against what has arrived.

use std::collections::BTreeSet;

/// What one receiver has of one sender's messages in one chat. They are numbered from 1 in the order they were sent, so what has arrived
/// is a number and the holes below it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    highest: u32,
    holes: BTreeSet<u32>,
}

/// What an arrival is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// The next, or one beyond: what is between may have been refused, or lost.
    InOrder,
    /// It had been left out before: a later one came first.
    OutOfOrder,
    /// It was here.
    Duplicate,
}

impl Seen {
    /// Notes an arrival.
    pub(crate) fn arrived(&mut self, number: u32) -> Arrival {
        if number > self.highest {
            self.holes.extend(self.highest + 1..number);
            self.highest = number;
            return Arrival::InOrder;
        }
        match self.holes.remove(&number) {
            true => Arrival::OutOfOrder,
            false => Arrival::Duplicate,
        }
    }

    fn has(&self, number: u32) -> bool {
        number <= self.highest && !self.holes.contains(&number)
    }
}

/// The messages of one sender to one chat, and who is to have them.
#[derive(Clone, Debug)]
pub(crate) struct StreamLedger {
    /// Messages up to this number were answered for good: acknowledged, or refused.
    answered: u32,
    refused: BTreeSet<u32>,
    receivers: Vec<Seen>,
}

impl StreamLedger {
    /// For so many receivers.
    pub(crate) fn new(receivers: usize) -> StreamLedger {
        StreamLedger {
            answered: 0,
            refused: BTreeSet::new(),
            receivers: vec![Seen::default(); receivers],
        }
    }

    /// The next message in order is acknowledged.
    pub(crate) fn acknowledged(&mut self, number: u32) {
        debug_assert_eq!(number, self.answered + 1);
        self.answered = number;
    }

    /// The next message in order was refused for good.
    pub(crate) fn refused(&mut self, number: u32) {
        self.acknowledged(number);
        self.refused.insert(number);
    }

    /// A receiver has got a message.
    pub(crate) fn arrived(&mut self, receiver: usize, number: u32) -> Arrival {
        self.receivers[receiver].arrived(number)
    }

    /// Messages that were acknowledged.
    pub(crate) fn acknowledged_total(&self) -> u64 {
        u64::from(self.answered) - self.refused.len() as u64
    }

    /// Acknowledged messages that a receiver does not have.
    pub(crate) fn lost_by(&self, receiver: usize) -> u64 {
        let seen = &self.receivers[receiver];
        let holes = seen.holes.range(..=self.answered);
        let holes = holes
            .filter(|number| !self.refused.contains(number))
            .count();
        let beyond = (seen.highest + 1..=self.answered).filter(|n| !self.refused.contains(n));
        (holes + beyond.count()) as u64
    }

    /// Acknowledged messages that receivers do not have, each counted for each.
    pub(crate) fn lost(&self) -> u64 {
        (0..self.receivers.len())
            .map(|receiver| self.lost_by(receiver))
            .sum()
    }

    /// Messages that were refused and arrived all the same.
    pub(crate) fn refused_and_arrived(&self) -> u64 {
        let arrived = |number: &&u32| self.receivers.iter().any(|seen| seen.has(**number));
        self.refused.iter().filter(arrived).count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acknowledged(numbers: u32) -> StreamLedger {
        let mut ledger = StreamLedger::new(1);
        (1..=numbers).for_each(|number| ledger.acknowledged(number));
        ledger
    }

    #[test]
    fn what_arrives_once_and_in_order_is_fine() {
        let mut ledger = acknowledged(3);
        for number in 1..=3 {
            assert_eq!(ledger.arrived(0, number), Arrival::InOrder);
        }
        assert_eq!((ledger.lost(), ledger.acknowledged_total()), (0, 3));
    }

    #[test]
    fn what_is_missing_is_lost_until_it_comes_and_then_it_is_late() {
        let mut ledger = acknowledged(4);
        ledger.arrived(0, 1);
        ledger.arrived(0, 3);
        assert_eq!(ledger.lost(), 2, "2 and 4");
        assert_eq!(ledger.arrived(0, 2), Arrival::OutOfOrder);
        assert_eq!(ledger.arrived(0, 2), Arrival::Duplicate);
        assert_eq!(ledger.arrived(0, 3), Arrival::Duplicate);
        assert_eq!(ledger.lost(), 1);
    }

    #[test]
    fn what_was_never_acknowledged_may_arrive_or_not() {
        let mut ledger = acknowledged(2);
        for number in 1..=3 {
            ledger.arrived(0, number);
        }
        assert_eq!(ledger.lost(), 0);
    }

    #[test]
    fn what_was_refused_is_not_missed() {
        let mut ledger = acknowledged(1);
        ledger.refused(2);
        ledger.acknowledged(3);
        ledger.arrived(0, 1);
        ledger.arrived(0, 3);
        assert_eq!((ledger.lost(), ledger.acknowledged_total()), (0, 2));
        assert_eq!(ledger.refused_and_arrived(), 0);
        ledger.arrived(0, 2);
        assert_eq!(ledger.refused_and_arrived(), 1);
    }

    #[test]
    fn every_receiver_of_a_group_counts() {
        let mut ledger = StreamLedger::new(3);
        ledger.acknowledged(1);
        ledger.arrived(1, 1);
        assert_eq!((ledger.lost(), ledger.lost_by(1)), (2, 0));
    }
}
