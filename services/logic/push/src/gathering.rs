//! News that wait for the next lookup.

use im_idl::base::Versions;
use im_idl::push::News;
use im_serve::merge;
use std::collections::HashMap;

/// Newest versions by user. What gathers while a lookup is under way goes with the next.
pub(crate) struct Gathering {
    users_max: usize,
    waiting: HashMap<u64, Versions>,
    lost: u64,
    delivering: bool,
}

impl Gathering {
    pub(crate) fn new(users_max: usize) -> Gathering {
        Gathering {
            users_max,
            waiting: HashMap::new(),
            lost: 0,
            delivering: false,
        }
    }

    /// Notes news. True when somebody must begin to deliver.
    pub(crate) fn add(&mut self, news: Vec<News>) -> bool {
        for news in news {
            let room = self.waiting.len() < self.users_max;
            if room || self.waiting.contains_key(&news.uin) {
                let versions = self.waiting.entry(news.uin).or_default();
                merge(versions, &news.versions.unwrap_or_default());
            } else {
                self.lost += 1;
            }
        }
        let begin = !self.delivering && !self.waiting.is_empty();
        self.delivering |= begin;
        begin
    }

    /// All that has gathered; `None` ends the delivery.
    pub(crate) fn next(&mut self) -> Option<HashMap<u64, Versions>> {
        if self.waiting.is_empty() {
            self.delivering = false;
            return None;
        }
        Some(std::mem::take(&mut self.waiting))
    }

    /// How many news there was no room for since the last time it was asked.
    pub(crate) fn take_lost(&mut self) -> u64 {
        std::mem::take(&mut self.lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news(uin: u64, contacts: u64, messages: u64) -> News {
        let versions = Versions {
            contacts,
            messages,
            ..Versions::default()
        };
        News {
            uin,
            versions: Some(versions),
        }
    }

    #[test]
    fn many_news_of_one_user_become_one() {
        let mut gathering = Gathering::new(10);
        assert!(gathering.add(vec![news(1, 0, 5), news(1, 3, 4), news(2, 0, 9)]));
        assert!(!gathering.add(vec![news(1, 2, 0)]), "delivery has begun");
        let all = gathering.next().unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!(all[&1], news(1, 3, 5).versions.unwrap());
        assert_eq!(gathering.next(), None);
        assert!(
            gathering.add(vec![news(1, 2, 0)]),
            "it ended, and begins anew"
        );
    }

    #[test]
    fn beyond_the_bound_only_known_users_have_news() {
        let mut gathering = Gathering::new(1);
        gathering.add(vec![news(1, 0, 5), news(2, 0, 9), news(1, 0, 6)]);
        assert_eq!(gathering.take_lost(), 1);
        assert_eq!(gathering.take_lost(), 0);
        let all = gathering.next().unwrap();
        assert_eq!(all, HashMap::from([(1, news(1, 0, 6).versions.unwrap())]));
    }

    #[test]
    fn no_news_are_nothing_to_deliver() {
        assert!(!Gathering::new(1).add(vec![]));
    }
}
