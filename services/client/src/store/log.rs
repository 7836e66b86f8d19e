//! A file of records: 8 bytes of magic, then for each record its length and its CRC-32C (both 32 bits, little-endian) and the record
//! in protobuf. The first record that is not sound ends it: what follows was being written when the process or the machine died.

use super::record::Record;
use prost::Message;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 8] = b"imchat\0\x01";
/// Bytes before a record.
const HEAD_BYTES: usize = 8;

/// An open file of records, locked against other processes.
#[derive(Debug)]
pub(super) struct Log {
    path: PathBuf,
    file: File,
    /// Bytes of sound records; what a failed write left behind is beyond.
    end: u64,
}

impl Log {
    /// Opens or makes a file. Others than its owner may not read it: it holds a ticket.
    pub(super) fn open(path: &Path) -> io::Result<Log> {
        let mut log = Log {
            path: path.to_owned(),
            file: private_file(path)?,
            end: MAGIC.len() as u64,
        };
        log.file.try_lock().map_err(|e| match e {
            fs::TryLockError::WouldBlock => in_use(path),
            fs::TryLockError::Error(e) => e,
        })?;
        if log.file.metadata()?.len() < log.end {
            log.file.write_all(MAGIC)?;
            log.file.sync_all()?;
            sync_folder(path)?;
        }
        Ok(log)
    }

    /// Reads all sound records, and cuts off what follows them.
    pub(super) fn load(&mut self) -> io::Result<Vec<Record>> {
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        self.file.read_to_end(&mut bytes)?;
        let Some(mut rest) = bytes.strip_prefix(MAGIC) else {
            let message = format!("{} is no file of this program", self.path.display());
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        };
        let mut records = Vec::new();
        while let Some((record, after)) = next(rest) {
            records.push(record);
            rest = after;
        }
        self.end = (bytes.len() - rest.len()) as u64;
        if !rest.is_empty() {
            tracing::warn!(bytes = rest.len(), path = %self.path.display(), "dropped an unfinished record");
            self.file.set_len(self.end)?;
        }
        Ok(records)
    }

    /// Adds a record and waits for the disk.
    pub(super) fn append(&mut self, record: &Record) -> io::Result<()> {
        let bytes = encode(record);
        // A write that failed may have left something behind; this one goes over it.
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(&bytes)?;
        self.file.set_len(self.end + bytes.len() as u64)?;
        self.file.sync_data()?;
        self.end += bytes.len() as u64;
        Ok(())
    }

    /// Begins anew with one record, in a file beside that takes this one's place.
    pub(super) fn replace(&mut self, record: &Record) -> io::Result<()> {
        let beside = self.path.with_extension("new");
        let mut file = private_file(&beside)?;
        // The lock goes along: nobody can come between the rename and the next write.
        file.try_lock().map_err(|_| in_use(&beside))?;
        file.set_len(0)?;
        let bytes = encode(record);
        file.write_all(MAGIC)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&beside, &self.path)?;
        sync_folder(&self.path)?;
        self.file = file;
        self.end = (MAGIC.len() + bytes.len()) as u64;
        Ok(())
    }
}

fn encode(record: &Record) -> Vec<u8> {
    let len = record.encoded_len();
    let mut bytes = Vec::with_capacity(HEAD_BYTES + len);
    bytes.extend_from_slice(&[0; HEAD_BYTES]);
    record.encode_raw(&mut bytes);
    let sum = crc32c::crc32c(&bytes[HEAD_BYTES..]);
    let len = u32::try_from(len).expect("a record of less than 4 GiB");
    bytes[..4].copy_from_slice(&len.to_le_bytes());
    bytes[4..HEAD_BYTES].copy_from_slice(&sum.to_le_bytes());
    bytes
}

fn next(bytes: &[u8]) -> Option<(Record, &[u8])> {
    let (len, rest) = bytes.split_first_chunk::<4>()?;
    let (sum, rest) = rest.split_first_chunk::<4>()?;
    let (body, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
    let is_sound = crc32c::crc32c(body) == u32::from_le_bytes(*sum);
    let record = is_sound.then(|| Record::decode(body))?;
    Some((record.ok()?, rest))
}

fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes a file's name durable.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn in_use(path: &Path) -> io::Error {
    let message = format!("{} is in use by another process", path.display());
    io::Error::new(io::ErrorKind::ResourceBusy, message)
}
