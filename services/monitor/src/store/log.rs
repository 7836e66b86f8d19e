//! The log: reports as they came, synced before they are answered. `FORMAT.md` has its bytes.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 8] = b"IMMONLOG";
/// A record begins where a sector does, so that a write torn by a power cut cannot tear a record before it.
const SECTOR_BYTES: usize = 512;
const RECORD_HEAD_BYTES: usize = 16;
/// Bytes of a record's body; a report is smaller.
const BODY_BYTES_MAX: usize = 16 << 20;
const ENDING: &str = "log";

/// One report and when it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// The centre's clock.
    pub(crate) received_ms: u64,
    /// The request, as it was encoded.
    pub(crate) body: Vec<u8>,
}

/// Why a log cannot be read.
#[derive(Debug)]
pub(crate) enum LogError {
    /// The file system refused.
    Io { path: PathBuf, error: io::Error },
    /// A record that is followed by others is not whole, or a segment has another's head.
    Damaged { path: PathBuf, at: u64 },
    /// A segment is not there.
    Missing { number: u64 },
}

/// The log of one store, open for writing.
#[derive(Debug)]
pub(crate) struct Log {
    dir: PathBuf,
    number: u64,
    file: File,
    /// Bytes of this segment.
    bytes: u64,
    /// Bytes of the segments before it.
    bytes_before: u64,
    buffer: Vec<u8>,
}

impl Log {
    /// Reads the segments from `first` on, hands each report to `apply`, and goes on in a new one. What is behind the last whole record
    /// of the last segment was never answered, and is cut off.
    pub(crate) fn open(
        dir: &Path,
        first: u64,
        mut apply: impl FnMut(Record),
    ) -> Result<Log, LogError> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |error| LogError::Io { path, error }
        };
        fs::create_dir_all(dir).map_err(at(dir))?;
        let mut numbers = segments(dir).map_err(at(dir))?;
        numbers.retain(|number| *number >= first);
        let mut bytes_before = 0;
        for (place, number) in numbers.iter().enumerate() {
            if *number != first + place as u64 {
                let number = first + place as u64;
                return Err(LogError::Missing { number });
            }
            let last = place + 1 == numbers.len();
            bytes_before += read_segment(&path(dir, *number), *number, last, &mut apply)?;
        }
        let number = first + numbers.len() as u64;
        let file = begin(dir, number).map_err(at(&path(dir, number)))?;
        Ok(Log {
            dir: dir.to_owned(),
            number,
            file,
            bytes: SECTOR_BYTES as u64,
            bytes_before,
            buffer: Vec::new(),
        })
    }

    /// Writes reports and syncs them. After an error nothing is known of them, and nothing may be written any more.
    pub(crate) fn append<'a>(
        &mut self,
        records: impl Iterator<Item = (u64, &'a [u8])>,
    ) -> io::Result<()> {
        self.buffer.clear();
        for (received_ms, body) in records {
            write_record(&mut self.buffer, received_ms, body)?;
        }
        self.file.write_all(&self.buffer)?;
        self.file.sync_data()?;
        self.bytes += self.buffer.len() as u64;
        Ok(())
    }

    /// Bytes that a restart would read.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes_before + self.bytes
    }

    /// Begins a new segment and returns its number.
    pub(crate) fn rotate(&mut self) -> io::Result<u64> {
        self.file = begin(&self.dir, self.number + 1)?;
        self.number += 1;
        self.bytes_before += self.bytes;
        self.bytes = SECTOR_BYTES as u64;
        Ok(self.number)
    }

    /// Removes the segments before this one: a checkpoint has all that is in them.
    pub(crate) fn release_before(&mut self, number: u64) -> io::Result<()> {
        for old in segments(&self.dir)? {
            if old < number {
                fs::remove_file(path(&self.dir, old))?;
            }
        }
        self.bytes_before = 0;
        Ok(())
    }
}

fn write_record(buffer: &mut Vec<u8>, received_ms: u64, body: &[u8]) -> io::Result<()> {
    if body.len() > BODY_BYTES_MAX {
        return Err(io::Error::other("a report of over 16 MiB"));
    }
    let begin = buffer.len();
    buffer.extend([0; 4]);
    buffer.extend((body.len() as u32).to_le_bytes());
    buffer.extend(received_ms.to_le_bytes());
    buffer.extend(body);
    let sum = crc32c::crc32c(&buffer[begin + 4..]);
    buffer[begin..begin + 4].copy_from_slice(&sum.to_le_bytes());
    buffer.resize(begin + padded(RECORD_HEAD_BYTES + body.len()), 0);
    Ok(())
}

/// Returns the bytes of the segment that are good.
fn read_segment(
    path: &Path,
    number: u64,
    last: bool,
    apply: &mut impl FnMut(Record),
) -> Result<u64, LogError> {
    let io = |error| LogError::Io {
        path: path.to_owned(),
        error,
    };
    let damaged = |at| LogError::Damaged {
        path: path.to_owned(),
        at,
    };
    let file = File::open(path).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let mut head = [0; SECTOR_BYTES];
    let mut good = 0;
    if read_whole(&mut reader, &mut head).map_err(io)? && head == encode_head(number) {
        good = SECTOR_BYTES as u64;
        while let Some((record, bytes)) = read_record(&mut reader).map_err(io)? {
            apply(record);
            good += bytes;
        }
    }
    if good == length {
        return Ok(good);
    }
    if !last {
        return Err(damaged(good));
    }
    let cut_bytes = length - good;
    tracing::warn!(
        path = %path.display(),
        at = good,
        cut_bytes,
        "the log ends in a report that was not written to its end and never answered: cut off"
    );
    cut(path, number, good).map_err(io)?;
    Ok(good)
}

/// Makes the segment end where its last whole record does.
fn cut(path: &Path, number: u64, good: u64) -> io::Result<()> {
    let mut file = File::options().write(true).open(path)?;
    file.set_len(good)?;
    if good == 0 {
        file.write_all(&encode_head(number))?;
    }
    file.sync_all()
}

/// The next record and the bytes it takes; `None` where none stands.
fn read_record(reader: &mut impl Read) -> io::Result<Option<(Record, u64)>> {
    let mut head = [0; RECORD_HEAD_BYTES];
    if !read_whole(reader, &mut head)? {
        return Ok(None);
    }
    let [s0, s1, s2, s3, l0, l1, l2, l3, received @ ..] = head;
    let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
    if length > BODY_BYTES_MAX {
        return Ok(None);
    }
    let bytes = padded(RECORD_HEAD_BYTES + length);
    let mut body = vec![0; bytes - RECORD_HEAD_BYTES];
    if !read_whole(reader, &mut body)? {
        return Ok(None);
    }
    body.truncate(length);
    let sum = crc32c::crc32c_append(crc32c::crc32c(&head[4..]), &body);
    let record = Record {
        received_ms: u64::from_le_bytes(received),
        body,
    };
    let sound = sum == u32::from_le_bytes([s0, s1, s2, s3]);
    Ok(sound.then_some((record, bytes as u64)))
}

/// Whether there were bytes enough.
fn read_whole(reader: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    match reader.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn begin(dir: &Path, number: u64) -> io::Result<File> {
    let mut file = File::create(path(dir, number))?;
    file.write_all(&encode_head(number))?;
    file.sync_all()?;
    File::open(dir)?.sync_all()?;
    Ok(file)
}

fn encode_head(number: u64) -> [u8; SECTOR_BYTES] {
    let mut head = [0; SECTOR_BYTES];
    head[..8].copy_from_slice(MAGIC);
    head[8..12].copy_from_slice(&1u32.to_le_bytes());
    head[16..24].copy_from_slice(&number.to_le_bytes());
    let sum = crc32c::crc32c(&head[16..]);
    head[12..16].copy_from_slice(&sum.to_le_bytes());
    head
}

fn padded(bytes: usize) -> usize {
    bytes.next_multiple_of(SECTOR_BYTES)
}

fn path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:016x}.{ENDING}"))
}

/// The numbers of the segments there are, in order.
fn segments(dir: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let digits = path.file_stem().and_then(|stem| stem.to_str());
        let number = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
        if path.extension().is_some_and(|ending| ending == ENDING) {
            numbers.extend(number);
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LogError::Io { path, .. } => write!(f, "log {} cannot be read", path.display()),
            LogError::Damaged { path, at } => {
                let path = path.display();
                write!(
                    f,
                    "log {path} is damaged at byte {at}, and others follow it"
                )
            }
            LogError::Missing { number } => {
                write!(f, "segment {number:016x} of the log is missing")
            }
        }
    }
}

impl std::error::Error for LogError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            LogError::Io { error, .. } => Some(error),
            LogError::Damaged { .. } | LogError::Missing { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(dir: &Path) -> Result<(Log, Vec<Record>), LogError> {
        let mut records = Vec::new();
        let log = Log::open(dir, 1, |record| records.push(record))?;
        Ok((log, records))
    }

    fn append(log: &mut Log, bodies: &[&[u8]]) {
        log.append(bodies.iter().map(|body| (7, *body))).unwrap();
    }

    fn bodies(records: &[Record]) -> Vec<&[u8]> {
        records.iter().map(|record| &record.body[..]).collect()
    }

    #[test]
    fn a_log_cut_anywhere_has_every_record_before_the_cut() {
        let dir = tempfile::tempdir().unwrap();
        let (mut log, _) = open(dir.path()).unwrap();
        append(&mut log, &[b"one", b"two"]);
        append(&mut log, &[&[3; 700]]);
        drop(log);
        let file = path(dir.path(), 1);
        let whole = fs::read(&file).unwrap();
        for end in (0..whole.len()).step_by(37).chain([whole.len()]) {
            let dir = tempfile::tempdir().unwrap();
            fs::write(path(dir.path(), 1), &whole[..end]).unwrap();
            let (mut log, records) = open(dir.path()).unwrap();
            let whole_records = match end / SECTOR_BYTES {
                0 | 1 => 0,
                2 => 1,
                3 | 4 => 2,
                _ => 3,
            };
            assert_eq!(records.len(), whole_records, "{end}");
            append(&mut log, &[b"next"]);
            drop(log);
            let (_, records) = open(dir.path()).unwrap();
            assert_eq!(records.len(), whole_records + 1, "{end}");
            assert_eq!(bodies(&records).last(), Some(&&b"next"[..]));
        }
    }

    #[test]
    fn damage_before_the_end_is_named_and_nothing_is_changed() {
        let dir = tempfile::tempdir().unwrap();
        let (mut log, _) = open(dir.path()).unwrap();
        append(&mut log, &[b"one"]);
        log.rotate().unwrap();
        append(&mut log, &[b"two"]);
        drop(log);
        let file = path(dir.path(), 1);
        let mut bytes = fs::read(&file).unwrap();
        bytes[SECTOR_BYTES + RECORD_HEAD_BYTES] ^= 1;
        fs::write(&file, &bytes).unwrap();
        let error = open(dir.path()).unwrap_err();
        assert!(
            matches!(error, LogError::Damaged { at: 512, .. }),
            "{error}"
        );
        assert_eq!(fs::read(&file).unwrap(), bytes);
        fs::remove_file(&file).unwrap();
        let error = open(dir.path()).unwrap_err();
        assert!(matches!(error, LogError::Missing { number: 1 }), "{error}");
    }

    #[test]
    fn what_a_checkpoint_has_is_released() {
        let dir = tempfile::tempdir().unwrap();
        let (mut log, _) = open(dir.path()).unwrap();
        append(&mut log, &[b"one"]);
        let next = log.rotate().unwrap();
        append(&mut log, &[b"two"]);
        log.release_before(next).unwrap();
        assert_eq!(log.bytes(), 2 * SECTOR_BYTES as u64);
        drop(log);
        let mut records = Vec::new();
        Log::open(dir.path(), next, |record| records.push(record)).unwrap();
        assert_eq!(bodies(&records), [b"two"]);
    }
}
