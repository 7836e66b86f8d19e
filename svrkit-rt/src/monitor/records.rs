//! The registry's records as bytes: which metrics there are, and which series with which slots.

use super::kind::Kind;
use std::fmt;

/// Records begin at multiples of it.
pub(super) const RECORD_ALIGN: usize = 8;
/// Bytes of a record before its texts.
const FIXED_BYTES: usize = 16;
const METRIC: u8 = 1;
const SERIES: u8 = 2;

/// One record of the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Record<'a> {
    Metric(MetricRecord<'a>),
    Series(SeriesRecord<'a>),
    /// Of a type that a later program wrote.
    Unknown,
}

/// What is the same for all series of a name. A later record with the same id replaces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MetricRecord<'a> {
    pub(super) id: u16,
    pub(super) kind: Kind,
    pub(super) name: &'a str,
    pub(super) unit: &'a str,
    pub(super) help: &'a str,
}

/// A metric with labels, and the first of its slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SeriesRecord<'a> {
    pub(super) metric: u16,
    pub(super) slot: u32,
    /// As [`encode_labels`] writes them.
    pub(super) labels: &'a [u8],
    pub(super) labels_len: u8,
}

/// The registry's bytes are not what a registry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Corrupt {
    /// Bytes from the begin of the registry.
    pub(super) at: usize,
}

impl fmt::Display for Corrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "registry is damaged at byte {}", self.at)
    }
}

impl std::error::Error for Corrupt {}

/// Labels as a record carries them: of each the lengths of key and value, a byte each, then both.
///
/// The caller has bounded both by 255 bytes.
pub(super) fn encode_labels(labels: &[(&str, &str)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (key, value) in labels {
        out.extend([key.len() as u8, value.len() as u8]);
        out.extend(key.as_bytes());
        out.extend(value.as_bytes());
    }
    out
}

/// The labels of a record, of which [`parse`] has seen that they are whole.
pub(super) fn decode_labels(mut bytes: &[u8], len: u8) -> Option<Vec<(&str, &str)>> {
    let mut labels = Vec::with_capacity(len as usize);
    for _ in 0..len {
        let (lengths, rest) = bytes.split_at_checked(2)?;
        let (key, rest) = rest.split_at_checked(lengths[0] as usize)?;
        let (value, rest) = rest.split_at_checked(lengths[1] as usize)?;
        labels.push((
            std::str::from_utf8(key).ok()?,
            std::str::from_utf8(value).ok()?,
        ));
        bytes = rest;
    }
    Some(labels)
}

impl MetricRecord<'_> {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = vec![0; 4];
        out.extend([METRIC, self.kind as u8]);
        out.extend(self.id.to_ne_bytes());
        out.extend([self.name.len() as u8, self.unit.len() as u8]);
        out.extend((self.help.len() as u16).to_ne_bytes());
        out.resize(FIXED_BYTES, 0);
        for text in [self.name, self.unit, self.help] {
            out.extend(text.as_bytes());
        }
        finish(out)
    }
}

impl SeriesRecord<'_> {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = vec![0; 4];
        out.extend([SERIES, self.labels_len]);
        out.extend(self.metric.to_ne_bytes());
        out.extend(self.slot.to_ne_bytes());
        out.resize(FIXED_BYTES, 0);
        out.extend(self.labels);
        finish(out)
    }
}

fn finish(mut record: Vec<u8>) -> Vec<u8> {
    record.resize(record.len().next_multiple_of(RECORD_ALIGN), 0);
    let len = record.len() as u32;
    record[..4].copy_from_slice(&len.to_ne_bytes());
    record
}

/// The records of a registry, in their order; ends after the first that makes no sense.
pub(super) fn parse(registry: &[u8]) -> impl Iterator<Item = Result<Record<'_>, Corrupt>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = registry.get(at..).filter(|rest| !rest.is_empty())?;
        let record = record_len(rest).and_then(|len| Some((len, parse_record(&rest[..len])?)));
        match record {
            Some((len, record)) => {
                at += len;
                Some(Ok(record))
            }
            None => {
                let corrupt = Corrupt { at };
                at = registry.len();
                Some(Err(corrupt))
            }
        }
    })
}

fn record_len(rest: &[u8]) -> Option<usize> {
    let len = u32::from_ne_bytes(*rest.first_chunk()?) as usize;
    (len >= FIXED_BYTES && len <= rest.len() && len.is_multiple_of(RECORD_ALIGN)).then_some(len)
}

fn parse_record(bytes: &[u8]) -> Option<Record<'_>> {
    let texts = &bytes[FIXED_BYTES..];
    let id = u16::from_ne_bytes([bytes[6], bytes[7]]);
    match bytes[4] {
        METRIC => {
            let (name, rest) = split_text(texts, bytes[8] as usize)?;
            let (unit, rest) = split_text(rest, bytes[9] as usize)?;
            let help_len = u16::from_ne_bytes([bytes[10], bytes[11]]);
            let (help, _) = split_text(rest, help_len as usize)?;
            Some(Record::Metric(MetricRecord {
                id,
                kind: Kind::from_wire(bytes[5])?,
                name,
                unit,
                help,
            }))
        }
        SERIES => {
            let labels_len = bytes[5];
            let labels = decode_labels(texts, labels_len)?;
            let used = labels
                .iter()
                .map(|(key, value)| 2 + key.len() + value.len());
            let used = used.sum();
            Some(Record::Series(SeriesRecord {
                metric: id,
                slot: u32::from_ne_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]),
                labels: &texts[..used],
                labels_len,
            }))
        }
        _ => Some(Record::Unknown),
    }
}

fn split_text(bytes: &[u8], len: usize) -> Option<(&str, &[u8])> {
    let (text, rest) = bytes.split_at_checked(len)?;
    Some((std::str::from_utf8(text).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry() -> Vec<u8> {
        let metric = MetricRecord {
            id: 3,
            kind: Kind::Histogram,
            name: "im_fsync_microseconds",
            unit: "microseconds",
            help: "Time that a commit waits for the disk.",
        };
        let labels = encode_labels(&[("disk", "a"), ("kind", "")]);
        let series = SeriesRecord {
            metric: 3,
            slot: 4096,
            labels: &labels,
            labels_len: 2,
        };
        [metric.encode(), series.encode()].concat()
    }

    #[test]
    fn records_read_back_as_they_were_written() {
        let bytes = registry();
        let records: Vec<Record<'_>> = parse(&bytes).map(Result::unwrap).collect();
        let [Record::Metric(metric), Record::Series(series)] = records[..] else {
            panic!("{records:?}");
        };
        assert_eq!(metric.name, "im_fsync_microseconds");
        assert_eq!(metric.unit, "microseconds");
        assert_eq!(metric.help, "Time that a commit waits for the disk.");
        assert_eq!((series.metric, series.slot), (3, 4096));
        let labels = decode_labels(series.labels, series.labels_len);
        assert_eq!(labels, Some(vec![("disk", "a"), ("kind", "")]));
    }

    #[test]
    fn damage_is_found_and_never_panics() {
        let whole = registry();
        for at in 0..whole.len() {
            for byte in [0, 1, 0x7f, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] = byte;
                let _ = parse(&bytes).count();
            }
            let cut = parse(&whole[..at]).collect::<Result<Vec<_>, _>>();
            assert!(cut.is_err() || at.is_multiple_of(RECORD_ALIGN));
        }
    }

    #[test]
    fn records_of_a_later_program_are_passed_over() {
        let mut bytes = registry();
        bytes[4] = 77;
        let records: Vec<_> = parse(&bytes).map(Result::unwrap).collect();
        assert_eq!(records[0], Record::Unknown);
        assert!(matches!(records[1], Record::Series(_)));
    }
}
