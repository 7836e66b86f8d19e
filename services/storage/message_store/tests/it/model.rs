//! Whatever happens in whatever order: each device gets what its user was sent, all of it, once, in order.

use crate::support::*;
use im_engine::{Engine, LocalConfig};
use im_idl::message::Entry;
use im_message_store::Config;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use svrkit_rt::testing::{Seed, run_test};
use tokio::time::sleep;

const USERS: [u64; 4] = [ADA, BOB, CLEO, 10_004];
const DEVICES: [&str; 3] = ["phone", "tablet", "watch"];
const STEPS: usize = 1_500;

/// A message as everybody names it: sender, chat as its reader sees it, and id.
type Name = (u64, u64, u64);

/// What must come of it.
#[derive(Default)]
struct Model {
    /// What each inbox got, in order.
    inboxes: BTreeMap<u64, Vec<Name>>,
    devices: BTreeMap<(u64, &'static str), Device>,
    /// Single messages there were: sender, receiver, id.
    sent: Vec<(u64, u64, u64)>,
    /// The group's log, and how much of it was fanned out to each member.
    log: Vec<(u64, u64)>,
    fanned: BTreeMap<u64, usize>,
    fanned_to_some: usize,
}

/// What a device has.
struct Device {
    version: u64,
    /// The place in the inbox that it began at, once it asked; and how many it has.
    start: Option<usize>,
    count: usize,
}

struct World {
    store: Store,
    model: Model,
    rng: fastrand::Rng,
    next_id: u64,
}

#[test]
fn nothing_is_lost_nothing_comes_twice_and_order_is_kept() {
    run_test("model", |seed| async move {
        World::new(seed, im_engine::memory())
            .await
            .live(STEPS)
            .await;
    });
}

#[test]
fn the_same_on_a_disk_whose_engine_remembers_little() {
    run_test("model on a disk", |seed| async move {
        let dir = tempfile::tempdir().unwrap();
        let config = LocalConfig {
            cache_bytes_max: 4 << 10,
            dirty_bytes_max: 64 << 10,
            ..LocalConfig::at(dir.path())
        };
        let engine = im_engine::open(config).await.unwrap();
        World::new(seed, engine).await.live(STEPS / 5).await;
    });
}

impl World {
    async fn new(seed: Seed, engine: Engine) -> World {
        World {
            store: Store::over(engine, Config::default()).await,
            model: Model::default(),
            rng: seed.derive("model").rng(),
            next_id: 0,
        }
    }

    async fn live(&mut self, steps: usize) {
        for _ in 0..steps {
            self.step().await;
        }
        self.drain().await;
    }

    async fn step(&mut self) {
        match self.rng.u32(0..100) {
            0..30 => self.send().await,
            30..38 => self.send_again().await,
            38..50 => self.send_group().await,
            50..65 => self.fan_out().await,
            65..92 => {
                let user = self.user();
                let device = DEVICES[self.rng.usize(..DEVICES.len())];
                let rows_max = self.rng.u32(1..20);
                // A device may lose an answer; then it asks again.
                let arrives = self.rng.u32(..5) > 0;
                self.read(user, device, rows_max, arrives).await;
            }
            92..97 => sleep(Duration::from_millis(self.rng.u64(..6_000))).await,
            _ => self.store.rebuild().await,
        }
    }

    fn user(&mut self) -> u64 {
        USERS[self.rng.usize(..USERS.len())]
    }

    fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    async fn send(&mut self) {
        let (from, to, id) = (self.user(), self.user(), self.id());
        if from == to {
            return;
        }
        let sent = self.store.send(from, to, id).await;
        assert!(!sent.duplicate);
        self.model.sent.push((from, to, id));
        self.model.inbox(to).push((from, from, id));
        assert_eq!(sent.sender_version > 0, self.copy(from, to, id));
    }

    async fn send_again(&mut self) {
        let Some((from, to, id)) = self.rng.choice(&self.model.sent).copied() else {
            return;
        };
        assert!(self.store.send(from, to, id).await.duplicate);
        self.copy(from, to, id);
    }

    /// The sender's own copy, if he has another device than his phone and there is none yet.
    fn copy(&mut self, from: u64, to: u64, id: u64) -> bool {
        let mut devices = self.model.devices.keys();
        let copies = devices.any(|(user, device)| *user == from && *device != "phone");
        let inbox = self.model.inbox(from);
        if copies && !inbox.contains(&(from, to, id)) {
            inbox.push((from, to, id));
        }
        copies
    }

    async fn send_group(&mut self) {
        let log = &self.model.log;
        let again = self.rng.u32(..5) == 0 && !log.is_empty();
        if again {
            let place = self.rng.usize(..log.len());
            let (sender, id) = log[place];
            let sent = self.store.send_group(sender, id).await;
            assert_eq!((sent.duplicate, sent.group_seq), (true, place as u64 + 1));
            return;
        }
        let (sender, id) = (self.user(), self.id());
        let sent = self.store.send_group(sender, id).await;
        self.model.log.push((sender, id));
        assert_eq!(sent.group_seq, self.model.log.len() as u64);
        let fanned = self.model.fanned_to_some as u64;
        assert!(sent.fanned_seq <= fanned, "{} > {fanned}", sent.fanned_seq);
    }

    /// Rows up to some place, from any place that leaves no gap for anybody, for some members.
    async fn fan_out(&mut self) {
        let members: BTreeSet<u64> = (0..3).map(|_| self.user()).collect();
        let members: Vec<u64> = members.into_iter().collect();
        let fanned = |member: &u64| self.model.fanned.get(member).copied().unwrap_or(0);
        let least = members.iter().map(fanned).min().unwrap_or(0);
        let from = self.rng.usize(..=least);
        let to = self.model.log.len().min(from + 20);
        if to == from {
            return;
        }
        let seqs: Vec<u64> = (from + 1..=to).map(|seq| seq as u64).collect();
        let versions = self.store.fan_out(&seqs, &members).await;
        for (member, version) in members.iter().zip(versions) {
            assert!(version > 0);
            let there = self.model.fanned.get(member).copied().unwrap_or(0);
            for place in there..to {
                let (sender, id) = self.model.log[place];
                self.model.inbox(*member).push((sender, GROUP, id));
            }
            self.model.fanned.insert(*member, there.max(to));
        }
        self.model.fanned_to_some = self.model.fanned_to_some.max(to);
    }

    async fn read(&mut self, user: u64, device: &'static str, rows_max: u32, arrives: bool) {
        // What every device has passed may be gone for one that is new.
        let passed = self
            .model
            .devices_of(user)
            .map(|device| device.passed())
            .min();
        let known = self.model.devices.contains_key(&(user, device));
        let has = self.model.devices.entry((user, device)).or_insert(Device {
            version: 0,
            start: None,
            count: 0,
        });
        let after = has.version;
        let read = self
            .store
            .try_read(user, device, after, rows_max)
            .await
            .unwrap();
        assert!(read.version >= after, "versions never go back");
        assert!(read.entries.len() <= rows_max as usize);
        let mut version = after;
        for entry in &read.entries {
            assert!(entry.version > version && entry.version <= read.version);
            version = entry.version;
        }
        let inbox = self.model.inboxes.get(&user).map_or(&[][..], Vec::as_slice);
        let names: Vec<Name> = read.entries.iter().map(name).collect();
        let start = match (has.start, names.first()) {
            (Some(start), _) => Some(start),
            (None, None) => {
                assert!(!read.more);
                Some(inbox.len())
            }
            (None, Some(first)) => inbox.iter().position(|name| name == first),
        };
        let start = start.expect("only what was sent comes");
        if !known {
            let latest = passed.unwrap_or(0);
            assert!(
                start <= latest,
                "{start} > {latest}: it was not passed by all"
            );
        }
        let from = start + has.count;
        let expected = &inbox[from..inbox.len().min(from + names.len())];
        assert_eq!(names, expected);
        assert_eq!(read.more, from + names.len() < inbox.len());
        // The store keeps for it what it was offered, arrived or not.
        has.start = Some(start);
        if arrives {
            has.count += names.len();
            has.version = read.version;
        }
    }

    /// Every device reads to the end.
    async fn drain(&mut self) {
        let devices: Vec<_> = self.model.devices.keys().copied().collect();
        for (user, device) in devices {
            let inbox = self.model.inbox(user).len();
            for _ in 0..=inbox {
                self.read(user, device, 50, true).await;
            }
            let device = &self.model.devices[&(user, device)];
            assert_eq!(device.passed(), inbox, "all of it has come");
        }
        // What all have goes; the last answers were not acknowledged yet.
        for (user, device) in self.model.devices.keys().copied().collect::<Vec<_>>() {
            self.read(user, device, 50, true).await;
        }
        sleep(Duration::from_secs(10)).await;
        for user in USERS {
            let has_device = self.model.devices_of(user).next().is_some();
            assert_eq!(self.store.peek(user).await.is_empty(), has_device);
        }
    }
}

impl Model {
    fn inbox(&mut self, user: u64) -> &mut Vec<Name> {
        self.inboxes.entry(user).or_default()
    }

    fn devices_of(&self, user: u64) -> impl Iterator<Item = &Device> {
        let devices = self.devices.iter();
        devices
            .filter(move |((of, _), _)| *of == user)
            .map(|(_, device)| device)
    }
}

impl Device {
    /// How many of the inbox it has passed.
    fn passed(&self) -> usize {
        self.start.map_or(0, |start| start + self.count)
    }
}

fn name(entry: &Entry) -> Name {
    match &entry.kind {
        Some(im_idl::message::entry::Kind::Item(item)) => {
            (item.sender, item.chat, item.client_message_id)
        }
        other => panic!("{other:?}"),
    }
}
