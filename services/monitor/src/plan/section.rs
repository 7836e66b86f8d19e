//! One table of the file, read key by key: every mistake is noted with its place, and reading goes on.

use super::problem::Problems;
use crate::alarms::Labels;
use std::collections::BTreeSet;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Strings, or what they mean, with their places in the file.
pub(crate) type Placed<T> = (T, Range<usize>);

/// Characters of a name: it stands in labels, file names and mail.
const NAME_BYTES_MAX: usize = 100;

pub(crate) struct Section<'a> {
    table: &'a DeTable<'a>,
    /// Where it stands, for what is missing in it.
    span: Range<usize>,
    known: BTreeSet<&'static str>,
}

impl<'a> Section<'a> {
    pub(crate) fn new(table: &'a DeTable<'a>, span: Range<usize>) -> Section<'a> {
        let known = BTreeSet::new();
        Section { table, span, known }
    }

    /// Where it stands.
    pub(crate) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Where this key stands, if it is there.
    pub(crate) fn place(&self, key: &str) -> Option<Range<usize>> {
        let found = self.table.iter().find(|(name, _)| *name.get_ref() == key);
        found.map(|(name, _)| name.span())
    }

    fn get(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.known.insert(key);
        let found = self.table.iter().find(|(name, _)| *name.get_ref() == key);
        found.map(|(_, value)| value)
    }

    /// A string.
    pub(crate) fn text(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<Placed<String>> {
        let value = self.get(key)?;
        match value.get_ref().as_str() {
            Some(text) => Some((text.to_owned(), value.span())),
            None => wrong(value, problems, format!("{key} is a string")),
        }
    }

    /// A string that must be there and say something.
    pub(crate) fn needed_text(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<Placed<String>> {
        if self.place(key).is_none() {
            problems.add(self.span(), format!("{key} is missing"));
        }
        let (text, span) = self.text(key, problems)?;
        if text.trim().is_empty() {
            problems.add(span, format!("{key} is empty"));
            return None;
        }
        Some((text, span))
    }

    /// A name that must be there: letters, digits, `_`, `-`, `.` and `:`.
    pub(crate) fn needed_name(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<Placed<String>> {
        let (name, span) = self.needed_text(key, problems)?;
        let fits = |c: char| c.is_ascii_alphanumeric() || "_-.:".contains(c);
        if !name.chars().all(fits) || name.len() > NAME_BYTES_MAX {
            let what = format!(
                "{key} has at most {NAME_BYTES_MAX} letters, digits, '_', '-', '.' and ':'"
            );
            problems.add(span, what);
            return None;
        }
        Some((name, span))
    }

    /// A finite number.
    pub(crate) fn number(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<Placed<f64>> {
        let value = self.get(key)?;
        let number = match value.get_ref() {
            DeValue::Integer(whole) if whole.radix() == 10 => whole.as_str().parse().ok(),
            DeValue::Float(number) => number.as_str().parse().ok(),
            _ => None,
        };
        match number.filter(|number: &f64| number.is_finite()) {
            Some(number) => Some((number, value.span())),
            None => wrong(value, problems, format!("{key} is a number")),
        }
    }

    /// A whole number between two others.
    pub(crate) fn whole(
        &mut self,
        key: &'static str,
        within: Range<u64>,
        problems: &mut Problems<'_>,
    ) -> Option<Placed<u64>> {
        let value = self.get(key)?;
        let number = match value.get_ref() {
            DeValue::Integer(whole) => u64::from_str_radix(whole.as_str(), whole.radix()).ok(),
            _ => None,
        };
        match number.filter(|number| within.contains(number)) {
            Some(number) => Some((number, value.span())),
            None => {
                let what = format!(
                    "{key} is a whole number from {} to {}",
                    within.start,
                    within.end - 1
                );
                wrong(value, problems, what)
            }
        }
    }

    /// A time as `"90s"`, `"5m"`, `"4h"`, `"1d"`, in seconds.
    pub(crate) fn seconds(
        &mut self,
        key: &'static str,
        max_s: u64,
        problems: &mut Problems<'_>,
    ) -> Option<Placed<u64>> {
        let (text, span) = self.text(key, problems)?;
        match seconds(&text) {
            Some(s) if s <= max_s => Some((s, span)),
            Some(_) => {
                problems.add(span, format!("{key} is at most {}", duration(max_s)));
                None
            }
            None => {
                let what = format!(r#"{key} is a time such as "90s", "5m", "4h" or "1d""#);
                problems.add(span, what);
                None
            }
        }
    }

    /// One of several words.
    pub(crate) fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        choices: &[(&str, T)],
        problems: &mut Problems<'_>,
    ) -> Option<T> {
        let (word, span) = self.text(key, problems)?;
        let found = choices.iter().find(|(name, _)| *name == word);
        if found.is_none() {
            let words: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            problems.add(span, format!("{key} is one of {}", words.join(", ")));
        }
        found.map(|(_, choice)| *choice)
    }

    /// Strings: one, or an array of them.
    pub(crate) fn texts(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Vec<Placed<String>> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let strings: Option<Vec<_>> = match value.get_ref() {
            DeValue::String(text) => Some(vec![(text.to_string(), value.span())]),
            DeValue::Array(values) => {
                let string = |value: &Spanned<DeValue<'_>>| {
                    let text = value.get_ref().as_str()?;
                    Some((text.to_owned(), value.span()))
                };
                values.iter().map(string).collect()
            }
            _ => None,
        };
        let what = || format!("{key} is a string, or an array of them");
        strings.unwrap_or_else(|| wrong(value, problems, what()).unwrap_or_default())
    }

    /// A table of strings.
    pub(crate) fn labels(&mut self, key: &'static str, problems: &mut Problems<'_>) -> Labels {
        let Some(value) = self.get(key) else {
            return Labels::new();
        };
        let Some(table) = value.get_ref().as_table() else {
            return wrong(value, problems, format!("{key} is a table of strings"))
                .unwrap_or_default();
        };
        let mut labels = Labels::new();
        for (name, value) in table {
            match value.get_ref().as_str() {
                Some(text) => drop(labels.insert(name.get_ref().to_string(), text.to_owned())),
                None => problems.add(value.span(), format!("{} is a string", name.get_ref())),
            }
        }
        labels
    }

    /// A table within it.
    pub(crate) fn table(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<Section<'a>> {
        let value = self.get(key)?;
        match value.get_ref().as_table() {
            Some(table) => Some(Section::new(table, value.span())),
            None => wrong(value, problems, format!("{key} is a table")),
        }
    }

    /// The tables under `[[key]]`.
    pub(crate) fn tables(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Vec<Section<'a>> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let tables: Option<Vec<_>> = value.get_ref().as_array().and_then(|values| {
            let section = |value: &'a Spanned<DeValue<'a>>| {
                let table = value.get_ref().as_table()?;
                Some(Section::new(table, value.span()))
            };
            values.iter().map(section).collect()
        });
        let what = || format!("{key} is written as [[{key}]]");
        tables.unwrap_or_else(|| wrong(value, problems, what()).unwrap_or_default())
    }

    /// Ends reading: keys that nobody asked for are mistakes, a slip of the pen must not be a default.
    pub(crate) fn finish(self, problems: &mut Problems<'_>) {
        for name in self
            .table
            .keys()
            .filter(|n| !self.known.contains(n.get_ref().as_ref()))
        {
            let known: Vec<&str> = self.known.iter().copied().collect();
            let what = format!(
                "there is no key {:?} here; there are {}",
                name.get_ref(),
                known.join(", ")
            );
            problems.add(name.span(), what);
        }
    }
}

fn wrong<T>(value: &Spanned<DeValue<'_>>, problems: &mut Problems<'_>, what: String) -> Option<T> {
    problems.add(value.span(), what);
    None
}

fn seconds(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit_s = match &text[digits.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit_s)
}

/// Seconds as the file writes them: `4h`.
fn duration(seconds: u64) -> String {
    let units = [(86_400, 'd'), (3_600, 'h'), (60, 'm')];
    let whole = units
        .iter()
        .find(|(unit_s, _)| seconds >= *unit_s && seconds.is_multiple_of(*unit_s));
    match whole {
        Some((unit_s, unit)) => format!("{}{unit}", seconds / unit_s),
        None => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit() {
        let read = ["90s", "5m", "4h", "1d", "0s"].map(seconds);
        let s = [90, 300, 14_400, 86_400, 0];
        assert_eq!(read, s.map(Some));
        for bad in ["", "5", "m", "1.5h", "-1s", "5 m", "99999999999999999999d"] {
            assert_eq!(seconds(bad), None, "{bad:?}");
        }
        assert_eq!(
            [90, 300, 14_400, 86_400].map(duration),
            ["90s", "5m", "4h", "1d"]
        );
    }
}
