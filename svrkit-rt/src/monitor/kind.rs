//! What a metric may be, and what its name may look like.

use super::histogram;
use std::fmt;

/// Bytes of a metric's name.
pub const NAME_BYTES_MAX: usize = 96;
/// Bytes of a help text; what is longer is cut.
pub const HELP_BYTES_MAX: usize = 512;
/// Labels of a series.
pub const LABELS_MAX: usize = 6;
/// Bytes of a label's key.
pub const LABEL_KEY_BYTES_MAX: usize = 32;
/// Bytes of a label's value; what is longer is cut.
pub const LABEL_VALUE_BYTES_MAX: usize = 128;
/// The label, with value `true`, of the series that counts for those there was no room for.
pub const OVERFLOW_LABEL: &str = "overflow";

/// Endings that OpenMetrics gives a meaning of its own.
const RESERVED_ENDINGS: [&str; 8] = [
    "_total", "_created", "_bucket", "_count", "_sum", "_info", "_gcount", "_gsum",
];

/// How the values of a metric come about, and so how they are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Only grows, and outlives its process: readers look at differences.
    Counter = 1,
    /// A level: goes up and down, and starts at zero with its process.
    Gauge = 2,
    /// The largest value of the last ten to twenty seconds.
    Max = 3,
    /// How often values of which size came: [`crate::monitor::BUCKETS`] buckets and the sum.
    Histogram = 4,
}

impl Kind {
    pub(super) fn from_wire(byte: u8) -> Option<Kind> {
        [Kind::Counter, Kind::Gauge, Kind::Max, Kind::Histogram]
            .into_iter()
            .find(|kind| *kind as u8 == byte)
    }

    /// Slots that a series of this kind takes.
    pub(super) const fn slots(self) -> usize {
        match self {
            Kind::Counter | Kind::Gauge => 1,
            Kind::Max => 2,
            Kind::Histogram => histogram::SLOTS,
        }
    }

    /// In lower case.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Max => "max",
            Kind::Histogram => "histogram",
        }
    }
}

/// Why a name, unit or label cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameError {
    /// Not snake case of `a-z`, `0-9` and `_` beginning with a letter, or over [`NAME_BYTES_MAX`].
    Malformed(String),
    /// Ends as only OpenMetrics itself may end a name.
    Reserved(String),
    /// Does not end in its unit.
    UnitMissing {
        /// The metric.
        name: String,
        /// What it should end in.
        unit: String,
    },
    /// Over [`LABELS_MAX`].
    TooManyLabels(usize),
    /// Not snake case, over [`LABEL_KEY_BYTES_MAX`], given twice, or `le`, `quantile` or [`OVERFLOW_LABEL`].
    Label(String),
    /// Another handle of this process has the name with another kind.
    KindTaken {
        /// The metric.
        name: String,
        /// What it is.
        kind: Kind,
    },
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameError::Malformed(name) => write!(f, "{name:?} is no snake-case name"),
            NameError::Reserved(name) => write!(f, "{name} has an ending that OpenMetrics adds"),
            NameError::UnitMissing { name, unit } => {
                write!(f, "{name} does not end in its unit _{unit}")
            }
            NameError::TooManyLabels(n) => write!(f, "{n} labels, over {LABELS_MAX}"),
            NameError::Label(key) => write!(f, "{key:?} cannot be a label"),
            NameError::KindTaken { name, kind } => write!(f, "{name} is a {}", kind.name()),
        }
    }
}

impl std::error::Error for NameError {}

/// Checks the name and unit of a metric.
pub(super) fn check_metric(name: &str, unit: &str) -> Result<(), NameError> {
    if !is_snake_case(name, NAME_BYTES_MAX) {
        return Err(NameError::Malformed(name.to_owned()));
    }
    if RESERVED_ENDINGS.iter().any(|ending| name.ends_with(ending)) {
        return Err(NameError::Reserved(name.to_owned()));
    }
    if !has_unit(name, unit) {
        return Err(NameError::UnitMissing {
            name: name.to_owned(),
            unit: unit.to_owned(),
        });
    }
    Ok(())
}

/// Checks the labels of a series, sorted by key.
pub(super) fn check_labels(labels: &[(&str, &str)]) -> Result<(), NameError> {
    if labels.len() > LABELS_MAX {
        return Err(NameError::TooManyLabels(labels.len()));
    }
    for (n, (key, _)) in labels.iter().enumerate() {
        let taken = ["le", "quantile", OVERFLOW_LABEL].contains(key);
        let twice = n > 0 && labels[n - 1].0 == *key;
        if taken || twice || !is_snake_case(key, LABEL_KEY_BYTES_MAX) {
            return Err(NameError::Label((*key).to_owned()));
        }
    }
    Ok(())
}

/// As [`check_metric`], when the program is compiled.
///
/// # Panics
/// When the name or the unit cannot be had, which ends the compilation.
pub(super) const fn assert_metric(name: &str, unit: &str) {
    assert!(
        is_snake_case(name, NAME_BYTES_MAX),
        "a metric's name is snake case"
    );
    assert!(has_unit(name, unit), "a metric's name ends in its unit");
    let mut n = 0;
    while n < RESERVED_ENDINGS.len() {
        assert!(
            !ends_with(name.as_bytes(), RESERVED_ENDINGS[n].as_bytes()),
            "a metric's name has an ending that OpenMetrics adds"
        );
        n += 1;
    }
}

const fn is_snake_case(name: &str, bytes_max: usize) -> bool {
    let bytes = name.as_bytes();
    if bytes.is_empty() || bytes.len() > bytes_max || !bytes[0].is_ascii_lowercase() {
        return false;
    }
    let mut n = 1;
    while n < bytes.len() {
        let byte = bytes[n];
        let doubled = byte == b'_' && (bytes[n - 1] == b'_' || n + 1 == bytes.len());
        if doubled || !(byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_') {
            return false;
        }
        n += 1;
    }
    true
}

const fn has_unit(name: &str, unit: &str) -> bool {
    let (name, unit) = (name.as_bytes(), unit.as_bytes());
    unit.is_empty()
        || name.len() > unit.len()
            && ends_with(name, unit)
            && name[name.len() - unit.len() - 1] == b'_'
}

const fn ends_with(text: &[u8], ending: &[u8]) -> bool {
    if text.len() < ending.len() {
        return false;
    }
    let mut n = 0;
    while n < ending.len() {
        if text[text.len() - ending.len() + n] != ending[n] {
            return false;
        }
        n += 1;
    }
    true
}

/// `text` without what is over `bytes_max`, cut between characters.
pub(super) fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_snake_case_and_end_in_their_unit() {
        let good = [
            ("im_sent_messages", ""),
            ("im_sent_messages", "messages"),
            ("a", ""),
        ];
        for (name, unit) in good {
            assert_eq!(check_metric(name, unit), Ok(()));
            assert_metric(name, unit);
        }
        let bad = [
            ("", ""),
            ("Sent", ""),
            ("1st", ""),
            ("a__b", ""),
            ("a_", ""),
            ("_a", ""),
            ("a-b", ""),
            ("naïve", ""),
            ("sent_total", ""),
            ("wait_seconds", "bytes"),
            ("bytes", "bytes"),
            ("megabytes", "bytes"),
        ];
        for (name, unit) in bad {
            assert!(check_metric(name, unit).is_err(), "{name} {unit}");
            assert!(std::panic::catch_unwind(|| assert_metric(name, unit)).is_err());
        }
    }

    #[test]
    fn labels_are_few_and_not_those_that_mean_something() {
        assert_eq!(check_labels(&[("code", "ok"), ("method", "Send")]), Ok(()));
        for key in ["le", "quantile", "overflow", "Code", "", "__name"] {
            assert!(check_labels(&[(key, "")]).is_err(), "{key}");
        }
        assert!(check_labels(&[("a", "1"), ("a", "2")]).is_err());
        let many = ["a", "b", "c", "d", "e", "f", "g"].map(|key| (key, ""));
        assert_eq!(check_labels(&many), Err(NameError::TooManyLabels(7)));
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut("häuser", 2), "h");
        assert_eq!(cut("ab", 5), "ab");
    }
}
