//! The header of a segment as its readers see it, checked.

use super::layout::{
    Geometry, LAYOUT_VERSION, MAGIC, ORDER_MARK, PAGE_BYTES, REGISTRY_BYTES_MAX, SHARDS_MAX,
    SLOTS_MAX, TEXT_BYTES_MAX, text, word,
};
use super::memory::WORD_BYTES;
use super::snapshot::Instance;
use std::fmt;

/// Why bytes are not a segment that this program can read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FormatError {
    /// Shorter than a header, or than its header says.
    Truncated {
        /// Its length in bytes.
        len: u64,
    },
    /// Begins with something else, or was written on a machine of the other byte order.
    NotASegment,
    /// Of a layout that this program does not know.
    Version {
        /// The layout's number.
        found: u64,
    },
    /// Its owner is making it, or died while it did.
    NotReady,
    /// Says of itself what cannot be.
    Damaged {
        /// What.
        what: &'static str,
    },
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FormatError::Truncated { len } => write!(f, "truncated to {len} bytes"),
            FormatError::NotASegment => f.write_str("not a monitor segment"),
            FormatError::Version { found } => {
                write!(f, "layout version {found}, known is {LAYOUT_VERSION}")
            }
            FormatError::NotReady => f.write_str("not ready yet"),
            FormatError::Damaged { what } => write!(f, "damaged: {what}"),
        }
    }
}

impl std::error::Error for FormatError {}

/// A header's values.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) geometry: Geometry,
    pub(super) changes: u64,
    pub(super) registry_used: usize,
    pub(super) slots_used: usize,
    pub(super) shards_used: usize,
    pub(super) instance: Instance,
}

impl Header {
    /// Reads the first page of a file of `file_bytes` bytes.
    pub(super) fn parse(page: &[u8], file_bytes: u64) -> Result<Header, FormatError> {
        let truncated = FormatError::Truncated { len: file_bytes };
        let words = page.chunks_exact(WORD_BYTES);
        let words: Vec<u64> = words
            .map(|chunk| chunk.try_into().map(u64::from_ne_bytes).unwrap_or(0))
            .collect();
        if words.len() < PAGE_BYTES / WORD_BYTES {
            return Err(truncated);
        }
        if page[..MAGIC.len()] != MAGIC || words[word::ORDER_MARK] != ORDER_MARK {
            return Err(FormatError::NotASegment);
        }
        if words[word::LAYOUT_VERSION] != LAYOUT_VERSION {
            let found = words[word::LAYOUT_VERSION];
            return Err(FormatError::Version { found });
        }
        if words[word::READY] != 1 {
            return Err(FormatError::NotReady);
        }
        let geometry = geometry(&words)?;
        if file_bytes < geometry.file_bytes() as u64 {
            return Err(truncated);
        }
        let within = |at: usize, max: usize, what| match usize::try_from(words[at]) {
            Ok(n) if n <= max => Ok(n),
            _ => Err(FormatError::Damaged { what }),
        };
        Ok(Header {
            geometry,
            changes: words[word::CHANGES],
            registry_used: within(
                word::REGISTRY_USED,
                geometry.registry_bytes,
                "length of the registry",
            )?,
            slots_used: within(word::SLOTS_USED, geometry.slots, "number of slots")?,
            shards_used: within(word::SHARDS_USED, geometry.shards, "number of shards")?,
            instance: Instance {
                name: text_at(page, &words, text::INSTANCE)?,
                service: text_at(page, &words, text::SERVICE)?,
                gray: text_at(page, &words, text::GRAY)?,
                version: text_at(page, &words, text::VERSION)?,
                pid: words[word::PID] as u32,
                boot_id: (words[word::BOOT_ID[0]] as u128) << 64 | words[word::BOOT_ID[1]] as u128,
                generation: words[word::GENERATION],
                created_ms: words[word::CREATED_MS],
                opened_ms: words[word::OPENED_MS],
                beats: words[word::BEATS],
                retired: words[word::RETIRED] == 1,
            },
        })
    }
}

fn geometry(words: &[u64]) -> Result<Geometry, FormatError> {
    let size = |at: usize, max: usize| usize::try_from(words[at]).ok().filter(|n| *n <= max);
    let claimed = (|| {
        Some(Geometry {
            registry_bytes: size(word::REGISTRY_BYTES, REGISTRY_BYTES_MAX)?,
            slots: size(word::SLOTS, SLOTS_MAX)?,
            shards: size(word::SHARDS, SHARDS_MAX)?,
        })
    })();
    // What a plan of these sizes would be is what they must be.
    match claimed {
        Some(g)
            if g == Geometry::fitting(g.registry_bytes, g.slots, g.shards)
                && words[word::FILE_BYTES] == g.file_bytes() as u64 =>
        {
            Ok(g)
        }
        _ => Err(FormatError::Damaged { what: "sizes" }),
    }
}

fn text_at(page: &[u8], words: &[u64], at: usize) -> Result<String, FormatError> {
    let begin = (at + 1) * WORD_BYTES;
    let len = usize::try_from(words[at]).ok();
    let bytes = len
        .filter(|len| *len <= TEXT_BYTES_MAX)
        .and_then(|len| page.get(begin..begin + len));
    match bytes.map(std::str::from_utf8) {
        Some(Ok(text)) => Ok(text.to_owned()),
        _ => Err(FormatError::Damaged {
            what: "a text of the header",
        }),
    }
}
