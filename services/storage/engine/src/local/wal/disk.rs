//! The few things the log asks of a file system, so that a test can put a failing one in its place.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::PathBuf;

/// A directory of the log's own.
pub(crate) trait Disk: Send + Sync {
    /// The names of its files.
    fn list(&self) -> io::Result<Vec<String>>;
    /// All bytes of a file, of which at most `max`.
    fn read(&self, name: &str, max: u64) -> io::Result<Vec<u8>>;
    /// A file that is there, for writing.
    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>>;
    /// A new file of this many zeros, all of them on the disk when it returns.
    fn create(&self, name: &str, bytes: u64) -> io::Result<Box<dyn DiskFile>>;
    /// Renames a file; on the disk when it returns.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file; on the disk some time later.
    fn remove(&self, name: &str) -> io::Result<()>;
}

/// A file that is written at places within its length.
pub(crate) trait DiskFile: Send {
    /// Its length in bytes.
    fn len(&self) -> u64;
    /// Writes all of `bytes` at this place.
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()>;
    /// What was written is on the disk when it returns.
    fn sync(&mut self) -> io::Result<()>;
}

/// A directory of the file system.
pub(crate) struct Directory {
    path: PathBuf,
}

impl Directory {
    /// Made when missing.
    pub(crate) fn open(path: PathBuf) -> io::Result<Directory> {
        fs::create_dir_all(&path)?;
        Ok(Directory { path })
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }
}

impl Disk for Directory {
    fn list(&self) -> io::Result<Vec<String>> {
        let entries = fs::read_dir(&self.path)?;
        let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        names.collect()
    }

    fn read(&self, name: &str, max: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let file = File::open(self.path.join(name))?;
        io::Read::read_to_end(&mut io::Read::take(file, max), &mut bytes)?;
        Ok(bytes)
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let file = OpenOptions::new().write(true).open(self.path.join(name))?;
        let len = file.metadata()?.len();
        let position = 0;
        Ok(Box::new(OpenFile {
            file,
            len,
            position,
        }))
    }

    /// Real zeros, not a hole: a sync after a write in their midst has no new block to note in the file system's journal.
    fn create(&self, name: &str, bytes: u64) -> io::Result<Box<dyn DiskFile>> {
        static ZEROS: [u8; 64 << 10] = [0; 64 << 10];
        let mut file = File::create(self.path.join(name))?;
        let mut left = bytes;
        while left > 0 {
            let part = left.min(ZEROS.len() as u64);
            file.write_all(&ZEROS[..part as usize])?;
            left -= part;
        }
        file.sync_all()?;
        self.sync()?;
        Ok(Box::new(OpenFile {
            file,
            len: bytes,
            position: bytes,
        }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))?;
        self.sync()
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }
}

struct OpenFile {
    file: File,
    len: u64,
    /// Where the next write would go: writes follow each other, so nearly all need no seek.
    position: u64,
}

impl DiskFile for OpenFile {
    fn len(&self) -> u64 {
        self.len
    }

    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        if self.position != at {
            self.file.seek(SeekFrom::Start(at))?;
        }
        // Unknown after a failure; the engine writes no more then.
        self.position = u64::MAX;
        self.file.write_all(bytes)?;
        self.position = at + bytes.len() as u64;
        self.len = self.len.max(self.position);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }
}
