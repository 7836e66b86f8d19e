//! What is there for one access node.

use im_idl::base::Versions;
use im_idl::push::{Event, WaitResponse};
use im_serve::merge;
use std::collections::HashMap;

/// News and kicks for the links of a node, until the node has them.
///
/// An answer is an offer: it stays here until the next poll says that it arrived. When that says otherwise (an answer was lost, its
/// number is of another life), what was offered goes back among the rest, and the next answer has it again.
#[derive(Debug)]
pub(crate) struct Mailbox {
    links_max: usize,
    epoch: u64,
    /// The last epoch that the node has certainly seen.
    known_epoch: u64,
    fresh: Pile,
    offer: Option<Offer>,
    /// Of the last answer.
    number: u64,
}

#[derive(Debug)]
struct Offer {
    number: u64,
    epoch: u64,
    pile: Pile,
}

/// By link, with whose it is. A link is in one of the two: who is kicked needs no news.
#[derive(Debug, Default)]
struct Pile {
    news: HashMap<u64, (u64, Versions)>,
    kicks: HashMap<u64, (u64, String)>,
}

impl Mailbox {
    pub(crate) fn new(links_max: usize) -> Mailbox {
        Mailbox {
            links_max,
            epoch: some_number(),
            known_epoch: 0,
            fresh: Pile::default(),
            offer: None,
            // Random, so that an acknowledgement meant for an earlier life fits nothing.
            number: some_number(),
        }
    }

    /// Adds news of a link. How many entries were lost to make room: then all news are, and a new epoch says so.
    pub(crate) fn add_news(&mut self, link: u64, uin: u64, versions: &Versions) -> usize {
        if self.fresh.kicks.contains_key(&link) {
            return 0;
        }
        let full = self.fresh.news.len() >= self.links_max;
        let lost = match full && !self.fresh.news.contains_key(&link) {
            true => self.lose_news(),
            false => 0,
        };
        self.fresh.add_news(link, uin, versions);
        lost
    }

    /// Adds a kick. False when there is no room.
    pub(crate) fn add_kick(&mut self, link: u64, uin: u64, reason: &str) -> bool {
        let kicks = &self.fresh.kicks;
        if kicks.len() >= self.links_max && !kicks.contains_key(&link) {
            return false;
        }
        self.fresh.add_kick(link, uin, reason.to_owned());
        true
    }

    /// The last answer that arrived.
    pub(crate) fn acknowledge(&mut self, number: u64) {
        let Some(offer) = self.offer.take() else {
            return;
        };
        if offer.number == number {
            self.known_epoch = offer.epoch;
            return;
        }
        // Newer versions and reasons are among the fresh ones: these only fill in.
        for (link, (uin, reason)) in offer.pile.kicks {
            if !self.fresh.kicks.contains_key(&link) {
                self.fresh.add_kick(link, uin, reason);
            }
        }
        for (link, (uin, versions)) in offer.pile.news {
            self.add_news(link, uin, &versions);
        }
    }

    /// Whether there is anything to tell.
    pub(crate) fn is_worth_an_answer(&self) -> bool {
        let pile = &self.fresh;
        self.known_epoch != self.epoch || !pile.kicks.is_empty() || !pile.news.is_empty()
    }

    /// An answer with all there is, kicks first, at most so many events.
    pub(crate) fn answer(&mut self, events_max: usize) -> WaitResponse {
        let pile = self.fresh.take(events_max);
        let kicks = pile.kicks.iter().map(|(link, (uin, reason))| Event {
            link: *link,
            versions: None,
            kick_reason: reason.clone(),
            uin: *uin,
        });
        let news = pile.news.iter().map(|(link, (uin, versions))| Event {
            link: *link,
            versions: Some(*versions),
            kick_reason: String::new(),
            uin: *uin,
        });
        let mut events = Vec::with_capacity(pile.kicks.len() + pile.news.len());
        events.extend(kicks.chain(news));
        self.number += 1;
        let (number, epoch) = (self.number, self.epoch);
        self.offer = Some(Offer {
            number,
            epoch,
            pile,
        });
        WaitResponse {
            events,
            taken: number,
            epoch,
        }
    }

    fn lose_news(&mut self) -> usize {
        self.epoch = some_number();
        std::mem::take(&mut self.fresh.news).len()
    }
}

impl Pile {
    fn add_news(&mut self, link: u64, uin: u64, versions: &Versions) {
        let entry = self.news.entry(link).or_default();
        if entry.0 != uin {
            // The node has given the number to another's link.
            *entry = (uin, Versions::default());
        }
        merge(&mut entry.1, versions);
    }

    fn add_kick(&mut self, link: u64, uin: u64, reason: String) {
        self.news.remove(&link);
        self.kicks.insert(link, (uin, reason));
    }

    fn take(&mut self, events_max: usize) -> Pile {
        if self.kicks.len() + self.news.len() <= events_max {
            return std::mem::take(self);
        }
        let kicks = self.kicks.extract_if(|_, _| true).take(events_max);
        let kicks: HashMap<_, _> = kicks.collect();
        let room = events_max - kicks.len();
        let news = self.news.extract_if(|_, _| true).take(room).collect();
        Pile { news, kicks }
    }
}

/// Never 0, which says that there is none; far from the end, and exact in JavaScript.
fn some_number() -> u64 {
    fastrand::u64(1..1 << 48)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS_MAX: usize = 100;

    fn messages(messages: u64) -> Versions {
        Versions {
            messages,
            ..Versions::default()
        }
    }

    /// A mailbox whose node knows its epoch.
    fn mailbox(links_max: usize) -> Mailbox {
        let mut mailbox = Mailbox::new(links_max);
        let hello = mailbox.answer(EVENTS_MAX);
        mailbox.acknowledge(hello.taken);
        assert!(!mailbox.is_worth_an_answer());
        mailbox
    }

    fn told(answer: &WaitResponse) -> Vec<(u64, u64, String)> {
        let event = |e: &Event| {
            let messages = e.versions.map_or(0, |v| v.messages);
            (e.link, messages, e.kick_reason.clone())
        };
        let mut told: Vec<_> = answer.events.iter().map(event).collect();
        told.sort();
        told
    }

    fn news(link: u64, messages: u64) -> (u64, u64, String) {
        (link, messages, String::new())
    }

    fn kick(link: u64, reason: &str) -> (u64, u64, String) {
        (link, 0, reason.to_owned())
    }

    #[test]
    fn an_answer_that_was_lost_comes_again_with_what_is_new() {
        let mut mailbox = mailbox(10);
        mailbox.add_news(1, 7, &messages(5));
        mailbox.add_news(2, 8, &messages(5));
        mailbox.add_kick(3, 9, "OUT");
        let lost = mailbox.answer(EVENTS_MAX);
        assert_eq!(told(&lost), [news(1, 5), news(2, 5), kick(3, "OUT")]);
        mailbox.add_news(1, 7, &messages(6));
        mailbox.acknowledge(lost.taken - 1);
        let again = mailbox.answer(EVENTS_MAX);
        assert_eq!(told(&again), [news(1, 6), news(2, 5), kick(3, "OUT")]);
        mailbox.acknowledge(again.taken);
        assert!(!mailbox.is_worth_an_answer());
    }

    #[test]
    fn an_acknowledgement_of_an_older_answer_is_none() {
        let mut mailbox = mailbox(10);
        mailbox.add_news(1, 7, &messages(5));
        let first = mailbox.answer(EVENTS_MAX);
        mailbox.acknowledge(0);
        let second = mailbox.answer(EVENTS_MAX);
        mailbox.acknowledge(first.taken);
        assert!(mailbox.is_worth_an_answer());
        assert_eq!(told(&mailbox.answer(EVENTS_MAX)), told(&second));
    }

    #[test]
    fn a_new_mailbox_has_its_epoch_to_tell_until_it_is_known() {
        let mut mailbox = Mailbox::new(10);
        assert!(mailbox.is_worth_an_answer());
        let lost = mailbox.answer(EVENTS_MAX);
        mailbox.acknowledge(0);
        assert!(mailbox.is_worth_an_answer());
        let told = mailbox.answer(EVENTS_MAX);
        assert_eq!((told.epoch, told.events), (lost.epoch, vec![]));
        mailbox.acknowledge(told.taken);
        assert!(!mailbox.is_worth_an_answer());
    }

    #[test]
    fn over_its_bound_it_loses_news_and_says_so_but_keeps_kicks() {
        let mut mailbox = mailbox(2);
        let epoch = mailbox.epoch;
        mailbox.add_kick(9, 7, "OUT");
        assert_eq!(mailbox.add_news(1, 7, &messages(1)), 0);
        assert_eq!(mailbox.add_news(2, 7, &messages(1)), 0);
        assert_eq!(mailbox.add_news(2, 7, &messages(2)), 0, "it is there");
        assert_eq!(mailbox.add_news(3, 7, &messages(1)), 2);
        let answer = mailbox.answer(EVENTS_MAX);
        assert_ne!(answer.epoch, epoch);
        assert_eq!(told(&answer), [news(3, 1), kick(9, "OUT")]);
        assert!(mailbox.add_kick(1, 7, "OUT") && mailbox.add_kick(2, 7, "OUT"));
        assert!(!mailbox.add_kick(3, 7, "OUT"));
    }

    #[test]
    fn who_is_kicked_gets_no_news() {
        let mut mailbox = mailbox(10);
        mailbox.add_news(1, 7, &messages(1));
        mailbox.add_kick(1, 7, "OUT");
        mailbox.add_news(1, 7, &messages(2));
        assert_eq!(told(&mailbox.answer(EVENTS_MAX)), [kick(1, "OUT")]);
    }

    #[test]
    fn a_long_answer_comes_in_parts_and_kicks_first() {
        let mut mailbox = mailbox(10);
        for link in 1..=5 {
            mailbox.add_news(link, 7, &messages(link));
        }
        mailbox.add_kick(9, 7, "OUT");
        let mut events = Vec::new();
        for part in 0..3 {
            let answer = mailbox.answer(2);
            assert_eq!(answer.events.len(), 2);
            assert_eq!(told(&answer).contains(&kick(9, "OUT")), part == 0);
            mailbox.acknowledge(answer.taken);
            events.extend(told(&answer));
        }
        assert!(!mailbox.is_worth_an_answer());
        events.sort();
        events.dedup();
        assert_eq!(events.len(), 6);
    }

    #[test]
    fn a_number_given_to_another_link_carries_nothing_over() {
        let mut mailbox = mailbox(10);
        mailbox.add_news(1, 7, &messages(100));
        mailbox.add_news(1, 8, &messages(3));
        let answer = mailbox.answer(EVENTS_MAX);
        assert_eq!((told(&answer), answer.events[0].uin), (vec![news(1, 3)], 8));
    }
}
