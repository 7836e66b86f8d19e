//! How far the devices of a user are: pure rules.

use crate::layout;
use crate::resident::Lazy;
use bytes::{BufMut, Bytes};
use im_engine::Batch;

/// A device that only looks and gets nothing is written this seldom: often enough for `device_retention_days`.
const SEEN_MS: u64 = 3600 * 1000;

/// What memory has of an inbox: its devices, and what is gone of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Devices {
    devices: Vec<Device>,
    /// Entries up to this version are gone.
    floor: u64,
    /// The day on which old dedupe rows were deleted last; 0: before this process.
    tidied_on: u32,
    /// Something passed that may have to be written.
    dirty: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Device {
    name: Box<str>,
    position: Position,
    /// As the engine has it.
    written: Option<Position>,
}

/// What a device said last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    /// It has all up to here.
    pub(crate) version: u64,
    /// When it said so.
    pub(crate) seen_ms: u64,
}

/// Bounds of these rules.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) devices_max: usize,
    pub(crate) device_retention_ms: u64,
    pub(crate) delete_rows_max: u64,
}

/// What is to be written of an inbox.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    puts: Vec<(Box<str>, Position)>,
    /// With what they said last: when they say something meanwhile, they are not gone.
    gone: Vec<(Box<str>, Position)>,
    /// Entries above the first, up to the second, are deleted.
    floor: Option<(u64, u64)>,
    /// Dedupe rows that are too old at this moment are deleted.
    tidy_ms: Option<u64>,
}

impl Devices {
    /// As the engine has it: rows whose keys begin with [`layout::DEVICES`]. Rows that make no sense are left out.
    pub(crate) fn load(rows: &[im_engine::Row]) -> Devices {
        let mut devices = Devices::default();
        for row in rows {
            if row.key == layout::FLOOR {
                devices.floor = layout::last_number(&row.value).unwrap_or(0);
            } else if let Some((name, position)) = device(row) {
                let written = Some(position);
                devices.devices.push(Device {
                    name,
                    position,
                    written,
                });
            }
        }
        devices
    }

    pub(crate) fn floor(&self) -> u64 {
        self.floor
    }

    /// Whether a device is known and written.
    pub(crate) fn is_known(&self, name: &str) -> bool {
        let mut devices = self.devices.iter();
        devices.any(|device| &*device.name == name && device.written.is_some())
    }

    /// Whether there is a device beside this one.
    pub(crate) fn has_other(&self, name: &str) -> bool {
        self.devices.iter().any(|device| &*device.name != name)
    }

    /// A device is here for the first time: it holds back all there is, until it says how far it is. When there are too many, the
    /// one silent longest makes room. What must be written before the device may count on it.
    pub(crate) fn register(&mut self, name: &str, now_ms: u64, bounds: &Bounds) -> Plan {
        let mut plan = Plan::default();
        if let Some(device) = self.devices.iter().find(|device| &*device.name == name) {
            plan.puts.push((name.into(), device.position));
            return plan;
        }
        if self.devices.len() >= bounds.devices_max.max(1) {
            let silent = (0..self.devices.len()).min_by_key(|i| self.devices[*i].position.seen_ms);
            let silent = silent.map(|index| self.devices.swap_remove(index));
            plan.gone
                .extend(silent.map(|device| (device.name, device.position)));
        }
        let position = Position {
            version: 0,
            seen_ms: now_ms,
        };
        plan.puts.push((name.into(), position));
        self.devices.push(Device {
            name: name.into(),
            position,
            written: None,
        });
        self.dirty = true;
        plan
    }

    /// A device says how far it is. Also when that is less than before: then it has lost something.
    pub(crate) fn note(&mut self, name: &str, position: Position) {
        let mut devices = self.devices.iter_mut();
        let Some(device) = devices.find(|device| &*device.name == name) else {
            return;
        };
        device.position = position;
        self.dirty |= match device.written {
            None => true,
            Some(written) => {
                written.version != position.version || written.seen_ms + SEEN_MS <= position.seen_ms
            }
        };
    }

    /// Forgets a device, for which the engine must forget it, too. What it held back may go then.
    pub(crate) fn forget(&mut self, name: &str) {
        self.devices.retain(|device| &*device.name != name);
        self.dirty = true;
    }

    /// What is to be written now.
    pub(crate) fn plan(&self, now_ms: u64, bounds: &Bounds) -> Plan {
        let is_silent =
            |device: &&Device| device.position.seen_ms + bounds.device_retention_ms <= now_ms;
        let mut plan = Plan::default();
        let silent = self.devices.iter().filter(is_silent);
        plan.gone = silent
            .map(|device| (device.name.clone(), device.position))
            .collect();
        let live = || self.devices.iter().filter(|device| !is_silent(device));
        let changed = live().filter(|device| device.written != Some(device.position));
        plan.puts = changed
            .map(|device| (device.name.clone(), device.position))
            .collect();
        plan.floor = live()
            .map(|device| device.position.version)
            .min()
            .map(|passed| passed.min(self.floor.saturating_add(bounds.delete_rows_max)))
            .filter(|floor| *floor > self.floor)
            .map(|floor| (self.floor, floor));
        if self.tidied_on != layout::day(now_ms) {
            plan.tidy_ms = Some(now_ms);
        }
        plan
    }

    /// A plan was written.
    pub(crate) fn settle(&mut self, plan: &Plan) {
        for (name, position) in &plan.gone {
            self.devices
                .retain(|device| device.name != *name || device.position != *position);
            let mut devices = self.devices.iter_mut();
            if let Some(device) = devices.find(|device| device.name == *name) {
                device.written = None;
            }
        }
        for (name, position) in &plan.puts {
            let mut devices = self.devices.iter_mut();
            if let Some(device) = devices.find(|device| device.name == *name) {
                device.written = Some(*position);
            }
        }
        if let Some((_, floor)) = plan.floor {
            self.floor = self.floor.max(floor);
        }
        if let Some(now_ms) = plan.tidy_ms {
            self.tidied_on = layout::day(now_ms);
        }
        let passed = self.devices.iter().map(|device| device.position.version);
        let behind = passed.min().is_some_and(|passed| passed > self.floor);
        let unwritten = |device: &Device| {
            device
                .written
                .is_none_or(|written| written.version != device.position.version)
        };
        self.dirty = behind || self.devices.iter().any(unwritten);
    }
}

impl Lazy for Devices {
    fn is_dirty(&self) -> bool {
        self.dirty
    }
}

impl Plan {
    /// Entries that it deletes, about: versions have few holes.
    pub(crate) fn rows_deleted(&self) -> u64 {
        self.floor.map_or(0, |(from, to)| to - from)
    }

    /// With all entries up to this version gone, whoever has them.
    pub(crate) fn up_to(mut self, devices: &Devices, version: u64) -> Plan {
        let floor = self.floor.map_or(devices.floor, |(_, floor)| floor);
        if version > floor {
            self.floor = Some((devices.floor, version));
        }
        self
    }

    /// Whether it does nothing but delete old dedupe rows, if that.
    pub(crate) fn only_tidies(&self) -> bool {
        self.puts.is_empty() && self.gone.is_empty() && self.floor.is_none()
    }

    /// A batch that writes it, so that nobody takes it for news.
    pub(crate) fn batch(&self, partition: Bytes) -> Batch {
        let mut batch = Batch::new(partition).quiet();
        for (name, _) in &self.gone {
            batch = batch.delete(layout::device(name));
        }
        for (name, position) in &self.puts {
            batch = batch.put(layout::device(name), position.value());
        }
        if let Some((from, to)) = self.floor {
            batch = batch
                .delete_range(layout::entry(from + 1), Some(layout::entry(to + 1)))
                .put(layout::FLOOR, layout::number(to));
        }
        if let Some(now_ms) = self.tidy_ms {
            let (from, to) = layout::old_dedupes(now_ms);
            batch = batch.delete_range(from, Some(to));
        }
        batch
    }
}

impl Position {
    fn value(self) -> Bytes {
        let mut value = Vec::with_capacity(16);
        value.put_u64(self.version);
        value.put_u64(self.seen_ms);
        value.into()
    }
}

fn device(row: &im_engine::Row) -> Option<(Box<str>, Position)> {
    let name = row.key.strip_prefix(layout::DEVICES)?;
    let name = std::str::from_utf8(name).ok()?.into();
    let (version, seen_ms) = row.value.split_at_checked(8)?;
    let position = Position {
        version: layout::last_number(version)?,
        seen_ms: layout::last_number(seen_ms)?,
    };
    Some((name, position))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        devices_max: 2,
        device_retention_ms: 1_000,
        delete_rows_max: 50,
    };

    fn at(version: u64, seen_ms: u64) -> Position {
        Position { version, seen_ms }
    }

    /// Devices of which everything is written, on a day that was tidied.
    fn devices(positions: &[(&str, u64)]) -> Devices {
        let mut devices = Devices::default();
        for (name, version) in positions {
            let plan = devices.register(name, 0, &BOUNDS);
            devices.settle(&plan);
            devices.note(name, at(*version, 0));
        }
        devices
    }

    #[test]
    fn what_all_have_passed_goes_in_steps() {
        let mut devices = devices(&[("a", 80), ("b", 70)]);
        let plan = devices.plan(0, &BOUNDS);
        assert_eq!(plan.floor, Some((0, 50)));
        devices.settle(&plan);
        assert!(devices.is_dirty(), "there is more to delete");
        let plan = devices.plan(0, &BOUNDS);
        assert_eq!(plan.floor, Some((50, 70)));
        devices.settle(&plan);
        assert!(!devices.is_dirty());
    }

    #[test]
    fn a_new_device_holds_everything_back() {
        let mut devices = devices(&[("a", 80)]);
        devices.register("b", 0, &BOUNDS);
        assert_eq!(devices.plan(0, &BOUNDS).floor, None);
        assert!(devices.is_known("a") && !devices.is_known("b"));
    }

    #[test]
    fn a_silent_device_holds_back_nothing_and_is_forgotten() {
        let mut devices = devices(&[("a", 80), ("b", 10)]);
        devices.note("a", at(40, 999));
        let plan = devices.plan(1_000, &BOUNDS);
        assert_eq!(plan.floor, Some((0, 40)));
        devices.settle(&plan);
        assert!(!devices.is_known("b") && !devices.has_other("a"));
    }

    #[test]
    fn a_device_that_comes_back_while_it_is_forgotten_is_new() {
        let mut devices = devices(&[("a", 80), ("b", 10)]);
        devices.note("a", at(40, 999));
        let plan = devices.plan(1_000, &BOUNDS);
        devices.note("b", at(20, 1_000));
        devices.settle(&plan);
        assert!(devices.has_other("a") && !devices.is_known("b"));
    }

    #[test]
    fn the_one_silent_longest_makes_room() {
        let mut devices = devices(&[("a", 80), ("b", 10)]);
        devices.note("a", at(80, 5));
        let plan = devices.register("c", 6, &BOUNDS);
        devices.settle(&plan);
        assert!(devices.is_known("a") && devices.is_known("c") && !devices.is_known("b"));
    }

    #[test]
    fn what_is_written_is_loaded() {
        let before = devices(&[("a", 80), ("b", 70)]);
        let batch = before.plan(0, &BOUNDS).batch(Bytes::new());
        let rows = batch.ops.into_iter().filter_map(|op| match op {
            im_engine::Op::Put { key, value } => Some(im_engine::Row {
                key,
                value,
                version: 1,
            }),
            _ => None,
        });
        let mut loaded = Devices::load(&rows.collect::<Vec<_>>());
        assert_eq!(loaded.floor(), 50);
        assert_eq!(loaded.plan(0, &BOUNDS).floor, Some((50, 70)));
        loaded.note("a", at(80, 0));
        assert!(!loaded.is_dirty(), "it was written");
    }
}
