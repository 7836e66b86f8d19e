//! Priorities as single numbers, so that admitting is one comparison.

use crate::context::Priority;

/// User levels within a business level. 128, after DAGOR: whole business levels are too coarse to steer by.
pub const USER_LEVELS: usize = 128;

/// A priority as one number, business level before user level; smaller is more important. User priorities beyond
/// [`USER_LEVELS`] count as the last of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level(u16);

impl Level {
    /// Everything is admitted.
    pub const OPEN: Level = Level((256 * USER_LEVELS - 1) as u16);
    /// The last level of business level 0 (health checks, kicks, administration), which overload control never refuses.
    pub const EXEMPT: Level = Level((USER_LEVELS - 1) as u16);

    /// The level of a priority.
    pub fn of(priority: Priority) -> Level {
        let user = (priority.user as usize).min(USER_LEVELS - 1);
        Level((priority.business as usize * USER_LEVELS + user) as u16)
    }

    /// The least important priority of this level, as answers carry it.
    pub fn priority(self) -> Priority {
        if self == Level::OPEN {
            return Priority::LEAST;
        }
        Priority {
            business: self.business(),
            user: self.user() as u8,
        }
    }

    pub(super) fn business(self) -> u8 {
        (self.0 as usize / USER_LEVELS) as u8
    }

    pub(super) fn user(self) -> usize {
        self.0 as usize % USER_LEVELS
    }

    pub(super) fn at(business: u8, user: usize) -> Level {
        Level((business as usize * USER_LEVELS + user) as u16)
    }

    pub(crate) const fn number(self) -> u16 {
        self.0
    }

    /// The level of a number; beyond the last one, the last.
    pub(crate) fn from_number(number: u16) -> Level {
        Level(number).min(Level::OPEN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(business: u8, user: u8) -> Level {
        Level::of(Priority { business, user })
    }

    #[test]
    fn business_counts_before_user() {
        assert!(level(3, 127) < level(4, 0));
        assert!(level(4, 0) < level(4, 1));
        assert_eq!(level(4, 200), level(4, 127), "users have 128 levels");
        assert_eq!(level(255, 255), Level::OPEN);
        assert!(level(0, 255) <= Level::EXEMPT && level(1, 0) > Level::EXEMPT);
    }

    #[test]
    fn a_level_travels_as_a_priority() {
        for level in [level(0, 0), level(7, 13), level(255, 126), Level::OPEN] {
            assert_eq!(Level::of(level.priority()), level);
        }
        assert_eq!(Level::OPEN.priority(), Priority::LEAST);
    }
}
