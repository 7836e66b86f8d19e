//! A page for a terminal.

use super::{Align, Cell, Doc, Part, Table};
use std::borrow::Cow;

pub(in crate::admin) fn render(doc: &Doc) -> String {
    let mut out = String::new();
    for part in &doc.parts {
        match part {
            Part::Heading(text) => {
                out.push_str(&format!("\n{}\n", printable(text)));
                out.push_str(&format!("{}\n", "-".repeat(text.chars().count())));
            }
            Part::Paragraph(_, text) => put_line(&mut out, &printable(text)),
            Part::Facts(facts) => put_facts(&mut out, facts),
            Part::Table(table) => put_table(&mut out, table),
            // Views for a browser: a terminal has the addresses.
            Part::Line(_) | Part::Figure(_) => {}
            Part::Verbatim(text) => {
                for line in text.lines() {
                    put_line(&mut out, &printable(line));
                }
            }
        }
    }
    out.trim_start_matches('\n').to_owned()
}

/// What is from outside must not move a terminal's cursor.
fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(char::is_control) {
        return Cow::Borrowed(text);
    }
    let escaped = text.chars().flat_map(|c| {
        let (plain, escaped) = match c.is_control() {
            true => (None, Some(c.escape_default())),
            false => (Some(c), None),
        };
        plain.into_iter().chain(escaped.into_iter().flatten())
    });
    Cow::Owned(escaped.collect())
}

fn shown(cell: &Cell) -> String {
    let text = printable(&cell.text);
    format!("{}{text}", "  ".repeat(cell.depth))
}

fn put_facts(out: &mut String, facts: &[(&'static str, Cell)]) {
    let width = facts.iter().map(|(name, _)| name.chars().count()).max();
    let width = width.unwrap_or(0);
    for (name, cell) in facts {
        put_line(out, &format!("{name:<width$}  {}", shown(cell)));
    }
}

fn put_table(out: &mut String, table: &Table) {
    if table.rows.is_empty() {
        return put_line(out, table.empty);
    }
    let rows: Vec<Vec<String>> = table
        .rows
        .iter()
        .map(|row| row.iter().map(shown).collect())
        .collect();
    let titles: Vec<String> = table.columns.iter().map(|c| c.title.to_owned()).collect();
    let widths: Vec<usize> = (0..titles.len())
        .map(|n| {
            let cells = rows.iter().filter_map(|row| row.get(n));
            let cells = cells.chain([&titles[n]]);
            cells.map(|text| text.chars().count()).max().unwrap_or(0)
        })
        .collect();
    for row in [&titles].into_iter().chain(&rows) {
        let mut line = String::new();
        for ((text, width), column) in row.iter().zip(&widths).zip(&table.columns) {
            match column.align {
                Align::Left => line.push_str(&format!("{text:<width$}  ")),
                Align::Right => line.push_str(&format!("{text:>width$}  ")),
            }
        }
        put_line(out, &line);
    }
}

fn put_line(out: &mut String, line: &str) {
    out.push_str(line.trim_end());
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::super::{figures, words};
    use super::*;

    #[test]
    fn columns_are_aligned_and_nothing_moves_the_cursor() {
        let mut table = Table::new([words("name"), figures("calls")], "none");
        let mut doc = Doc::new("x");
        doc.part(Part::Table(Table::new([words("name")], "nothing yet")));
        table.rows.push(vec![Cell::new("a\x1b[2Jb"), 7.into()]);
        table.rows.push(vec![Cell::new("c").depth(1), 1234.into()]);
        doc.part(Part::Table(table));
        let text = "nothing yet\nname         calls\na\\u{1b}[2Jb      7\n  c           1234\n";
        assert_eq!(render(&doc), text);
    }
}
