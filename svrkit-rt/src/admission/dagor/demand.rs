//! How much comes at each level.

use super::super::level::{Level, USER_LEVELS};
use std::collections::BTreeMap;

/// The most that the load of one window is believed to have grown beyond what is remembered.
const GROWTH_MAX: f64 = 4.0;
/// Standard deviations within which a window's count says nothing new (requests come at random, so n of them deviate by √n).
const CHANCE: f64 = 3.0;
/// Idle windows in which the memory of a level that is refused loses half its weight.
const REFUSED_HALF_LIFE: f64 = 20.0;

/// How to learn from a window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Learning {
    /// What [`Demand::change`] said of it.
    pub(super) change: Option<f64>,
    /// Windows in which what was learned before loses half its weight.
    pub(super) half_life_windows: f64,
    /// Nothing waited in it.
    pub(super) is_idle: bool,
}

/// Requests a second by level, seen in a window or remembered over several.
#[derive(Clone, Debug, Default)]
pub(super) struct Demand {
    /// By business level, of those that were seen.
    rows: BTreeMap<u8, [f64; USER_LEVELS]>,
}

impl Demand {
    pub(super) fn add(&mut self, level: Level, rate: f64) {
        let row = self.rows.entry(level.business());
        row.or_insert([0.0; USER_LEVELS])[level.user()] += rate;
    }

    /// The sum over all levels up to `cursor`.
    pub(super) fn admitted(&self, cursor: Level) -> f64 {
        let admitted = self.levels().take_while(|(level, _)| *level <= cursor);
        admitted.map(|(_, rate)| rate).sum()
    }

    /// The cursor that admits `rate`, as nearly as whole levels allow.
    pub(super) fn cursor_at(&self, rate: f64) -> Level {
        let mut sum = 0.0;
        let mut cursor = Level::EXEMPT;
        for (level, more) in self.levels() {
            if sum + more / 2.0 > rate {
                return cursor;
            }
            sum += more;
            cursor = level.max(Level::EXEMPT);
        }
        Level::OPEN
    }

    /// The most important first.
    fn levels(&self) -> impl Iterator<Item = (Level, f64)> {
        let rows = self.rows.iter();
        rows.flat_map(|(business, row)| {
            let rates = row.iter().enumerate();
            rates.map(|(user, rate)| (Level::at(*business, user), *rate))
        })
    }

    /// By what factor the admitted load of a window differs from what is remembered of it; `None` if chance explains it.
    pub(super) fn change(&self, seen: &Demand, cursor: Level, elapsed_s: f64) -> Option<f64> {
        let (before, now) = (self.admitted(cursor), seen.admitted(cursor));
        let chance = CHANCE * (before / elapsed_s).sqrt();
        if (now - before).abs() <= chance {
            return None;
        }
        Some(match before {
            0.0 => 1.0,
            before => (now / before).min(GROWTH_MAX),
        })
    }

    /// Learns from a window in which `cursor` stood.
    ///
    /// What was admitted all came here, and is believed. Of what was refused, callers keep back what they know would be refused, so
    /// that little of it is seen: it is taken to have changed as the admitted load has. If the little were believed, the memory of
    /// the rest would soon be gone, and the next calm window would walk over empty levels and open the gate to all of them. In idle
    /// windows it fades, slowly: there is room, and only trying can tell whether it still comes.
    pub(super) fn learn(&mut self, seen: &Demand, cursor: Level, learning: Learning) {
        let weight = |half_life: f64| 1.0 - 0.5_f64.powf(1.0 / half_life);
        // After a change there is nothing left to average with.
        let believed = match learning.change {
            None => weight(learning.half_life_windows),
            Some(_) => 1.0,
        };
        let change = learning.change.unwrap_or(1.0);
        let kept = match learning.is_idle {
            true => change * (1.0 - weight(REFUSED_HALF_LIFE)),
            false => change,
        };
        for business in seen.rows.keys() {
            self.rows.entry(*business).or_insert([0.0; USER_LEVELS]);
        }
        for (business, row) in &mut self.rows {
            for (user, rate) in row.iter_mut().enumerate() {
                let level = Level::at(*business, user);
                let learned = *rate + believed * (seen.at(level) - *rate);
                *rate = if level <= cursor {
                    learned
                } else {
                    learned.max(*rate * kept)
                };
            }
        }
    }

    fn at(&self, level: Level) -> f64 {
        let row = self.rows.get(&level.business());
        row.map_or(0.0, |row| row[level.user()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: Learning = Learning {
        change: None,
        half_life_windows: 5.0,
        is_idle: false,
    };

    /// So much at each user level of these business levels.
    fn even(businesses: &[u8], rate: f64) -> Demand {
        let mut demand = Demand::default();
        for business in businesses {
            (0..USER_LEVELS).for_each(|user| demand.add(Level::at(*business, user), rate));
        }
        demand
    }

    #[test]
    fn a_cursor_parts_what_is_admitted_from_what_is_refused() {
        let demand = even(&[4, 8], 1.0);
        let cursor = Level::at(8, 27);
        assert_eq!(demand.admitted(cursor), 128.0 + 28.0);
        assert_eq!(demand.admitted(Level::at(6, 0)), 128.0, "between rows");
        assert_eq!(demand.cursor_at(156.0), cursor);
        assert_eq!(
            demand.cursor_at(155.6),
            cursor,
            "nearer than the level before"
        );
        assert_eq!(demand.cursor_at(0.0), Level::EXEMPT);
        assert_eq!(demand.cursor_at(300.0), Level::OPEN);
    }

    #[test]
    fn what_chance_explains_is_no_change() {
        let remembered = even(&[8], 2.0);
        let change = |rate| remembered.change(&even(&[8], rate), Level::OPEN, 1.0);
        assert_eq!(change(2.2), None, "282 are within three deviations of 256");
        assert_eq!(change(3.0), Some(1.5));
        assert_eq!(change(0.5), Some(0.25));
        assert_eq!(change(100.0), Some(GROWTH_MAX));
        let first = Demand::default().change(&even(&[8], 2.0), Level::OPEN, 1.0);
        assert_eq!(first, Some(1.0), "news, but no growth of anything");
    }

    #[test]
    fn what_callers_keep_back_is_not_forgotten() {
        let mut remembered = even(&[8], 2.0);
        let cursor = Level::at(8, 63);
        let mut seen = Demand::default();
        (0..64).for_each(|user| seen.add(Level::at(8, user), 2.0));
        for _ in 0..10 {
            remembered.learn(&seen, cursor, FULL);
        }
        let refused = |d: &Demand| d.admitted(Level::OPEN) - d.admitted(cursor);
        assert_eq!(refused(&remembered), 128.0);
        // The load that is seen halves, so what is not seen is taken to have halved as well.
        let halved = Learning {
            change: Some(0.5),
            ..FULL
        };
        remembered.learn(&even(&[], 0.0), cursor, halved);
        assert_eq!(refused(&remembered), 64.0);
        // Where there is room, it is not refused for ever for what it once was.
        for _ in 0..200 {
            let idle = Learning {
                is_idle: true,
                ..FULL
            };
            remembered.learn(&even(&[], 0.0), cursor, idle);
        }
        assert!(refused(&remembered) < 1.0);
    }
}
