//! Who is next among the tasks that may be taken.

use im_idl::queue::Class;
use std::collections::BTreeMap;

/// Of this many turns in a row, each class gets its part while it has tasks: live mostly, but the others are never starved.
const WEIGHTS: [i64; 3] = [16, 4, 1];

/// A place in a class's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    class: Class,
    place: i64,
}

/// A row for each class, and whose class is next.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    rows: [BTreeMap<i64, u64>; 3],
    /// Smooth weighted round robin: what each class has earned by waiting.
    credits: [i64; 3],
    first: i64,
    last: i64,
}

impl Turns {
    /// Puts a task behind all others of its class.
    pub(crate) fn push_back(&mut self, class: Class, id: u64) -> Turn {
        self.last += 1;
        self.insert(class, self.last, id)
    }

    /// Puts a task that had its turn already before all others of its class.
    pub(crate) fn push_front(&mut self, class: Class, id: u64) -> Turn {
        self.first -= 1;
        self.insert(class, self.first, id)
    }

    /// Takes a task out.
    pub(crate) fn remove(&mut self, turn: Turn) {
        self.rows[turn.class as usize].remove(&turn.place);
    }

    /// The task whose turn it is, taken out.
    pub(crate) fn next(&mut self) -> Option<u64> {
        let waiting = |class: &usize| !self.rows[*class].is_empty();
        let waiting: Vec<usize> = (0..WEIGHTS.len()).filter(waiting).collect();
        for class in &waiting {
            self.credits[*class] += WEIGHTS[*class];
        }
        // Of equals the more important one: the last maximum of the reversed row.
        let chosen = *waiting.iter().rev().max_by_key(|c| self.credits[**c])?;
        self.credits[chosen] -= waiting.iter().map(|c| WEIGHTS[*c]).sum::<i64>();
        self.rows[chosen].pop_first().map(|(_, id)| id)
    }

    /// Whether nobody waits for a turn.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.iter().all(BTreeMap::is_empty)
    }

    fn insert(&mut self, class: Class, place: i64, id: u64) -> Turn {
        self.rows[class as usize].insert(place, id);
        Turn { class, place }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(turns: &mut Turns, n: usize) -> [usize; 3] {
        let mut counts = [0; 3];
        for _ in 0..n {
            counts[turns.next().unwrap() as usize / 1_000] += 1;
        }
        counts
    }

    #[test]
    fn classes_share_turns_by_weight_and_nobody_starves() {
        let mut turns = Turns::default();
        for i in 0..500 {
            turns.push_back(Class::Bulk, 2_000 + i);
            turns.push_back(Class::Retry, 1_000 + i);
            turns.push_back(Class::Live, i);
        }
        assert_eq!(of(&mut turns, 210), [160, 40, 10]);
    }

    #[test]
    fn an_idle_class_leaves_its_turns_to_the_others_and_saves_none() {
        let mut turns = Turns::default();
        for i in 0..100 {
            turns.push_back(Class::Retry, 1_000 + i);
        }
        assert_eq!(of(&mut turns, 50), [0, 50, 0]);
        for i in 0..100 {
            turns.push_back(Class::Live, i);
        }
        assert_eq!(of(&mut turns, 20), [16, 4, 0]);
    }

    #[test]
    fn first_come_first_served_but_for_those_who_come_back() {
        let mut turns = Turns::default();
        turns.push_back(Class::Live, 1);
        let gone = turns.push_back(Class::Live, 2);
        turns.push_back(Class::Live, 3);
        turns.push_front(Class::Live, 4);
        turns.remove(gone);
        let order: Vec<u64> = std::iter::from_fn(|| turns.next()).collect();
        assert_eq!(order, [4, 1, 3]);
        assert!(turns.is_empty());
    }
}
