//! Reading a recording, one call at a time.

use super::call::{RecordedCall, RecordedMethod};
use super::format::{
    BLOCK_BYTES_MAX, BLOCK_HEAD_BYTES, EndBlock, HEADER_BYTES, Header, KIND_CALL, KIND_END,
    KIND_METHOD, MAGIC, VERSION, read_block_head, u16_at,
};
use super::recording::Ended;
use bytes::Bytes;
use crc32c::crc32c;
use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::time::Duration;

/// Bytes that are read at once.
const BUFFER_BYTES: usize = 256 * 1024;

/// A recording that is being read, from its beginning to its end.
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    /// Bytes read so far.
    at: u64,
    header: Header,
    methods: BTreeMap<u16, RecordedMethod>,
    end: Option<FileEnd>,
}

/// How a file ends.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileEnd {
    /// As it should.
    Whole {
        /// Why recording ended.
        why: Ended,
        /// Calls in the file.
        recorded: u64,
        /// Calls for which there was no room.
        dropped: u64,
        /// Calls whose bodies were not what the IDL said.
        unreadable: u64,
        /// How long it took.
        lasted: Duration,
    },
    /// Behind the last whole block: whoever recorded was killed, or is still at it.
    Torn {
        /// Bytes up to there.
        at: u64,
    },
}

/// Why a file cannot be read (any further).
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadError {
    /// It cannot be read from here on.
    Io {
        /// Bytes up to there.
        at: u64,
        /// Why.
        source: io::Error,
    },
    /// It does not begin like a recording.
    NotARecording,
    /// It is of another version.
    Version(u16),
    /// What stands at this place is not what was written.
    Damaged {
        /// Bytes before the block that is damaged.
        at: u64,
        /// In what way.
        damage: Damage,
    },
}

/// In what way a file is damaged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Damage {
    /// The checksum of the file's header is wrong.
    Header,
    /// The checksum of a block's head is wrong.
    BlockHead,
    /// The checksum of a block is wrong.
    Block,
    /// A block has this many bytes, more than any may have.
    TooLong(usize),
    /// A block's checksum is right, and this is wrong with it.
    Malformed(&'static str),
}

impl Reader<BufReader<File>> {
    /// Opens a file.
    ///
    /// # Errors
    /// It is not there, or no recording of this version.
    pub fn open(path: impl AsRef<Path>) -> Result<Reader<BufReader<File>>, ReadError> {
        let file = File::open(path).map_err(|source| ReadError::Io { at: 0, source })?;
        Reader::new(BufReader::with_capacity(BUFFER_BYTES, file))
    }
}

impl<R: Read> Reader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// These bytes are no recording of this version.
    pub fn new(mut input: R) -> Result<Reader<R>, ReadError> {
        let mut bytes = [0; HEADER_BYTES];
        let read = read_up_to(&mut input, &mut bytes);
        let read = read.map_err(|source| ReadError::Io { at: 0, source })?;
        if !bytes.starts_with(&MAGIC) {
            return Err(ReadError::NotARecording);
        }
        match u16_at(&bytes, MAGIC.len()) {
            VERSION => {}
            _ if read < HEADER_BYTES => return Err(ReadError::NotARecording),
            other => return Err(ReadError::Version(other)),
        }
        let header = Header::decode(&bytes).ok_or(ReadError::Damaged {
            at: 0,
            damage: Damage::Header,
        })?;
        Ok(Reader {
            input,
            at: HEADER_BYTES as u64,
            header,
            methods: BTreeMap::new(),
            end: None,
        })
    }

    /// Of how many calls the file is a sample, 0 to 1.
    pub fn share(&self) -> f64 {
        self.header.share
    }

    /// When recording began, in microseconds since 1970.
    pub fn started_us(&self) -> u64 {
        self.header.started_us
    }

    /// The methods met so far; those of a call that was read are among them.
    pub fn methods(&self) -> impl Iterator<Item = &RecordedMethod> {
        self.methods.values()
    }

    /// How the file ends; `None` before that was read.
    pub fn end(&self) -> Option<&FileEnd> {
        self.end.as_ref()
    }

    /// The next call; `None` at the end.
    ///
    /// # Errors
    /// See [`ReadError`]. What is torn at the end is no error: see [`Reader::end`].
    pub fn next_call(&mut self) -> Result<Option<RecordedCall>, ReadError> {
        while self.end.is_none() {
            let at = self.at;
            let malformed = |what| ReadError::Damaged {
                at,
                damage: Damage::Malformed(what),
            };
            let Some(block) = self.next_block()? else {
                self.end = Some(FileEnd::Torn { at });
                return Ok(None);
            };
            match block.first() {
                Some(&KIND_CALL) => {
                    let call = RecordedCall::decode(block).map_err(malformed)?;
                    return match self.methods.contains_key(&call.method) {
                        true => Ok(Some(call)),
                        false => Err(malformed("a call is of a method that was not named")),
                    };
                }
                Some(&KIND_METHOD) => {
                    let method = RecordedMethod::decode(&block).map_err(malformed)?;
                    self.methods.insert(method.number, method);
                }
                Some(&KIND_END) => self.end = Some(self.read_end(&block).map_err(malformed)?),
                // Of a later writer that knows more.
                Some(_) => {}
                None => return Err(malformed("a block is empty")),
            }
        }
        Ok(None)
    }

    fn read_end(&mut self, block: &[u8]) -> Result<FileEnd, &'static str> {
        let end = EndBlock::decode(block).ok_or("the end is not as long as it should be")?;
        let why = Ended::of_number(end.why).ok_or("the end has a reason that is none")?;
        let mut more = [0];
        if !matches!(self.input.read(&mut more), Ok(0)) {
            return Err("something stands behind the end");
        }
        Ok(FileEnd::Whole {
            why,
            recorded: end.recorded,
            dropped: end.dropped,
            unreadable: end.unreadable,
            lasted: Duration::from_micros(end.lasted_us),
        })
    }

    /// The next block's own bytes. `None` when it is not there, or not all of it.
    fn next_block(&mut self) -> Result<Option<Bytes>, ReadError> {
        let at = self.at;
        let damaged = |damage| ReadError::Damaged { at, damage };
        let io = |source| ReadError::Io { at, source };
        let mut head = [0; BLOCK_HEAD_BYTES];
        let read = read_up_to(&mut self.input, &mut head).map_err(io)?;
        if read < BLOCK_HEAD_BYTES {
            return Ok(None);
        }
        let Some((length, sum)) = read_block_head(&head) else {
            // What a machine that lost its power leaves of bytes it had not written yet.
            let is_blank =
                head == [0; BLOCK_HEAD_BYTES] && rest_is_zero(&mut self.input).map_err(io)?;
            return if is_blank {
                Ok(None)
            } else {
                Err(damaged(Damage::BlockHead))
            };
        };
        if length > BLOCK_BYTES_MAX {
            return Err(damaged(Damage::TooLong(length)));
        }
        // Memory for what is there, whatever the length says.
        let mut block = Vec::new();
        let whole = (&mut self.input)
            .take(length as u64)
            .read_to_end(&mut block);
        if whole.map_err(io)? < length {
            return Ok(None);
        }
        if crc32c(&block) != sum {
            return Err(damaged(Damage::Block));
        }
        self.at += (BLOCK_HEAD_BYTES + length) as u64;
        Ok(Some(block.into()))
    }
}

/// Fills `bytes` as far as there are any.
fn read_up_to(input: &mut impl Read, bytes: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while read < bytes.len() {
        match input.read(&mut bytes[read..]) {
            Ok(0) => break,
            Ok(n) => read += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

fn rest_is_zero(input: &mut impl Read) -> io::Result<bool> {
    let mut bytes = [0; 4_096];
    loop {
        match read_up_to(input, &mut bytes)? {
            0 => return Ok(true),
            n if bytes[..n].iter().any(|byte| *byte != 0) => return Ok(false),
            _ => {}
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Io { at: 0, .. } => f.write_str("cannot be read"),
            ReadError::Io { at, .. } => write!(f, "cannot be read from byte {at} on"),
            ReadError::NotARecording => f.write_str("is no recording of requests"),
            ReadError::Version(version) => {
                write!(
                    f,
                    "is of version {version}, and only {VERSION} is known here"
                )
            }
            ReadError::Damaged { at, damage } => write!(f, "is damaged at byte {at}: {damage}"),
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Damage::Header => f.write_str("the checksum of the header is wrong"),
            Damage::BlockHead => f.write_str("the checksum of a block's head is wrong"),
            Damage::Block => f.write_str("the checksum of a block is wrong"),
            Damage::TooLong(bytes) => {
                write!(f, "a block has {bytes} bytes, over {BLOCK_BYTES_MAX}")
            }
            Damage::Malformed(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ReadError::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
