//! A block's file: the chunks of many series in one block of one tier, written once and never changed. `FORMAT.md` has its bytes.

use crate::history::Tier;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 8] = b"IMMONBLK";
const END_MAGIC: &[u8; 8] = b"IMMONEND";
const HEAD_BYTES: usize = 32;
const FOOTER_BYTES: usize = 24;
const ENTRY_BYTES: usize = 12;
/// What follows each chunk: its checksum.
const SUM_BYTES: usize = 4;
/// Bytes of a file, at most: places in it are four bytes.
const FILE_BYTES_MAX: u64 = u32::MAX as u64;

/// Which file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BlockName {
    /// Of windows of this width.
    pub(crate) tier: Tier,
    /// Blocks since 1970.
    pub(crate) number: u64,
    /// Late reports make further files of a block: their chunks add up.
    pub(crate) part: u32,
}

/// A block's file, open for reading.
#[derive(Debug)]
pub(crate) struct Block {
    name: BlockName,
    path: PathBuf,
    file: File,
    /// In order of series.
    index: Vec<Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    series: u32,
    at: u32,
    bytes: u32,
}

impl BlockName {
    /// The name of its file.
    pub(crate) fn file_name(self) -> String {
        let tier = match self.tier {
            Tier::TenSeconds => "10s",
            Tier::Minute => "1m",
            Tier::Hour => "1h",
        };
        format!("{tier}-{:010}-{:04}.block", self.number, self.part)
    }

    fn encode(self) -> [u8; HEAD_BYTES] {
        let mut head = [0; HEAD_BYTES];
        head[..8].copy_from_slice(MAGIC);
        head[8..12].copy_from_slice(&1u32.to_le_bytes());
        head[12..16].copy_from_slice(&(self.tier as u32).to_le_bytes());
        head[16..24].copy_from_slice(&self.number.to_le_bytes());
        head[24..28].copy_from_slice(&self.part.to_le_bytes());
        let sum = crc32c::crc32c(&head[..28]);
        head[28..].copy_from_slice(&sum.to_le_bytes());
        head
    }
}

/// Writes a block's file; it is on the disk, under its name, when this returns. Chunks come in order of series.
pub(crate) fn write<'a>(
    dir: &Path,
    name: BlockName,
    chunks: impl Iterator<Item = (u32, &'a [u8])>,
) -> io::Result<Block> {
    let path = dir.join(name.file_name());
    let new = path.with_extension("new");
    let mut out = BufWriter::new(File::create(&new)?);
    out.write_all(&name.encode())?;
    let mut at = HEAD_BYTES as u64;
    let mut index = Vec::new();
    for (series, chunk) in chunks {
        out.write_all(chunk)?;
        out.write_all(&crc32c::crc32c(chunk).to_le_bytes())?;
        index.push(Entry {
            series,
            at: at as u32,
            bytes: chunk.len() as u32,
        });
        at += (chunk.len() + SUM_BYTES) as u64;
        if at > FILE_BYTES_MAX {
            return Err(io::Error::other("a block of over 4 GiB"));
        }
    }
    let mut entries = Vec::with_capacity(index.len() * ENTRY_BYTES);
    for entry in &index {
        for number in [entry.series, entry.at, entry.bytes] {
            entries.extend(number.to_le_bytes());
        }
    }
    out.write_all(&entries)?;
    out.write_all(&at.to_le_bytes())?;
    out.write_all(&(index.len() as u32).to_le_bytes())?;
    out.write_all(&crc32c::crc32c(&entries).to_le_bytes())?;
    out.write_all(END_MAGIC)?;
    out.into_inner()?.sync_all()?;
    fs::rename(&new, &path)?;
    File::open(dir)?.sync_all()?;
    let file = File::open(&path)?;
    Ok(Block {
        name,
        path,
        file,
        index,
    })
}

impl Block {
    /// Opens a block's file and reads what is where in it.
    ///
    /// # Errors
    /// `InvalidData` when it is not whole, or another's.
    pub(crate) fn open(dir: &Path, name: BlockName) -> io::Result<Block> {
        let path = dir.join(name.file_name());
        let file = File::open(&path)?;
        let bytes = file.metadata()?.len();
        if bytes < (HEAD_BYTES + FOOTER_BYTES) as u64 || bytes > FILE_BYTES_MAX * 2 {
            return Err(damaged("its length"));
        }
        let mut head = [0; HEAD_BYTES];
        file.read_exact_at(&mut head, 0)?;
        if head != name.encode() {
            return Err(damaged("its head"));
        }
        let footer_at = bytes - FOOTER_BYTES as u64;
        let mut footer = [0; FOOTER_BYTES];
        file.read_exact_at(&mut footer, footer_at)?;
        let index_at = u64::from_le_bytes(array(&footer[..8]));
        let entries = u32::from_le_bytes(array(&footer[8..12])) as usize;
        let sum = u32::from_le_bytes(array(&footer[12..16]));
        let fits = index_at.checked_add((entries * ENTRY_BYTES) as u64) == Some(footer_at);
        if footer[16..] != *END_MAGIC || !fits {
            return Err(damaged("its footer"));
        }
        let mut written = vec![0; entries * ENTRY_BYTES];
        file.read_exact_at(&mut written, index_at)?;
        if crc32c::crc32c(&written) != sum {
            return Err(damaged("its index"));
        }
        let entry = |bytes: &[u8]| Entry {
            series: u32::from_le_bytes(array(&bytes[..4])),
            at: u32::from_le_bytes(array(&bytes[4..8])),
            bytes: u32::from_le_bytes(array(&bytes[8..12])),
        };
        let index = written.chunks_exact(ENTRY_BYTES).map(entry).collect();
        Ok(Block {
            name,
            path,
            file,
            index,
        })
    }

    /// Which one it is.
    pub(crate) fn name(&self) -> BlockName {
        self.name
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The chunk of a series; empty when it has none here.
    ///
    /// # Errors
    /// `InvalidData` when it is damaged.
    pub(crate) fn chunk(&self, series: u32) -> io::Result<Vec<u8>> {
        let found = self
            .index
            .binary_search_by_key(&series, |entry| entry.series);
        let Ok(place) = found else {
            return Ok(Vec::new());
        };
        let entry = self.index[place];
        let mut chunk = vec![0; entry.bytes as usize + SUM_BYTES];
        self.file.read_exact_at(&mut chunk, u64::from(entry.at))?;
        let sum = u32::from_le_bytes(array(&chunk[entry.bytes as usize..]));
        chunk.truncate(entry.bytes as usize);
        match crc32c::crc32c(&chunk) == sum {
            true => Ok(chunk),
            false => Err(damaged("a chunk")),
        }
    }
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(bytes);
    array
}

fn damaged(what: &str) -> io::Error {
    let message = format!("{what} is damaged");
    io::Error::new(io::ErrorKind::InvalidData, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: BlockName = BlockName {
        tier: Tier::Minute,
        number: 40_123,
        part: 2,
    };

    #[test]
    fn chunks_are_found_by_their_series() {
        let dir = tempfile::tempdir().unwrap();
        let chunks: Vec<(u32, Vec<u8>)> = (0..500)
            .map(|n| (n * 3, vec![n as u8; n as usize % 50]))
            .collect();
        write(dir.path(), NAME, chunks.iter().map(|(s, c)| (*s, &c[..]))).unwrap();
        let block = Block::open(dir.path(), NAME).unwrap();
        for (series, chunk) in &chunks {
            assert_eq!(block.chunk(*series).unwrap(), *chunk);
            assert!(block.chunk(series + 1).unwrap().is_empty());
        }
    }

    #[test]
    fn no_flipped_bit_and_no_missing_byte_passes() {
        let dir = tempfile::tempdir().unwrap();
        let chunks: [(u32, &[u8]); 2] = [(1, b"one"), (2, b"two")];
        let written = write(dir.path(), NAME, chunks.into_iter()).unwrap();
        let sound = fs::read(written.path()).unwrap();
        let reads_well = || {
            let block = Block::open(dir.path(), NAME)?;
            Ok::<_, io::Error>(block.chunk(1)? == b"one" && block.chunk(2)? == b"two")
        };
        assert!(reads_well().unwrap());
        for bit in 0..sound.len() * 8 {
            let mut flipped = sound.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            fs::write(written.path(), &flipped).unwrap();
            assert!(!matches!(reads_well(), Ok(true)), "bit {bit}");
        }
        for end in 0..sound.len() {
            fs::write(written.path(), &sound[..end]).unwrap();
            assert!(reads_well().is_err(), "{end} bytes");
        }
    }
}
