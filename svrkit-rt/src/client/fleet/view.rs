//! What a call sees of the fleet when it asks whom to go to. Made anew when that changes, and read by every call.

use super::super::balance::{Balance, Bid, Ring, choose, has_room, round};
use super::super::endpoint::Endpoint;
use super::arrangement::Choice;
use super::instance::Instance;
use crate::context::Context;
use crate::tag::Tag;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The instances of a fleet as calls see them.
#[derive(Debug, Default)]
pub(super) struct View {
    /// The only one there is: nothing to choose, nothing to count.
    pub(super) only: Option<Arc<Instance>>,
    choices: Vec<Choosing>,
}

/// The instances that calls with one tag choose from.
#[derive(Debug)]
struct Choosing {
    tag: Option<Tag>,
    /// Everybody who could serve them.
    all: Vec<Seat>,
    /// Those of them that are to be asked now.
    now: Vec<usize>,
    weights_now: u64,
    share_max: f32,
    rule: Rule,
}

#[derive(Debug)]
struct Seat {
    instance: Arc<Instance>,
    weight: u32,
    /// Weight compared to the average of those to be asked.
    share: f32,
    is_now: bool,
}

#[derive(Debug)]
enum Rule {
    TwoChoices,
    RoundRobin { round: Vec<u16>, turn: AtomicUsize },
    HashKey(Ring),
}

/// The clock of a choice, and how long an instance is new.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    pub(super) now_ms: u32,
    pub(super) slow_start_ms: u64,
}

impl View {
    pub(super) fn of_one(only: Arc<Instance>) -> View {
        View {
            only: Some(only),
            choices: Vec::new(),
        }
    }

    pub(super) fn new<'a>(
        members: impl Fn(usize) -> (&'a Endpoint, &'a Arc<Instance>),
        choices: Vec<Choice>,
        balance: Balance,
    ) -> View {
        let choosing = |choice: Choice| {
            let weight_of = |place: usize| members(place).0.weight();
            let weights_now: u64 = choice.now.iter().map(|n| weight_of(*n) as u64).sum();
            let average = weights_now as f32 / choice.now.len().max(1) as f32;
            let seat = |place: &usize| {
                let (endpoint, instance) = members(*place);
                Seat {
                    instance: instance.clone(),
                    weight: endpoint.weight(),
                    share: endpoint.weight() as f32 / average.max(1.0),
                    is_now: choice.now.contains(place),
                }
            };
            let all: Vec<Seat> = choice.all.iter().map(seat).collect();
            let now: Vec<usize> = (0..all.len()).filter(|n| all[*n].is_now).collect();
            let rule = match balance {
                Balance::TwoChoices => Rule::TwoChoices,
                Balance::RoundRobin => Rule::RoundRobin {
                    round: round(&now.iter().map(|n| all[*n].weight).collect::<Vec<_>>()),
                    turn: AtomicUsize::new(fastrand::usize(..)),
                },
                Balance::HashKey => {
                    let names = choice.all.iter().map(|n| members(*n).0);
                    Rule::HashKey(Ring::new(names.map(|e| (e.name(), e.weight()))))
                }
            };
            Choosing {
                tag: choice.tag,
                share_max: now.iter().map(|n| all[*n].share).fold(0.0, f32::max),
                all,
                now,
                weights_now,
                rule,
            }
        };
        View {
            only: None,
            choices: choices.into_iter().map(choosing).collect(),
        }
    }

    /// Instances to ask in this order: the one that was chosen, then any other, in case it has just gone. `not` is none of them.
    pub(super) fn candidates<'a>(
        &'a self,
        context: &Context,
        now: Now,
        not: Option<&'a Arc<Instance>>,
    ) -> impl Iterator<Item = &'a Arc<Instance>> {
        let of_tag = |tag| self.choices.iter().find(|choice| choice.tag == tag);
        let choosing = of_tag(context.tag()).or_else(|| of_tag(None));
        let chosen = choosing.and_then(|c| c.choose(context.routing_key, now, not));
        let any = choosing.into_iter().flat_map(Choosing::instances_now);
        let candidates = chosen.into_iter().chain(any);
        candidates.filter(move |candidate| not.is_none_or(|not| !Arc::ptr_eq(not, candidate)))
    }
}

impl Choosing {
    fn instances_now(&self) -> impl Iterator<Item = &Arc<Instance>> {
        self.now.iter().map(|n| &self.all[*n].instance)
    }

    fn choose(
        &self,
        routing_key: u64,
        now: Now,
        not: Option<&Arc<Instance>>,
    ) -> Option<&Arc<Instance>> {
        let is_not = |seat: &Seat| not.is_some_and(|not| Arc::ptr_eq(not, &seat.instance));
        let seat = match &self.rule {
            Rule::HashKey(ring) if routing_key != 0 => self.owner(ring, routing_key, is_not)?,
            Rule::RoundRobin { round, turn } => {
                let mut turns = (0..round.len()).map(|_| {
                    let turn = turn.fetch_add(1, Relaxed) % round.len();
                    &self.all[self.now[round[turn] as usize]]
                });
                // One that is new lets some of its turns pass.
                let takes_turn = |seat: &&Seat| {
                    let ripeness = seat.instance.ripeness(now.now_ms, now.slow_start_ms);
                    !is_not(seat) && (ripeness >= 1.0 || fastrand::f32() < ripeness)
                };
                turns.find(takes_turn)?
            }
            Rule::HashKey(_) | Rule::TwoChoices => self.better_of_two(now, is_not)?,
        };
        Some(&seat.instance)
    }

    fn better_of_two(&self, now: Now, is_not: impl Fn(&Seat) -> bool) -> Option<&Seat> {
        let bid = |seat: &Seat| Bid {
            in_flight: seat.instance.in_flight(),
            slowness: seat.instance.slowness(now.now_ms),
            share: seat.share * seat.instance.ripeness(now.now_ms, now.slow_start_ms),
        };
        let not = self.now.iter().position(|n| is_not(&self.all[*n]));
        let count = self.now.len() - usize::from(not.is_some());
        if count == 0 {
            return None;
        }
        let seat = |n: usize| {
            let n = if not.is_some_and(|not| n >= not) {
                n + 1
            } else {
                n
            };
            &self.all[self.now[n]]
        };
        Some(seat(choose(count, self.share_max, |n| bid(seat(n)))))
    }

    fn owner(&self, ring: &Ring, key: u64, is_not: impl Fn(&Seat) -> bool) -> Option<&Seat> {
        let may = |seat: &&Seat| seat.is_now && !is_not(seat);
        let places = || ring.places(key).map(|place| &self.all[place]).filter(may);
        let total = self.instances_now().map(|i| i.in_flight() as u64).sum();
        let has_room = |seat: &&Seat| {
            has_room(
                seat.instance.in_flight(),
                total,
                seat.weight,
                self.weights_now,
            )
        };
        places().find(has_room).or_else(|| places().next())
    }
}
