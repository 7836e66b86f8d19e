//! What becomes of a pair: pure rules over both sides.
//!
//! A change of relation is written to two lists, and either may be missing after a crash. So the rules know every combination of sides,
//! not only those that make sense, and lead each of them to one that does:
//!
//! | mine | theirs | |
//! |---|---|---|
//! | none | none | strangers |
//! | asked | asked me | I wait for him |
//! | asked me | asked | he waits for me |
//! | friend | friend | friends |
//!
//! What tells a wish is its owner's own list: asked or friend there means yes. One more thing does: a question of his in my list, which
//! only he can have put there.

use crate::refusal::Refusal;
use im_idl::contact::{Entry, Relation};

/// What a caller does about somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Ask { greeting: String },
    Accept,
    SetRemark { remark: String },
    SetBlocked { blocked: bool },
    Delete,
}

/// Both sides: the caller's entry and the one about him. An entry that is not there is one of relation none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) mine: Entry,
    pub(crate) theirs: Entry,
}

/// What is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It is so already.
    Nothing,
    /// The caller's own side.
    Mine(Entry),
    /// Both, even if one of them is as it was: under the condition that neither has changed, the pair makes sense afterwards.
    Both(Pair),
}

/// Whether the action may be begun at all: nobody asks across a block.
///
/// Once a call has begun, a block that is set meanwhile comes after it; refusing it half-way would leave half of it.
///
/// # Errors
/// [`Refusal::Blocked`], [`Refusal::Refused`].
pub(crate) fn check_blocks(pair: &Pair, action: &Action) -> Result<(), Refusal> {
    let asks = matches!(action, Action::Ask { .. } | Action::Accept);
    if !asks || are_friends(pair) {
        return Ok(());
    }
    if pair.mine.blocked {
        return Err(Refusal::Blocked);
    }
    if pair.theirs.blocked {
        return Err(Refusal::Refused);
    }
    Ok(())
}

/// What becomes of a pair by an action.
///
/// # Errors
/// [`Refusal::NoSuchQuestion`], [`Refusal::NotAContact`]; then nothing is to be written.
pub(crate) fn decide(pair: &Pair, action: &Action, now_ms: u64) -> Result<Change, Refusal> {
    let (mine, theirs) = (&pair.mine, &pair.theirs);
    match action {
        Action::Ask { greeting } => {
            if he_is_willing(pair) {
                return Ok(befriended(pair, now_ms));
            }
            let theirs = Entry {
                greeting: greeting.clone(),
                ..related(theirs, Relation::AskedMe, now_ms)
            };
            let mine = related(mine, Relation::Asked, now_ms);
            Ok(both(pair, mine, theirs))
        }
        Action::Accept => match he_is_willing(pair) {
            true => Ok(befriended(pair, now_ms)),
            false => Err(Refusal::NoSuchQuestion),
        },
        Action::SetRemark { remark } => {
            if mine.relation() == Relation::None && !mine.blocked {
                return Err(Refusal::NotAContact);
            }
            let remark = remark.clone();
            Ok(own_side(
                mine,
                Entry {
                    remark,
                    ..mine.clone()
                },
            ))
        }
        Action::SetBlocked { blocked } => {
            let blocked = *blocked;
            Ok(own_side(
                mine,
                Entry {
                    blocked,
                    ..mine.clone()
                },
            ))
        }
        Action::Delete => Ok(both(pair, parted(mine), parted(theirs))),
    }
}

/// A try of a change that somebody came before: either side of what it wanted may have been written.
#[derive(Clone, Debug)]
pub(crate) struct Lost {
    pub(crate) found: Pair,
    pub(crate) wanted: Pair,
}

/// The caller's own side without what lost tries of a call may have left there, when it is refused in the end: he accepts, and the
/// other takes his question back in that moment. On the other's side nothing of it can be left, or it would not be refused.
///
/// Nothing when the pair makes sense, or its side is not theirs: then others have gone on from it.
pub(crate) fn taken_back(now: &Pair, tries: &[Lost]) -> Option<Entry> {
    if makes_sense(now) {
        return None;
    }
    let mut mine = now.mine.clone();
    for lost in tries.iter().rev() {
        let (wanted, found) = (&lost.wanted.mine, &lost.found.mine);
        // Remark and block are not compared, and stay: they may have been set since.
        if (wanted.relation, wanted.since_ms) == (mine.relation, mine.since_ms) {
            mine.relation = found.relation;
            mine.since_ms = found.since_ms;
        }
    }
    (mine != now.mine).then_some(mine)
}

fn makes_sense(pair: &Pair) -> bool {
    use Relation::{Asked, AskedMe, Friend};
    matches!(
        (pair.mine.relation(), pair.theirs.relation()),
        (Relation::None, Relation::None) | (Asked, AskedMe) | (AskedMe, Asked) | (Friend, Friend)
    )
}

fn are_friends(pair: &Pair) -> bool {
    pair.mine.relation() == Relation::Friend && pair.theirs.relation() == Relation::Friend
}

fn he_is_willing(pair: &Pair) -> bool {
    let says_so = matches!(pair.theirs.relation(), Relation::Asked | Relation::Friend);
    says_so || pair.mine.relation() == Relation::AskedMe
}

fn befriended(pair: &Pair, now_ms: u64) -> Change {
    let mine = related(&pair.mine, Relation::Friend, now_ms);
    let theirs = related(&pair.theirs, Relation::Friend, now_ms);
    both(pair, mine, theirs)
}

/// The entry with another relation, and since when.
fn related(entry: &Entry, relation: Relation, now_ms: u64) -> Entry {
    let same = entry.relation() == relation;
    Entry {
        relation: relation.into(),
        since_ms: if same { entry.since_ms } else { now_ms },
        ..entry.clone()
    }
}

/// What is left when it is over: whether he is blocked.
fn parted(entry: &Entry) -> Entry {
    Entry {
        uin: entry.uin,
        blocked: entry.blocked,
        version: entry.version,
        ..Entry::default()
    }
}

fn both(old: &Pair, mine: Entry, theirs: Entry) -> Change {
    let new = Pair { mine, theirs };
    match new == *old {
        true => Change::Nothing,
        false => Change::Both(new),
    }
}

fn own_side(old: &Entry, new: Entry) -> Change {
    match new == *old {
        true => Change::Nothing,
        false => Change::Mine(new),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Relation::{Asked, AskedMe, Friend, None as Stranger};

    const ME: u64 = 10_001;
    const HIM: u64 = 10_002;
    const BEFORE_MS: u64 = 500;
    const NOW_MS: u64 = 1_000;
    const RELATIONS: [Relation; 4] = [Stranger, Asked, AskedMe, Friend];
    const SENSIBLE: [(Relation, Relation); 4] = [
        (Stranger, Stranger),
        (Asked, AskedMe),
        (AskedMe, Asked),
        (Friend, Friend),
    ];

    fn side(uin: u64, relation: Relation, blocked: bool) -> Entry {
        let stranger = relation == Stranger;
        Entry {
            uin,
            relation: relation.into(),
            blocked,
            remark: if stranger { "" } else { "remark" }.to_owned(),
            since_ms: if stranger { 0 } else { BEFORE_MS },
            ..Entry::default()
        }
    }

    fn pair((mine, theirs): (Relation, Relation)) -> Pair {
        Pair {
            mine: side(HIM, mine, false),
            theirs: side(ME, theirs, false),
        }
    }

    fn every_pair() -> Vec<Pair> {
        let mut pairs = Vec::new();
        for mine in RELATIONS {
            for theirs in RELATIONS {
                for (i_block, he_blocks) in
                    [(false, false), (false, true), (true, false), (true, true)]
                {
                    pairs.push(Pair {
                        mine: side(HIM, mine, i_block),
                        theirs: side(ME, theirs, he_blocks),
                    });
                }
            }
        }
        pairs
    }

    fn ask() -> Action {
        let greeting = "it's me".to_owned();
        Action::Ask { greeting }
    }

    fn every_action() -> Vec<Action> {
        let remark = "new remark".to_owned();
        vec![
            ask(),
            Action::Accept,
            Action::SetRemark { remark },
            Action::SetBlocked { blocked: true },
            Action::SetBlocked { blocked: false },
            Action::Delete,
        ]
    }

    fn is_about_both(action: &Action) -> bool {
        matches!(action, Action::Ask { .. } | Action::Accept | Action::Delete)
    }

    /// What a call makes of a pair.
    fn after(pair: &Pair, action: &Action) -> Result<Pair, Refusal> {
        check_blocks(pair, action)?;
        let theirs = pair.theirs.clone();
        Ok(match decide(pair, action, NOW_MS)? {
            Change::Nothing => pair.clone(),
            Change::Mine(mine) => Pair { mine, theirs },
            Change::Both(new) => new,
        })
    }

    fn relations(pair: &Pair) -> (Relation, Relation) {
        (pair.mine.relation(), pair.theirs.relation())
    }

    fn asked(from: (Relation, Relation)) -> (Relation, Relation) {
        relations(&after(&pair(from), &ask()).unwrap())
    }

    #[test]
    fn asking_leads_to_a_question_or_to_friendship() {
        let question = (Asked, AskedMe);
        let friends = (Friend, Friend);
        let expected = [
            // theirs: none, asked, asked me, friend
            (Stranger, [question, friends, question, friends]),
            (Asked, [question, friends, question, friends]),
            (AskedMe, [friends, friends, friends, friends]),
            (Friend, [question, friends, question, friends]),
        ];
        for (mine, outcomes) in expected {
            for (theirs, outcome) in RELATIONS.into_iter().zip(outcomes) {
                assert_eq!(asked((mine, theirs)), outcome, "{mine:?} {theirs:?}");
            }
        }
    }

    #[test]
    fn accepting_is_asking_where_he_has_asked_and_refused_elsewhere() {
        for mine in RELATIONS {
            for theirs in RELATIONS {
                let accepted = after(&pair((mine, theirs)), &Action::Accept);
                let expected = match asked((mine, theirs)) {
                    (Friend, Friend) => Ok((Friend, Friend)),
                    _ => Err(Refusal::NoSuchQuestion),
                };
                let accepted = accepted.map(|pair| relations(&pair));
                assert_eq!(accepted, expected, "{mine:?} {theirs:?}");
            }
        }
    }

    #[test]
    fn deleting_leaves_strangers_and_blocks() {
        for old in every_pair() {
            let new = after(&old, &Action::Delete).unwrap();
            assert_eq!(relations(&new), (Stranger, Stranger));
            for (old, new) in [(&old.mine, &new.mine), (&old.theirs, &new.theirs)] {
                assert_eq!(new.blocked, old.blocked);
                assert_eq!((new.remark.as_str(), new.since_ms), ("", 0));
            }
        }
    }

    #[test]
    fn whatever_was_there_it_makes_sense_afterwards_and_a_repetition_changes_nothing() {
        for old in every_pair() {
            for action in every_action() {
                let Ok(new) = after(&old, &action) else {
                    continue;
                };
                let again = decide(&new, &action, NOW_MS + 1);
                assert_eq!(again, Ok(Change::Nothing), "{action:?} on {old:?}");
                if is_about_both(&action) {
                    assert!(SENSIBLE.contains(&relations(&new)), "{action:?} on {old:?}");
                } else {
                    assert_eq!(relations(&new), relations(&old));
                    assert_eq!(new.theirs, old.theirs, "only one's own side");
                }
            }
        }
    }

    #[test]
    fn what_was_written_half_is_made_whole_by_repeating() {
        for sensible in SENSIBLE {
            let old = pair(sensible);
            for action in every_action() {
                let Ok(whole) = after(&old, &action) else {
                    continue;
                };
                let only_mine = Pair {
                    mine: whole.mine.clone(),
                    theirs: old.theirs.clone(),
                };
                let only_theirs = Pair {
                    mine: old.mine.clone(),
                    theirs: whole.theirs.clone(),
                };
                for half in [only_mine, only_theirs] {
                    let repaired = after(&half, &action);
                    assert_eq!(repaired, Ok(whole.clone()), "{action:?} on {half:?}");
                }
            }
        }
    }

    #[test]
    fn two_halves_of_two_questions_are_a_friendship() {
        assert_eq!(asked((Asked, Asked)), (Friend, Friend));
        assert_eq!(asked((AskedMe, AskedMe)), (Friend, Friend));
    }

    #[test]
    fn nobody_becomes_a_friend_against_his_wish() {
        for old in every_pair() {
            for action in every_action() {
                let Ok(new) = after(&old, &action) else {
                    continue;
                };
                let became = new.theirs.relation() == Friend && old.theirs.relation() != Friend;
                let asked = old.theirs.relation() == Asked || old.mine.relation() == AskedMe;
                assert!(!became || asked, "{action:?} on {old:?}");
            }
        }
    }

    #[test]
    fn blocks_hold_in_both_directions_and_only_their_owner_changes_them() {
        for old in every_pair() {
            for action in every_action() {
                let new = after(&old, &action);
                let asks = matches!(action, Action::Ask { .. } | Action::Accept);
                if asks && !are_friends(&old) {
                    let expected = match (old.mine.blocked, old.theirs.blocked) {
                        (true, _) => Some(Refusal::Blocked),
                        (false, true) => Some(Refusal::Refused),
                        (false, false) => None,
                    };
                    if expected.is_some() {
                        assert_eq!(new.as_ref().err().copied(), expected);
                    }
                }
                if let Ok(new) = new {
                    assert_eq!(new.theirs.blocked, old.theirs.blocked);
                    let mine = match action {
                        Action::SetBlocked { blocked } => blocked,
                        _ => old.mine.blocked,
                    };
                    assert_eq!(new.mine.blocked, mine);
                }
            }
        }
    }

    #[test]
    fn a_refused_call_takes_back_its_own_half_and_no_other() {
        let found = pair((AskedMe, Asked));
        let wanted = after(&found, &Action::Accept).unwrap();
        let half = Pair {
            theirs: side(ME, Stranger, false),
            ..wanted.clone()
        };
        let lost = [Lost {
            found,
            wanted: wanted.clone(),
        }];
        let restored = taken_back(&half, &lost).unwrap();
        assert_eq!(restored.relation(), AskedMe);
        assert_eq!(restored.since_ms, BEFORE_MS);
        assert_eq!(taken_back(&wanted, &lost), None, "it makes sense");

        let mut blocked = half.clone();
        blocked.mine.blocked = true;
        let restored = taken_back(&blocked, &lost).unwrap();
        assert_eq!(restored.relation(), AskedMe);
        assert!(restored.blocked, "what was set since stays");

        let mut of_others = half;
        of_others.mine.since_ms += 1;
        assert_eq!(taken_back(&of_others, &lost), None);
    }

    #[test]
    fn tries_are_taken_back_the_last_one_first() {
        let lost = |found, wanted| Lost {
            found: pair(found),
            wanted: pair(wanted),
        };
        let tries = [
            lost((Stranger, Asked), (Asked, AskedMe)),
            lost((Asked, Asked), (Friend, Friend)),
        ];
        let restored = taken_back(&pair((Friend, Stranger)), &tries).unwrap();
        assert_eq!(restored.relation(), Stranger);
        let tries = [
            lost((Stranger, Asked), (Friend, Friend)),
            lost((AskedMe, Asked), (Friend, Friend)),
        ];
        let restored = taken_back(&pair((Friend, Stranger)), &tries).unwrap();
        assert_eq!(restored.relation(), AskedMe, "he asked between both");
    }

    #[test]
    fn remarks_are_for_contacts_and_stay_when_relations_change() {
        let remark = || Action::SetRemark {
            remark: "Ada".to_owned(),
        };
        let stranger = after(&pair((Stranger, Stranger)), &remark());
        assert_eq!(stranger, Err(Refusal::NotAContact));
        let waiting = after(&pair((AskedMe, Asked)), &remark()).unwrap();
        let friends = after(&waiting, &Action::Accept).unwrap();
        assert_eq!(friends.mine.remark, "Ada");
        assert_eq!(friends.mine.since_ms, NOW_MS);
        assert_eq!(friends.theirs.remark, "remark");
    }

    #[test]
    fn a_greeting_reaches_him_and_a_later_one_takes_its_place() {
        let first = after(&pair((Stranger, Stranger)), &ask()).unwrap();
        assert_eq!(first.theirs.greeting, "it's me");
        assert_eq!(first.mine.greeting, "");
        let greeting = "Ada, from school".to_owned();
        let second = after(&first, &Action::Ask { greeting }).unwrap();
        assert_eq!(second.theirs.greeting, "Ada, from school");
        assert_eq!(second.theirs.since_ms, first.theirs.since_ms);
    }
}
