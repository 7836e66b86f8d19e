//! The table of links: pure rules, told what time it is.

use crate::config::Config;
use im_idl::session::{CountResponse, Link};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use svrkit_rt::Status;
use tokio::time::Instant;

/// Links by user, and by node for the day it dies. Both always tell of the same links.
pub(crate) struct Table {
    config: Config,
    users: HashMap<u64, Vec<Held>>,
    nodes: HashMap<Arc<str>, Node>,
}

/// A link of a user.
struct Held {
    device: Box<str>,
    node: Arc<str>,
    link: u64,
    opened_ms: u64,
    client_version: u32,
}

struct Node {
    leased_until: Instant,
    /// Whose each link is.
    links: HashMap<u64, u64>,
}

impl Table {
    pub(crate) fn new(config: Config) -> Table {
        Table {
            config,
            users: HashMap::new(),
            nodes: HashMap::new(),
        }
    }

    /// Adds links of a node, which is known from now on, and returns those that lost their device to another.
    ///
    /// # Errors
    /// `ResourceExhausted` beyond the bounds; then nothing was added.
    pub(crate) fn register(
        &mut self,
        now: Instant,
        node: &str,
        links: Vec<Link>,
    ) -> Result<Vec<Link>, Status> {
        self.check_room(node, &links)?;
        let name = match self.nodes.get_key_value(node) {
            Some((name, _)) => name.clone(),
            None => Arc::from(node),
        };
        let leased_until = now + self.lease();
        let entry = self.nodes.entry(name.clone());
        let known = entry.or_insert_with(|| Node {
            leased_until,
            links: HashMap::new(),
        });
        known.leased_until = leased_until;
        let mut displaced = Vec::new();
        for link in links {
            self.add(&name, link, &mut displaced);
        }
        Ok(displaced)
    }

    /// Removes links that are still the node's; a device that has moved on stays where it is now.
    pub(crate) fn unregister(&mut self, node: &str, links: &[Link]) {
        for link in links {
            self.remove(node, link.link, link.uin);
        }
    }

    /// Whether the node was known; then it is for another lease.
    pub(crate) fn renew(&mut self, now: Instant, node: &str) -> bool {
        let leased_until = now + self.lease();
        match self.nodes.get_mut(node) {
            None => false,
            Some(node) => {
                node.leased_until = leased_until;
                true
            }
        }
    }

    /// Forgets nodes whose lease has run out, and their links.
    pub(crate) fn expire(&mut self, now: Instant) {
        let users = &mut self.users;
        self.nodes.retain(|name, node| {
            let lives = node.leased_until > now;
            if !lives {
                for (link, uin) in &node.links {
                    remove_of_user(users, *uin, name, *link);
                }
            }
            lives
        });
    }

    pub(crate) fn lookup(&self, uins: &[u64]) -> Vec<Link> {
        let mut links = Vec::with_capacity(uins.len());
        for uin in uins {
            if let Some(held) = self.users.get(uin) {
                links.extend(held.iter().map(|held| held.told(*uin)));
            }
        }
        links
    }

    pub(crate) fn online(&self, uins: &[u64]) -> Vec<u64> {
        let online = uins.iter().filter(|uin| self.users.contains_key(uin));
        online.copied().collect()
    }

    pub(crate) fn count(&self) -> CountResponse {
        let links: usize = self.nodes.values().map(|node| node.links.len()).sum();
        CountResponse {
            users: self.users.len() as u64,
            links: links as u64,
            nodes: self.nodes.len() as u64,
        }
    }

    fn lease(&self) -> Duration {
        Duration::from_millis(self.config.lease_ms.into())
    }

    fn check_room(&self, node: &str, links: &[Link]) -> Result<(), Status> {
        let (held, new) = match self.nodes.get(node) {
            Some(node) => {
                let new = links
                    .iter()
                    .filter(|link| !node.links.contains_key(&link.link));
                (node.links.len(), new.count())
            }
            None if self.nodes.len() >= self.config.nodes_max => {
                return Err(Status::resource_exhausted("nodes_max: too many nodes"));
            }
            None => (0, links.len()),
        };
        if held + new > self.config.links_per_node_max {
            let message = "links_per_node_max: too many links of one node";
            return Err(Status::resource_exhausted(message));
        }
        Ok(())
    }

    /// Adds one link of a known node.
    fn add(&mut self, node: &Arc<str>, link: Link, displaced: &mut Vec<Link>) {
        let (uin, number) = (link.uin, link.link);
        // Told before, or a number that the node uses again without having said that it was free.
        let before = self.nodes.get(node).and_then(|n| n.links.get(&number));
        if let Some(before) = before.copied() {
            self.remove(node, number, before);
        }
        let new = Held {
            device: link.device.into(),
            node: node.clone(),
            link: number,
            opened_ms: link.opened_ms,
            client_version: link.client_version,
        };
        // Most users have one device; the vector's own growth would begin with room for four.
        let devices = self
            .users
            .entry(uin)
            .or_insert_with(|| Vec::with_capacity(1));
        let loser = match devices.iter_mut().find(|held| held.device == new.device) {
            Some(held) if held.opened_ms > new.opened_ms => {
                displaced.push(new.told(uin));
                return;
            }
            Some(held) => Some(std::mem::replace(held, new)),
            None => {
                devices.push(new);
                let over = devices.len() > self.config.devices_per_user_max;
                over.then(|| devices.swap_remove(opened_first(devices)))
            }
        };
        if let Some(node) = self.nodes.get_mut(node) {
            node.links.insert(number, uin);
        }
        if let Some(loser) = loser {
            if let Some(node) = self.nodes.get_mut(&loser.node) {
                node.links.remove(&loser.link);
            }
            displaced.push(loser.told(uin));
        }
    }

    fn remove(&mut self, node: &str, link: u64, uin: u64) {
        let Some(known) = self.nodes.get_mut(node) else {
            return;
        };
        if known.links.get(&link) == Some(&uin) {
            known.links.remove(&link);
            remove_of_user(&mut self.users, uin, node, link);
        }
    }
}

impl Held {
    fn told(&self, uin: u64) -> Link {
        Link {
            uin,
            device: self.device.to_string(),
            link: self.link,
            opened_ms: self.opened_ms,
            client_version: self.client_version,
            node: self.node.to_string(),
        }
    }
}

fn opened_first(devices: &[Held]) -> usize {
    let places = devices.iter().enumerate();
    let first = places.min_by_key(|(_, held)| held.opened_ms);
    first.map_or(0, |(place, _)| place)
}

fn remove_of_user(users: &mut HashMap<u64, Vec<Held>>, uin: u64, node: &str, link: u64) {
    if let Some(devices) = users.get_mut(&uin) {
        devices.retain(|held| held.link != link || *held.node != *node);
        if devices.is_empty() {
            users.remove(&uin);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> (Table, Instant) {
        let config = Config {
            nodes_max: 2,
            links_per_node_max: 3,
            devices_per_user_max: 2,
            ..Config::default()
        };
        (Table::new(config), Instant::now())
    }

    fn link(uin: u64, device: &str, link: u64, opened_ms: u64) -> Link {
        Link {
            uin,
            device: device.to_owned(),
            link,
            opened_ms,
            client_version: 200,
            node: String::new(),
        }
    }

    fn on(node: &str, link: Link) -> Link {
        let node = node.to_owned();
        Link { node, ..link }
    }

    #[test]
    fn the_link_opened_later_keeps_the_device_whoever_comes_first() {
        let (mut table, now) = table();
        let (old, new) = (link(7, "phone", 1, 100), link(7, "phone", 1, 200));
        assert_eq!(table.register(now, "a", vec![new.clone()]), Ok(vec![]));
        let displaced = table.register(now, "b", vec![old.clone()]);
        assert_eq!(displaced, Ok(vec![on("b", old.clone())]));
        assert_eq!(table.lookup(&[7]), [on("a", new.clone())]);

        let newest = link(7, "phone", 2, 200);
        let displaced = table.register(now, "b", vec![newest.clone()]);
        assert_eq!(
            displaced,
            Ok(vec![on("a", new)]),
            "of two equals, the one that comes now"
        );
        assert_eq!(table.lookup(&[7]), [on("b", newest)]);
    }

    #[test]
    fn telling_a_link_again_displaces_nobody() {
        let (mut table, now) = table();
        let links = vec![link(7, "phone", 1, 100), link(7, "desk", 2, 100)];
        for _ in 0..2 {
            assert_eq!(table.register(now, "a", links.clone()), Ok(vec![]));
        }
        assert_eq!(table.lookup(&[7]).len(), 2);
        assert_eq!(table.count().links, 2);
    }

    #[test]
    fn a_number_used_again_ends_the_link_that_had_it() {
        let (mut table, now) = table();
        table
            .register(now, "a", vec![link(7, "phone", 1, 100)])
            .unwrap();
        table
            .register(now, "a", vec![link(8, "phone", 1, 100)])
            .unwrap();
        assert_eq!(table.online(&[7, 8]), [8]);
        assert_eq!(table.count().links, 1);
    }

    #[test]
    fn the_end_of_an_old_link_does_not_end_the_new_one() {
        let (mut table, now) = table();
        let (old, new) = (link(7, "phone", 1, 100), link(7, "phone", 2, 200));
        table.register(now, "a", vec![old.clone()]).unwrap();
        table.register(now, "b", vec![new.clone()]).unwrap();
        table.unregister("a", &[old]);
        table.unregister("a", std::slice::from_ref(&new));
        assert_eq!(table.lookup(&[7]), [on("b", new.clone())]);
        table.unregister("b", &[new]);
        assert!(table.online(&[7]).is_empty());
        assert!(table.users.is_empty());
    }

    #[test]
    fn one_device_too_many_displaces_the_one_opened_first() {
        let (mut table, now) = table();
        let first = link(7, "phone", 1, 100);
        table
            .register(now, "a", vec![link(7, "desk", 2, 300)])
            .unwrap();
        table.register(now, "a", vec![first.clone()]).unwrap();
        let displaced = table.register(now, "b", vec![link(7, "pad", 3, 200)]);
        assert_eq!(displaced, Ok(vec![on("a", first)]));
        let late = link(7, "watch", 4, 50);
        let displaced = table.register(now, "b", vec![late.clone()]);
        assert_eq!(displaced, Ok(vec![on("b", late)]));
        assert_eq!(table.count().links, 2);
    }

    #[test]
    fn over_a_bound_nothing_is_added() {
        let (mut table, now) = table();
        let four = (1..=4).map(|n| link(n, "phone", n, 1)).collect();
        table.register(now, "a", four).unwrap_err();
        assert_eq!(table.count(), CountResponse::default());
        let three: Vec<Link> = (1..=3).map(|n| link(n, "phone", n, 1)).collect();
        table.register(now, "a", three.clone()).unwrap();
        table
            .register(now, "a", three)
            .expect("known ones need no room");
        table.register(now, "b", vec![]).unwrap();
        table.register(now, "c", vec![]).unwrap_err();
    }

    #[test]
    fn a_lease_holds_until_its_end_and_a_sign_of_life_extends_it() {
        let (mut table, now) = table();
        let lease = table.lease();
        assert!(!table.renew(now, "a"), "nobody has told of it");
        table
            .register(now, "a", vec![link(7, "phone", 1, 1)])
            .unwrap();
        table
            .register(now, "b", vec![link(8, "phone", 1, 1)])
            .unwrap();
        assert!(table.renew(now + lease / 2, "a"));
        table.expire(now + lease);
        assert_eq!(table.online(&[7, 8]), [7]);
        assert!(!table.renew(now + lease, "b"));
        table.expire(now + lease * 3 / 2);
        assert_eq!(table.count(), CountResponse::default());
        assert!(table.users.is_empty());
    }
}
