//! Comments of the IDL as rustdoc: nothing in them becomes a doctest, a broken link or a tag.

use prost_types::FileDescriptorProto;

/// The comment of what `path` names, as its author wrote it.
pub(crate) fn of(file: &FileDescriptorProto, path: &[i32]) -> String {
    let info = file.source_code_info.as_ref();
    let location = info.and_then(|info| info.location.iter().find(|it| it.path == path));
    let Some(location) = location else {
        return String::new();
    };
    let parts = [&location.leading_comments, &location.trailing_comments];
    let parts = parts.into_iter().flatten().map(|part| without_margin(part));
    let text = parts.collect::<Vec<_>>().join("\n\n");
    text.trim_end().to_owned()
}

/// A comment as lines of rustdoc.
pub(crate) fn rustdoc(comment: &str) -> Vec<String> {
    let lines = tame(comment);
    lines.iter().map(|line| line.shown(Urls::Angled)).collect()
}

/// The comments of a file, made harmless in place for prost-build, which angles URLs itself.
pub(crate) fn tame_file(file: &mut FileDescriptorProto) {
    let info = file.source_code_info.as_mut();
    for location in info.into_iter().flat_map(|info| &mut info.location) {
        let parts = [
            &mut location.leading_comments,
            &mut location.trailing_comments,
        ];
        for part in parts.into_iter().flatten() {
            *part = tame(&without_margin(part))
                .into_iter()
                .map(|line| line.shown(Urls::Bare))
                .map(|line| if line.is_empty() { line } else { format!(" {line}") } + "\n")
                .collect();
        }
    }
}

/// A comment without the blank that stands behind `//`.
fn without_margin(comment: &str) -> String {
    let lines = comment.lines().map(|it| it.strip_prefix(' ').unwrap_or(it));
    lines.map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// A line of a comment.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    text: String,
    /// Part of a fenced block, fences included: nothing in it has a meaning.
    is_code: bool,
}

/// Who puts the angles around a bare URL, without which rustdoc warns.
#[derive(Clone, Copy)]
enum Urls {
    Angled,
    Bare,
}

/// The lines of a comment; every code block is fenced and says that it is text.
fn tame(comment: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut block = Block::None;
    let mut after_blank = true;
    for line in comment.lines() {
        let content = line.trim_start();
        let is_fence = content.starts_with("```") || content.starts_with("~~~");
        let is_indented = line.starts_with("    ") || line.starts_with('\t');
        if matches!(block, Block::Indented) && !is_indented && !line.is_empty() {
            close_indented(&mut lines);
            block = Block::None;
        }
        match block {
            Block::Fenced if is_fence => {
                lines.push(code("```"));
                block = Block::None;
            }
            Block::Fenced => lines.push(code(line)),
            Block::Indented => lines.push(code(unindent(line))),
            Block::None if is_fence => {
                lines.push(code("```text"));
                block = Block::Fenced;
            }
            Block::None if is_indented && after_blank => {
                lines.extend([code("```text"), code(unindent(line))]);
                block = Block::Indented;
            }
            Block::None => lines.push(Line {
                text: line.to_owned(),
                is_code: false,
            }),
        }
        after_blank = line.is_empty();
    }
    match block {
        Block::Indented => close_indented(&mut lines),
        Block::Fenced => lines.push(code("```")),
        Block::None => {}
    }
    while lines.last().is_some_and(|line| line.text.is_empty()) {
        lines.pop();
    }
    lines
}

#[derive(Clone, Copy)]
enum Block {
    None,
    Fenced,
    Indented,
}

fn code(text: &str) -> Line {
    Line {
        text: text.to_owned(),
        is_code: true,
    }
}

fn unindent(line: &str) -> &str {
    let line = line.strip_prefix('\t').unwrap_or(line);
    line.strip_prefix("    ").unwrap_or(line)
}

/// Ends an indented block before the blank lines that followed it.
fn close_indented(lines: &mut Vec<Line>) {
    let blank = lines.iter().rev().take_while(|line| line.text.is_empty());
    lines.insert(lines.len() - blank.count(), code("```"));
}

impl Line {
    /// The line with everything escaped that rustdoc would take for a link or a tag, outside of `code`.
    fn shown(&self, urls: Urls) -> String {
        if self.is_code {
            return self.text.clone();
        }
        let mut shown = String::with_capacity(self.text.len());
        for (index, part) in self.text.split('`').enumerate() {
            if index > 0 {
                shown.push('`');
            }
            if index % 2 == 1 {
                shown.push_str(part);
            } else {
                part.split_inclusive(' ')
                    .for_each(|word| show_word(word, urls, &mut shown));
            }
        }
        shown
    }
}

fn show_word(word: &str, urls: Urls, shown: &mut String) {
    let bare = word.trim_matches(['<', '>', ' ']);
    if bare.starts_with("http://") || bare.starts_with("https://") {
        match urls {
            Urls::Angled => shown.extend(["<", bare, ">"]),
            Urls::Bare => shown.push_str(bare),
        }
        if word.ends_with(' ') {
            shown.push(' ');
        }
        return;
    }
    for character in word.chars() {
        if matches!(character, '[' | ']' | '<') {
            shown.push('\\');
        }
        shown.push(character);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_block_becomes_a_doctest() {
        let comment = "Says.\n\n    let x = [1];\n\n    more\n\nThen:\n```rust\nfail()\n```\n";
        let expected = [
            "Says.",
            "",
            "```text",
            "let x = [1];",
            "",
            "more",
            "```",
            "",
            "Then:",
            "```text",
            "fail()",
            "```",
        ];
        assert_eq!(rustdoc(comment), expected);
    }

    #[test]
    fn links_and_tags_are_escaped_outside_of_code() {
        assert_eq!(rustdoc("a [b] `c[d]` <T>"), ["a \\[b\\] `c[d]` \\<T>"]);
        assert_eq!(
            rustdoc("see https://x.y/z now"),
            ["see <https://x.y/z> now"]
        );
    }
}
