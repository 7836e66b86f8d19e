//! How many entries of each kind a list has.

use crate::config::Config;
use crate::refused::Refused;
use crate::row;
use bytes::Bytes;
use im_idl::contact::Relation;
use svrkit_rt::Status;

/// What an entry counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// There is no row.
    Absent,
    /// Gone, kept so that devices hear of it.
    Tombstone,
    /// Somebody asked and has no answer.
    Question,
    /// Everything else.
    Contact,
}

impl Kind {
    pub(crate) fn of(relation: Relation, blocked: bool) -> Kind {
        match (relation, blocked) {
            (Relation::None, false) => Kind::Tombstone,
            (Relation::AskedMe, false) => Kind::Question,
            _ => Kind::Contact,
        }
    }
}

/// The counting row of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    contacts: u32,
    questions: u32,
    /// Ever made: deleting them is quiet, and a quiet change under a condition would be overlooked.
    tombstones_made: u64,
}

impl Head {
    pub(crate) fn read(value: &[u8]) -> Result<Head, Status> {
        let Some((counts, made)) = value.split_first_chunk::<8>() else {
            return Err(row::damaged("the counting row is short"));
        };
        let made = made.try_into();
        let made = made.map_err(|_| row::damaged("the counting row is long"))?;
        let [a, b, c, d, e, f, g, h] = *counts;
        Ok(Head {
            contacts: u32::from_be_bytes([a, b, c, d]),
            questions: u32::from_be_bytes([e, f, g, h]),
            tombstones_made: u64::from_be_bytes(made),
        })
    }

    pub(crate) fn write(&self) -> Bytes {
        let mut value = Vec::with_capacity(16);
        value.extend_from_slice(&self.contacts.to_be_bytes());
        value.extend_from_slice(&self.questions.to_be_bytes());
        value.extend_from_slice(&self.tombstones_made.to_be_bytes());
        value.into()
    }

    /// After an entry became another kind.
    ///
    /// # Errors
    /// [`Refused::ContactsMax`], [`Refused::QuestionsMax`] when there is no room for it.
    pub(crate) fn after(self, old: Kind, new: Kind, config: &Config) -> Result<Head, Refused> {
        let mut head = self;
        if old == new {
            return Ok(head);
        }
        match old {
            Kind::Contact => head.contacts = head.contacts.saturating_sub(1),
            Kind::Question => head.questions = head.questions.saturating_sub(1),
            Kind::Absent | Kind::Tombstone => {}
        }
        match new {
            Kind::Contact if head.contacts >= config.contacts_max => {
                return Err(Refused::ContactsMax);
            }
            Kind::Question if head.questions >= config.questions_max => {
                return Err(Refused::QuestionsMax);
            }
            Kind::Contact => head.contacts += 1,
            Kind::Question => head.questions += 1,
            Kind::Tombstone => head.tombstones_made += 1,
            Kind::Absent => {}
        }
        Ok(head)
    }

    /// Whether, with the change to `after`, it is time to look for old tombstones.
    pub(crate) fn is_sweep_due(self, after: Head, config: &Config) -> bool {
        let before = self.tombstones_made / config.sweep_every();
        after.tombstones_made / config.sweep_every() > before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [Kind; 4] = [Kind::Absent, Kind::Tombstone, Kind::Question, Kind::Contact];

    fn counted(kind: Kind) -> Head {
        let mut head = Head::default();
        match kind {
            Kind::Contact => head.contacts = 1,
            Kind::Question => head.questions = 1,
            Kind::Absent | Kind::Tombstone => {}
        }
        head
    }

    #[test]
    fn an_entry_is_counted_where_it_is() {
        let config = Config::default();
        for old in KINDS {
            for new in KINDS {
                let after = counted(old).after(old, new, &config).unwrap();
                let made = u64::from(new == Kind::Tombstone && old != new);
                let expected = Head {
                    tombstones_made: made,
                    ..counted(new)
                };
                assert_eq!(after, expected, "{old:?} to {new:?}");
                assert_eq!(Head::read(&after.write()), Ok(after));
            }
        }
    }

    #[test]
    fn full_is_full_for_newcomers_only() {
        let config = Config {
            contacts_max: 1,
            questions_max: 1,
            ..Config::default()
        };
        let full = Head {
            contacts: 1,
            questions: 1,
            tombstones_made: 0,
        };
        let after = |old, new| full.after(old, new, &config);
        let more = after(Kind::Absent, Kind::Contact);
        assert_eq!(more, Err(Refused::ContactsMax));
        let accepted = after(Kind::Question, Kind::Contact);
        assert_eq!(accepted, Err(Refused::ContactsMax));
        let asked = after(Kind::Tombstone, Kind::Question);
        assert_eq!(asked, Err(Refused::QuestionsMax));
        assert_eq!(after(Kind::Contact, Kind::Contact), Ok(full));
        assert!(after(Kind::Question, Kind::Tombstone).is_ok());
    }

    #[test]
    fn a_sweep_is_due_each_quarter() {
        let config = Config {
            tombstones_max: 8,
            ..Config::default()
        };
        let due = (0..6).filter(|made| {
            let made = Head {
                tombstones_made: *made,
                ..Head::default()
            };
            let after = made.after(Kind::Contact, Kind::Tombstone, &config);
            made.is_sweep_due(after.unwrap(), &config)
        });
        assert_eq!(due.collect::<Vec<_>>(), [1, 3, 5]);
    }

    #[test]
    fn a_row_of_another_length_is_damaged() {
        for value in [&[0; 7][..], &[0; 15], &[0; 17]] {
            assert_eq!(
                Head::read(value).unwrap_err().code(),
                svrkit_rt::Code::DataLoss
            );
        }
    }
}
