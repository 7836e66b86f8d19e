//! Which instances a call may go to: by tag, by whether they serve, by zone. A pure rule over what is known of each.

use crate::tag::Tag;

/// What is known of one instance.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    pub(super) tag: Option<Tag>,
    /// It stands in the caller's own zone.
    pub(super) is_near: bool,
    /// There is an open connection to it.
    pub(super) connected: bool,
    /// It is left alone for now.
    pub(super) ejected: bool,
}

impl Seat {
    fn serves(&self) -> bool {
        self.connected && !self.ejected
    }
}

/// The places that calls with one tag choose from.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// Of the calls; `None` for those without any, and for those with one that no instance has.
    pub(super) tag: Option<Tag>,
    /// Everybody who could serve them, in order, whether he does now or not.
    pub(super) all: Vec<usize>,
    /// Those that are to be asked now. Empty when nobody can be.
    pub(super) now: Vec<usize>,
}

/// A choice for each tag that there is, and the one for calls without.
pub(super) fn arrange(seats: &[Seat]) -> Vec<Choice> {
    let of_tag = |tag: Option<Tag>| -> Vec<usize> {
        let places = seats.iter().enumerate();
        places
            .filter(|(_, seat)| seat.tag == tag)
            .map(|(n, _)| n)
            .collect()
    };
    let mut base = of_tag(None);
    if base.is_empty() {
        // Nothing but tagged ones: then they serve everybody.
        base = (0..seats.len()).collect();
    }
    let base_now = serving(seats, &base);
    let mut tags: Vec<Tag> = seats.iter().filter_map(|seat| seat.tag).collect();
    tags.sort_unstable();
    tags.dedup();
    let tagged = tags.into_iter().map(|tag| {
        let all = of_tag(Some(tag));
        let serves = all.iter().any(|place| seats[*place].serves());
        let (all, now) = match serves {
            true => (all.clone(), serving(seats, &all)),
            false => (base.clone(), base_now.clone()),
        };
        Choice {
            tag: Some(tag),
            all,
            now,
        }
    });
    let mut choices: Vec<Choice> = tagged.collect();
    choices.push(Choice {
        tag: None,
        all: base,
        now: base_now,
    });
    choices
}

/// Of `places`, those that serve; in the caller's own zone, while at least half of it does. When none serves, those that are connected:
/// whom everybody leaves alone may still be better than nobody.
fn serving(seats: &[Seat], places: &[usize]) -> Vec<usize> {
    let keep = |filter: &dyn Fn(&Seat) -> bool| -> Vec<usize> {
        places
            .iter()
            .copied()
            .filter(|n| filter(&seats[*n]))
            .collect()
    };
    let near = keep(&|seat| seat.is_near);
    let near_now = keep(&|seat| seat.is_near && seat.serves());
    if !near_now.is_empty() && near_now.len() * 2 >= near.len() {
        return near_now;
    }
    let now = keep(&|seat| seat.serves());
    if !now.is_empty() {
        return now;
    }
    keep(&|seat| seat.connected)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UP: Seat = Seat {
        tag: None,
        is_near: true,
        connected: true,
        ejected: false,
    };

    fn gray() -> Option<Tag> {
        Some(Tag::new("gray").unwrap())
    }

    fn now(seats: &[Seat], tag: Option<Tag>) -> Vec<usize> {
        let choices = arrange(seats);
        let found = choices.into_iter().find(|choice| choice.tag == tag);
        found.unwrap().now
    }

    #[test]
    fn tagged_calls_go_to_tagged_instances_and_others_to_others() {
        let tagged = Seat { tag: gray(), ..UP };
        let mut seats = vec![UP, tagged.clone(), UP];
        assert_eq!(now(&seats, gray()), [1]);
        assert_eq!(now(&seats, None), [0, 2]);
        seats[1].connected = false;
        assert_eq!(now(&seats, gray()), [0, 2], "there is none with the tag");
        assert_eq!(now(&[tagged], None), [0], "there is none without");
    }

    #[test]
    fn who_does_not_serve_is_left_out_unless_nobody_does() {
        let down = Seat {
            connected: false,
            ..UP
        };
        let ejected = Seat {
            ejected: true,
            ..UP
        };
        let mut seats = vec![UP, down, ejected];
        assert_eq!(now(&seats, None), [0]);
        seats[0].connected = false;
        assert_eq!(now(&seats, None), [2], "better than nobody");
        seats[2].connected = false;
        assert_eq!(now(&seats, None), [] as [usize; 0]);
    }

    #[test]
    fn calls_stay_near_while_half_of_it_serves() {
        let far = Seat {
            is_near: false,
            ..UP
        };
        let mut seats = vec![UP, far.clone(), UP, UP];
        assert_eq!(now(&seats, None), [0, 2, 3]);
        seats[0].connected = false;
        assert_eq!(now(&seats, None), [2, 3]);
        seats[2].ejected = true;
        assert_eq!(now(&seats, None), [1, 3]);
        assert_eq!(now(&[far.clone(), far], None), [0, 1], "nobody is near");
    }
}
