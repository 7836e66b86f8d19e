//! Where things stand in the source: descriptor path → file, line, column.

use std::collections::HashMap;

use prost_types::FileDescriptorProto;

use crate::diagnostic::Diagnostic;

/// Start and end of something, lines and columns counted from 0.
#[derive(Clone, Copy, Debug)]
struct Span {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

/// The places of all files that were read.
#[derive(Debug, Default)]
pub(crate) struct Places {
    files: HashMap<String, FilePlaces>,
}

#[derive(Debug)]
struct FilePlaces {
    shown: String,
    text: String,
    spans: HashMap<Vec<i32>, Span>,
}

/// Where one thing stands. Lines and columns are counted from 1; 0 means the whole file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) file: String,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

impl Place {
    /// A mistake at this place.
    pub(crate) fn says(self, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            file: self.file,
            line: self.line,
            column: self.column,
            message: message.into(),
        }
    }
}

impl Places {
    /// Learns the places of `file`, which is `text` and is called `shown` in diagnostics.
    pub(crate) fn add(&mut self, file: &FileDescriptorProto, shown: String, text: String) {
        let mut spans = HashMap::new();
        for location in file.source_code_info.iter().flat_map(|info| &info.location) {
            if let Some(span) = Span::new(&location.span) {
                // Several statements may set parts of one option: the first stands for it.
                spans.entry(location.path.clone()).or_insert(span);
            }
        }
        self.files
            .insert(file.name().to_owned(), FilePlaces { shown, text, spans });
    }

    /// The place of what `path` names, or of the nearest thing around it.
    pub(crate) fn of(&self, file: &str, path: &[i32]) -> Place {
        let Some(places) = self.files.get(file) else {
            return whole_file(file);
        };
        let span = (0..=path.len())
            .rev()
            .filter(|&length| length > 0)
            .find_map(|length| places.spans.get(&path[..length]));
        match span {
            Some(span) => places.at(span.line, span.column),
            None => whole_file(&places.shown),
        }
    }

    /// The place of the name of a message, field, service or method.
    pub(crate) fn of_name(&self, file: &str, path: &[i32]) -> Place {
        self.of(file, &[path, &[1]].concat())
    }

    /// The place where the option `extension` of what `owner` names sets `fields` (number and name, outermost first), else of the
    /// nearest thing around it. `owner` ends with the number of its field `options`.
    ///
    /// Source info knows statements (`option (svrkit.method).timeout_ms = 1;`) but not what stands inside braces; there the names
    /// are looked for in the text.
    pub(crate) fn of_option(
        &self,
        file: &str,
        owner: &[i32],
        extension: i32,
        fields: &[(i32, &str)],
    ) -> Option<Place> {
        let places = self.files.get(file)?;
        let mut path = [owner, &[extension]].concat();
        path.extend(fields.iter().map(|(number, _)| number));
        for known in (0..=fields.len()).rev() {
            let Some(span) = places.spans.get(&path[..owner.len() + 1 + known]) else {
                continue;
            };
            let mut offset = places.offset(span.line, span.column);
            let end = places.offset(span.end_line, span.end_column);
            let start = offset;
            for (_, name) in &fields[known..] {
                let found = words(&places.text[offset..end])
                    .find(|word| word.text == *name && word.start > 0)?;
                offset += found.start;
            }
            return Some(if offset == start {
                places.at(span.line, span.column)
            } else {
                places.at_offset(offset)
            });
        }
        None
    }
}

impl FilePlaces {
    fn at(&self, line: usize, column: usize) -> Place {
        Place {
            file: self.shown.clone(),
            line: line as u32 + 1,
            column: column as u32 + 1,
        }
    }

    fn at_offset(&self, offset: usize) -> Place {
        let (line, column) = line_and_column(&self.text, offset);
        self.at(line, column)
    }

    fn offset(&self, line: usize, column: usize) -> usize {
        let start: usize = self
            .text
            .split_inclusive('\n')
            .take(line)
            .map(str::len)
            .sum();
        let offset = (start + column).min(self.text.len());
        (0..=offset)
            .rev()
            .find(|&offset| self.text.is_char_boundary(offset))
            .unwrap_or(0)
    }
}

impl Span {
    fn new(span: &[i32]) -> Option<Span> {
        let (line, column, end_line, end_column) = match *span {
            [line, column, end_column] => (line, column, line, end_column),
            [line, column, end_line, end_column] => (line, column, end_line, end_column),
            _ => return None,
        };
        Some(Span {
            line: usize::try_from(line).ok()?,
            column: usize::try_from(column).ok()?,
            end_line: usize::try_from(end_line).ok()?,
            end_column: usize::try_from(end_column).ok()?,
        })
    }
}

/// A file without any known place in it.
pub(crate) fn whole_file(shown: &str) -> Place {
    Place {
        file: shown.to_owned(),
        line: 0,
        column: 0,
    }
}

/// Line and column of a byte offset, counted from 0.
pub(crate) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = &text.as_bytes()[..offset.min(text.len())];
    let line = before.iter().filter(|&&byte| byte == b'\n').count();
    let column = before
        .iter()
        .rev()
        .take_while(|&&byte| byte != b'\n')
        .count();
    (line, column)
}

/// An identifier and the byte where it begins.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Word<'a> {
    pub(crate) text: &'a str,
    pub(crate) start: usize,
}

/// The identifiers of `text`, without those in strings and comments.
pub(crate) fn words(text: &str) -> impl Iterator<Item = Word<'_>> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            let rest = &text[at..];
            if rest.starts_with("//") || rest.starts_with('#') {
                at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                at += rest.find("*/").map_or(rest.len(), |end| end + 2);
            } else if bytes[at] == b'"' || bytes[at] == b'\'' {
                at = string_end(bytes, at);
            } else if bytes[at].is_ascii_alphanumeric() || bytes[at] == b'_' {
                let start = at;
                while at < bytes.len() && (bytes[at].is_ascii_alphanumeric() || bytes[at] == b'_') {
                    at += 1;
                }
                let text = &text[start..at];
                return Some(Word { text, start });
            } else {
                at += rest.chars().next().map_or(1, char::len_utf8);
            }
        }
        None
    })
}

fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() && bytes[at] != bytes[start] {
        // An escaped byte cannot end the string; what it escapes to does not matter here.
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    // The text is cut at characters later on: a quote is one byte, so this stays on a boundary.
    (at + 1).min(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_skip_strings_and_comments() {
        let text = "a: \"b \\\" c\" // d\n e { /* f */ g: 'h' } # i\n é j1";
        let found: Vec<&str> = words(text).map(|word| word.text).collect();
        assert_eq!(found, ["a", "e", "g", "j1"]);
    }
}
