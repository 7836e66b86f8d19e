//! The table against a list of links that is searched from end to end.

use crate::config::Config;
use crate::table::Table;
use im_idl::session::Link;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use svrkit_rt::testing::run_test;
use tokio::time::Instant;

const STEPS: usize = 20_000;
const DEVICES_MAX: usize = 3;
const LEASE: Duration = Duration::from_millis(15_000);

#[derive(Default)]
struct Model {
    links: Vec<Link>,
    leased_until: BTreeMap<String, Instant>,
}

impl Model {
    fn register(&mut self, now: Instant, node: &str, links: &[Link]) -> Vec<Link> {
        self.leased_until.insert(node.to_owned(), now + LEASE);
        let mut displaced = Vec::new();
        for link in links {
            let link = Link {
                node: node.to_owned(),
                ..link.clone()
            };
            self.links
                .retain(|l| (&l.node, l.link) != (&link.node, link.link));
            let same = |l: &Link| l.uin == link.uin && l.device == link.device;
            match self.links.iter().position(same) {
                Some(place) if self.links[place].opened_ms > link.opened_ms => {
                    displaced.push(link);
                    continue;
                }
                Some(place) => displaced.push(self.links.remove(place)),
                None => {}
            }
            let uin = link.uin;
            self.links.push(link);
            let of_user = self.links.iter().filter(|l| l.uin == uin);
            if of_user.clone().count() > DEVICES_MAX {
                let first = of_user.min_by_key(|l| l.opened_ms).cloned();
                let first = first.expect("there are some");
                self.links.retain(|l| *l != first);
                displaced.push(first);
            }
        }
        displaced
    }

    fn unregister(&mut self, node: &str, link: &Link) {
        let ended = |l: &Link| l.node == node && l.link == link.link && l.uin == link.uin;
        self.links.retain(|l| !ended(l));
    }

    fn expire(&mut self, now: Instant) {
        self.leased_until.retain(|_, until| *until > now);
        self.links
            .retain(|l| self.leased_until.contains_key(&l.node));
    }
}

#[test]
fn whatever_happens_it_tells_what_the_model_tells() {
    run_test("table model", |seed| async move {
        let mut rng = seed.rng();
        let mut table = Table::new(Config {
            devices_per_user_max: DEVICES_MAX,
            ..Config::default()
        });
        let mut model = Model::default();
        let mut now = Instant::now();
        // Opened at a moment of its own, so that no two are equal and the order of displacing is one.
        let mut opened: Vec<u64> = (0..STEPS as u64 * 3).collect();
        rng.shuffle(&mut opened);
        let nodes = ["a", "b", "c"];
        for _ in 0..STEPS {
            let node = nodes[rng.usize(..nodes.len())];
            let mut some_link = || Link {
                uin: rng.u64(1..6),
                device: format!("device {}", rng.u8(..5)),
                link: rng.u64(..40),
                opened_ms: opened.pop().unwrap_or_default(),
                client_version: rng.u32(..),
                node: String::new(),
            };
            let links = [some_link(), some_link(), some_link()];
            match rng.u8(..10) {
                0..4 => {
                    let count = rng.usize(..=links.len());
                    let told = table.register(now, node, links[..count].to_vec());
                    let expected = model.register(now, node, &links[..count]);
                    assert_eq!(told.expect("there is room"), expected);
                }
                4 => {
                    // As after a restart of the service: the node tells what it has.
                    let own = model.links.iter().filter(|l| l.node == node);
                    let own: Vec<Link> = own.cloned().collect();
                    assert_eq!(table.register(now, node, own.clone()), Ok(vec![]));
                    model.register(now, node, &own);
                }
                5..8 => {
                    let ended = match model.links.is_empty() {
                        true => links[0].clone(),
                        false => model.links[rng.usize(..model.links.len())].clone(),
                    };
                    table.unregister(node, std::slice::from_ref(&ended));
                    model.unregister(node, &ended);
                }
                8 => {
                    let known = model.leased_until.get_mut(node);
                    assert_eq!(table.renew(now, node), known.is_some());
                    if let Some(until) = known {
                        *until = now + LEASE;
                    }
                }
                _ => {
                    now += Duration::from_millis(rng.u64(..4_000));
                    table.expire(now);
                    model.expire(now);
                }
            }
            check(&table, &model);
        }
    });
}

fn check(table: &Table, model: &Model) {
    let everybody: Vec<u64> = (1..6).collect();
    let mut told = table.lookup(&everybody);
    let mut expected = model.links.clone();
    told.sort_by_key(|l| (l.uin, l.device.clone()));
    expected.sort_by_key(|l| (l.uin, l.device.clone()));
    assert_eq!(told, expected);
    let users: BTreeSet<u64> = expected.iter().map(|l| l.uin).collect();
    assert_eq!(
        table.online(&everybody),
        users.iter().copied().collect::<Vec<_>>()
    );
    let count = table.count();
    assert_eq!(count.users, users.len() as u64);
    assert_eq!(count.links, expected.len() as u64);
    assert_eq!(count.nodes, model.leased_until.len() as u64);
}
