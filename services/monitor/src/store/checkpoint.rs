//! A checkpoint: the whole state as one file, put in its place in one step. `FORMAT.md` has its bytes.

use super::records::{AgentRecord, BlockRecord, InstanceRecord, SeriesRecord, StoreRecord};
use super::state::{Agent, InstanceKey, State};
use crate::definition::Definition;
use prost::Message;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

const FILE: &str = "checkpoint";
const FILE_NEW: &str = "checkpoint.new";
const MAGIC: &[u8; 8] = b"IMMONCHK";
const FORMAT: u32 = 1;
/// Bytes of a record: the largest is a series' pages.
const RECORD_BYTES_MAX: usize = 16 << 20;

const STORE: u8 = 1;
const DEFINITION: u8 = 2;
const AGENT: u8 = 3;
const INSTANCE: u8 = 4;
const SERIES: u8 = 5;
const END: u8 = 0;

/// What a checkpoint holds.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) store: StoreRecord,
    /// Without its blocks, which are files of their own.
    pub(super) state: State,
}

/// Writes the state; when this returns it has taken the place of the one before, on the disk too.
pub(super) fn write(dir: &Path, store_id: u64, log_first: u64, state: &State) -> io::Result<()> {
    let new = dir.join(FILE_NEW);
    let mut out = Writer {
        file: BufWriter::with_capacity(1 << 20, File::create(&new)?),
        sum: 0,
    };
    out.bytes(MAGIC)?;
    out.bytes(&FORMAT.to_le_bytes())?;
    let blocks = state.blocks.iter();
    let store = StoreRecord {
        id: store_id,
        born_ms: state.born_ms,
        log_first,
        next_series: state.next_series,
        blocks: blocks.map(|block| BlockRecord::of(block.name())).collect(),
    };
    out.record(STORE, &store)?;
    for definition in state.definitions.values() {
        out.record(DEFINITION, &definition.to_wire())?;
    }
    for (name, agent) in &state.agents {
        out.record(AGENT, &AgentRecord::of(name, agent))?;
    }
    for (key, instance) in &state.instances {
        out.record(INSTANCE, &InstanceRecord::of(key, instance))?;
        for (definition, series) in &instance.series {
            out.record(SERIES, &SeriesRecord::of(*definition, series))?;
        }
    }
    out.bytes(&[END])?;
    let sum = out.sum.to_le_bytes();
    out.bytes(&sum)?;
    out.file.into_inner()?.sync_all()?;
    fs::rename(&new, dir.join(FILE))?;
    File::open(dir)?.sync_all()
}

/// Reads the state; `None` when there is no checkpoint yet.
///
/// # Errors
/// `InvalidData` when the file is damaged.
pub(super) fn read(dir: &Path) -> io::Result<Option<Kept>> {
    let file = match File::open(dir.join(FILE)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut from = Reader {
        file: BufReader::with_capacity(1 << 20, file),
        sum: 0,
    };
    if from.array::<8>()? != *MAGIC || from.array()? != FORMAT.to_le_bytes() {
        return Err(damaged("its head"));
    }
    let mut kept = Kept {
        store: StoreRecord::default(),
        state: State::default(),
    };
    let mut owner: Option<InstanceKey> = None;
    loop {
        let [kind] = from.array()?;
        if kind == END {
            break;
        }
        let body = from.record()?;
        match kind {
            STORE => kept.store = decode(&body)?,
            DEFINITION => {
                let definition = Definition::from_wire(&decode(&body)?);
                kept.state
                    .define(definition.ok_or_else(|| damaged("a definition"))?);
            }
            AGENT => {
                let record: AgentRecord = decode(&body)?;
                let (seq, series) = (record.seq, 0);
                kept.state
                    .agents
                    .insert(record.agent, Agent { seq, series });
            }
            INSTANCE => {
                let (key, instance) = decode::<InstanceRecord>(&body)?.into_instance();
                owner = Some(key.clone());
                kept.state.instances.insert(key, instance);
            }
            SERIES => {
                let owner = owner.as_ref().ok_or_else(|| damaged("a series"))?;
                enter(&mut kept.state, owner, decode(&body)?).ok_or_else(|| damaged("a series"))?;
            }
            _ => return Err(damaged("a record's kind")),
        }
    }
    let sum = from.sum.to_le_bytes();
    if from.array()? != sum {
        return Err(damaged("its sum"));
    }
    kept.state.born_ms = kept.store.born_ms;
    kept.state.next_series = kept.store.next_series;
    Ok(Some(kept))
}

fn enter(state: &mut State, owner: &InstanceKey, record: SeriesRecord) -> Option<()> {
    let definition = record.definition;
    let kind = state.definitions.get(&definition)?.kind;
    let series = record.into_series(kind)?;
    let instance = state.instances.get_mut(owner)?;
    instance.series.insert(definition, series);
    state.series += 1;
    state
        .agents
        .entry(instance.agent.clone())
        .or_default()
        .series += 1;
    Some(())
}

fn decode<M: Message + Default>(body: &[u8]) -> io::Result<M> {
    M::decode(body).map_err(|error| damaged(&error.to_string()))
}

fn damaged(what: &str) -> io::Error {
    let message = format!("checkpoint is damaged: {what}");
    io::Error::new(io::ErrorKind::InvalidData, message)
}

struct Writer {
    file: BufWriter<File>,
    /// Of all bytes before.
    sum: u32,
}

impl Writer {
    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum = crc32c::crc32c_append(self.sum, bytes);
        self.file.write_all(bytes)
    }

    fn record(&mut self, kind: u8, message: &impl Message) -> io::Result<()> {
        let body = message.encode_to_vec();
        self.bytes(&[kind])?;
        self.bytes(&(body.len() as u32).to_le_bytes())?;
        self.bytes(&body)
    }
}

struct Reader {
    file: BufReader<File>,
    sum: u32,
}

impl Reader {
    fn fill(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        let read = self.file.read_exact(bytes);
        read.map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => damaged("its end is missing"),
            _ => error,
        })?;
        self.sum = crc32c::crc32c_append(self.sum, bytes);
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn record(&mut self) -> io::Result<Vec<u8>> {
        let length = u32::from_le_bytes(self.array()?) as usize;
        if length > RECORD_BYTES_MAX {
            return Err(damaged("a record's length"));
        }
        let mut body = vec![0; length];
        self.fill(&mut body)?;
        Ok(body)
    }
}
