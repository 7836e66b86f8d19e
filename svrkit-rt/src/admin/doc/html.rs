//! A page for a browser: no script, one stylesheet.

use super::{Align, Cell, Column, Doc, Part, Table, Tone};
use crate::http::Html;

/// What stands around every page.
#[derive(Debug)]
pub(in crate::admin) struct Frame<'a> {
    /// Whose pages these are.
    pub(in crate::admin) service: &'a str,
    /// Said at the foot: version, process, age.
    pub(in crate::admin) process: String,
    /// Path and name of each page.
    pub(in crate::admin) pages: &'a [(&'static str, &'static str)],
    /// The path of this one.
    pub(in crate::admin) path: &'a str,
}

pub(in crate::admin) fn render(doc: &Doc, frame: &Frame<'_>) -> String {
    let mut html = Html::new();
    html.raw("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">")
        .raw("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">")
        .raw("<meta name=\"color-scheme\" content=\"light dark\">");
    if doc.refresh_s > 0 {
        html.raw("<meta http-equiv=\"refresh\" content=\"");
        html.text(doc.refresh_s).raw("\">");
    }
    html.raw("<link rel=\"stylesheet\" href=\"/style.css\"><title>");
    html.text(doc.title).raw(" · ").text(frame.service);
    html.raw("</title></head><body><header><a class=\"service\" href=\"/\">");
    html.text(frame.service).raw("</a><nav>");
    for (path, name) in frame.pages {
        html.raw("<a href=\"").text(path);
        html.raw(if *path == frame.path {
            "\" aria-current=\"page\">"
        } else {
            "\">"
        });
        html.text(name).raw("</a>");
    }
    html.raw("</nav></header><main><h1>");
    html.text(doc.title).raw("</h1>");
    for part in &doc.parts {
        put(&mut html, part);
    }
    html.raw("</main><footer>").text(&frame.process);
    html.raw("</footer></body></html>");
    html.finish()
}

fn put(html: &mut Html, part: &Part) {
    match part {
        Part::Heading(text) => drop(html.raw("<h2>").text(text).raw("</h2>")),
        Part::Paragraph(tone, text) => {
            html.raw("<p class=\"").raw(class(*tone)).raw("\">");
            html.text(text).raw("</p>");
        }
        Part::Facts(facts) => {
            html.raw("<dl>");
            for (name, cell) in facts {
                html.raw("<div><dt>").text(name).raw("</dt><dd>");
                put_cell(html, cell);
                html.raw("</dd></div>");
            }
            html.raw("</dl>");
        }
        Part::Table(table) if table.rows.is_empty() => {
            html.raw("<p class=\"dim\">").text(table.empty).raw("</p>");
        }
        Part::Table(table) => put_table(html, table),
        Part::Line(cells) => {
            html.raw("<p class=\"line\">");
            for cell in cells {
                put_cell(html, cell);
                html.raw(" ");
            }
            html.raw("</p>");
        }
        Part::Figure(figure) => drop(html.append(figure)),
        Part::Verbatim(text) => drop(html.raw("<pre>").text(text).raw("</pre>")),
    }
}

fn put_table(html: &mut Html, table: &Table) {
    // Wide tables scroll by themselves, so the page does not.
    html.raw("<div class=\"wide\"><table><thead><tr>");
    for column in &table.columns {
        html.raw("<th scope=\"col\"").raw(align(column)).raw(">");
        html.text(column.title).raw("</th>");
    }
    html.raw("</tr></thead><tbody>");
    for row in &table.rows {
        html.raw("<tr>");
        for (cell, column) in row.iter().zip(&table.columns) {
            html.raw("<td").raw(align(column)).raw(">");
            for _ in 0..cell.depth {
                html.raw("<span class=\"step\"></span>");
            }
            put_cell(html, cell);
            html.raw("</td>");
        }
        html.raw("</tr>");
    }
    html.raw("</tbody></table></div>");
}

fn align(column: &Column) -> &'static str {
    match column.align {
        Align::Left => "",
        Align::Right => " class=\"figure\"",
    }
}

fn put_cell(html: &mut Html, cell: &Cell) {
    match &cell.link {
        Some(link) => drop(html.raw("<a href=\"").text(link).raw("\" class=\"")),
        None => drop(html.raw("<span class=\"")),
    }
    html.raw(class(cell.tone)).raw("\">");
    match cell.tone {
        Tone::Code => put_code(html, &cell.text),
        _ => drop(html.text(&cell.text)),
    }
    html.raw(match &cell.link {
        Some(_) => "</a>",
        None => "</span>",
    });
    if let Some(drawing) = &cell.drawing {
        html.append(drawing);
    }
}

/// A name that may be broken where its parts end, and nowhere else.
fn put_code(html: &mut Html, code: &str) {
    for part in code.split_inclusive(['/', '.', '{', ',']) {
        html.text(part).raw("<wbr>");
    }
}

fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "",
        Tone::Dim => "dim",
        Tone::Bad => "bad",
        Tone::Code => "code",
    }
}
