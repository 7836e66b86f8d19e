//! A disk in memory that forgets what was not synced, and fails when told to.

use super::disk::{Disk, DiskFile};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

const SECTOR_BYTES: usize = 512;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Half of a write arrives, then it fails.
    ShortWrite,
    /// A sync fails, and what was written since the last may be on the disk or not.
    Sync,
    /// Everything fails from there on: the power is gone.
    Power,
}

/// The disk, and its owner's handle on what goes wrong with it.
#[derive(Clone, Default)]
pub(crate) struct FaultyDisk(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    files: BTreeMap<String, Inode>,
    /// Removed, but perhaps not on the disk.
    removed: BTreeMap<String, Inode>,
    fault: Option<(Fault, u32)>,
    dead: bool,
}

/// A file that is open stays so when it is renamed.
type Inode = Arc<Mutex<Content>>;

/// What a reader sees, and what is sure to be there after a power cut.
#[derive(Clone, Default)]
struct Content {
    seen: Vec<u8>,
    synced: Vec<u8>,
}

impl FaultyDisk {
    /// Fails the operation of this kind that comes after so many others.
    pub(crate) fn fail(&self, fault: Fault, after: u32) {
        self.state().fault = Some((fault, after));
    }

    /// The disk as it is found after the process was killed: all that was written is there.
    pub(crate) fn after_kill(&self) -> FaultyDisk {
        let state = self.state();
        let files = state.files.iter();
        FaultyDisk::with(files.map(|(name, file)| (name.clone(), content(file).clone())))
    }

    /// The disk as it may be found after a power cut: each sector that was not synced is old, new, zeros or in between.
    pub(crate) fn after_power_cut(&self) -> FaultyDisk {
        let state = self.state();
        let mut files = state.files.clone();
        for (name, file) in &state.removed {
            if fastrand::bool() {
                files.entry(name.clone()).or_insert_with(|| file.clone());
            }
        }
        FaultyDisk::with(files.iter().map(|(name, file)| {
            let mut found = content(file).clone();
            found.lose_power();
            (name.clone(), found)
        }))
    }

    /// Changes bytes of a file behind everybody's back.
    pub(crate) fn damage(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let state = self.state();
        let mut content = content(&state.files[name]);
        change(&mut content.seen);
        content.synced = content.seen.clone();
    }

    /// Takes a file away behind everybody's back.
    pub(crate) fn lose(&self, name: &str) {
        self.state().files.remove(name);
    }

    /// All files with their bytes.
    pub(crate) fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        let state = self.state();
        let files = state.files.iter();
        files
            .map(|(name, file)| (name.clone(), content(file).seen.clone()))
            .collect()
    }

    fn with(files: impl Iterator<Item = (String, Content)>) -> FaultyDisk {
        let files = files.map(|(name, content)| (name, Arc::new(Mutex::new(content))));
        FaultyDisk(Arc::new(Mutex::new(State {
            files: files.collect(),
            ..State::default()
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panics with it")
    }
}

impl State {
    /// Whether this operation meets the fault.
    fn meets(&mut self, kinds: &[Fault]) -> io::Result<Option<Fault>> {
        if self.dead {
            return Err(io::Error::other("no power"));
        }
        let Some((fault, after)) = &mut self.fault else {
            return Ok(None);
        };
        if !kinds.contains(fault) {
            return Ok(None);
        }
        if *after > 0 {
            *after -= 1;
            return Ok(None);
        }
        let fault = *fault;
        self.fault = None;
        self.dead = fault == Fault::Power;
        Ok(Some(fault))
    }

    /// As [`State::meets`], of operations that can only lose power.
    fn powered(&mut self) -> io::Result<()> {
        match self.meets(&[Fault::Power])? {
            None => Ok(()),
            Some(_) => Err(io::Error::other("no power")),
        }
    }

    fn file(&self, name: &str) -> io::Result<Inode> {
        let missing = || io::Error::from(io::ErrorKind::NotFound);
        self.files.get(name).cloned().ok_or_else(missing)
    }
}

impl Content {
    fn lose_power(&mut self) {
        let (seen, synced) = (&self.seen, &mut self.synced);
        synced.resize(seen.len(), 0);
        for (new, old) in seen
            .chunks(SECTOR_BYTES)
            .zip(synced.chunks_mut(SECTOR_BYTES))
        {
            if new == old {
                continue;
            }
            match fastrand::u8(..4) {
                0 => {}
                1 => old.fill(0),
                2 => {
                    let torn = fastrand::usize(..new.len());
                    old[..torn].copy_from_slice(&new[..torn]);
                }
                _ => old.copy_from_slice(new),
            }
        }
        self.seen = self.synced.clone();
    }
}

fn content(file: &Inode) -> MutexGuard<'_, Content> {
    file.lock().expect("no test panics with it")
}

impl Disk for FaultyDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.state().files.keys().cloned().collect())
    }

    fn read(&self, name: &str, max: u64) -> io::Result<Vec<u8>> {
        let file = self.state().file(name)?;
        let seen = &content(&file).seen;
        Ok(seen[..seen.len().min(usize::try_from(max).unwrap_or(usize::MAX))].to_vec())
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let file = self.state().file(name)?;
        let disk = self.clone();
        Ok(Box::new(FaultyFile { disk, file }))
    }

    fn create(&self, name: &str, bytes: u64) -> io::Result<Box<dyn DiskFile>> {
        let zeros = vec![0; bytes as usize];
        let content = Content {
            seen: zeros.clone(),
            synced: zeros,
        };
        let mut state = self.state();
        state.powered()?;
        state
            .files
            .insert(name.to_owned(), Arc::new(Mutex::new(content)));
        drop(state);
        self.open(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        state.powered()?;
        let file = state.file(from)?;
        state.files.remove(from);
        state.files.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        state.powered()?;
        let file = state.file(name)?;
        state.files.remove(name);
        state.removed.insert(name.to_owned(), file);
        Ok(())
    }
}

struct FaultyFile {
    disk: FaultyDisk,
    file: Inode,
}

impl DiskFile for FaultyFile {
    fn len(&self) -> u64 {
        content(&self.file).seen.len() as u64
    }

    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let fault = self
            .disk
            .state()
            .meets(&[Fault::ShortWrite, Fault::Power])?;
        let arrives = if fault.is_some() {
            bytes.len() / 2
        } else {
            bytes.len()
        };
        let at = at as usize;
        let seen = &mut content(&self.file).seen;
        seen.resize(seen.len().max(at + arrives), 0);
        seen[at..at + arrives].copy_from_slice(&bytes[..arrives]);
        match fault {
            None => Ok(()),
            Some(fault) => Err(io::Error::other(format!("{fault:?}"))),
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        let fault = self.disk.state().meets(&[Fault::Sync, Fault::Power])?;
        let mut content = content(&self.file);
        match fault {
            None => {
                content.synced = content.seen.clone();
                Ok(())
            }
            Some(fault) => Err(io::Error::other(format!("{fault:?}"))),
        }
    }
}
