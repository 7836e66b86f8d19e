//! The daily mail as HTML: tables and inline styles, which is what mail programs show. Names come from whoever reports; all are escaped.

use super::figures::{DailyFigures, Figure};
use super::number::{change, number};
use super::subjects::OfDay;
use std::fmt::Write;

const FONT: &str = "font-family:system-ui,-apple-system,'Segoe UI',sans-serif;color:#1d2733";
const SMALL: &str = "font-size:12px;color:#66707c";
const CELL: &str = "padding:6px 10px;border-bottom:1px solid #e4e8ec;text-align:right";
const NAME: &str = "padding:6px 10px;border-bottom:1px solid #e4e8ec;text-align:left";
const TABLE: &str = "border-collapse:collapse;font-size:14px;width:640px;max-width:100%";

/// Shows the curve of each figure as the picture of [`picture_name`].
pub(super) fn html(daily: &DailyFigures, page: &str) -> String {
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{date}</title></head>\
         <body style=\"margin:0;padding:24px;background:#ffffff;{FONT}\">\
         <h1 style=\"font-size:20px;margin:0 0 4px\">{date}</h1>\
         <p style=\"margin:0 0 16px;{SMALL}\">{zone}, against the same day a week before</p>",
        date = daily.date,
        zone = escape(&daily.zone.to_string()),
    );
    let _ = write!(html, "<table style=\"{TABLE}\">");
    row(
        &mut html,
        "th",
        ["", "yesterday", "a week before", "change"],
    );
    for figure in &daily.figures {
        let (day, before) = (number(figure.day), number(figure.week_before));
        let change = change(figure.day, figure.week_before);
        row(&mut html, "td", [figure.title, &day, &before, &change]);
    }
    html.push_str("</table>");
    for (place, figure) in daily.figures.iter().enumerate() {
        curve(&mut html, place, figure);
    }
    html.push_str("<h2 style=\"font-size:16px;margin:28px 0 8px\">What failed most</h2>");
    if daily.errors.is_empty() {
        let _ = write!(html, "<p style=\"{SMALL}\">Nothing.</p>");
    } else {
        let _ = write!(html, "<table style=\"{TABLE}\">");
        row(&mut html, "th", ["", "code", "yesterday", "a week before"]);
        for error in &daily.errors {
            let name = format!("{} {}", error.service, error.method);
            let (day, before) = (number(Some(error.day)), number(Some(error.week_before)));
            row(&mut html, "td", [&name, &error.code, &day, &before]);
        }
        html.push_str("</table>");
    }
    let page = escape(page);
    let _ = write!(
        html,
        "<p style=\"margin:24px 0 0;{SMALL}\"><a href=\"{page}\" style=\"color:#1565c0\">{page}</a></p></body></html>"
    );
    html
}

/// What the mail calls a figure's curve.
pub(super) fn picture_name(place: usize) -> String {
    format!("curve-{place}@im")
}

fn row(html: &mut String, kind: &str, cells: [&str; 4]) {
    html.push_str("<tr>");
    for (place, cell) in cells.iter().enumerate() {
        let style = if place == 0 { NAME } else { CELL };
        let _ = write!(html, "<{kind} style=\"{style}\">{}</{kind}>", escape(cell));
    }
    html.push_str("</tr>");
}

fn curve(html: &mut String, place: usize, figure: &Figure) {
    let all = figure.curve.iter().chain(&figure.curve_before);
    let top = all.flatten().copied().reduce(f64::max);
    let _ = write!(
        html,
        "<h2 style=\"font-size:15px;margin:28px 0 2px\">{title}</h2>\
         <p style=\"margin:0 0 4px;{SMALL}\">0:00 to 24:00, up to {top}{of}; \
         <span style=\"color:#1565c0\">yesterday</span>, <span style=\"color:#9aa4ae\">a week before</span></p>\
         <img src=\"cid:{name}\" width=\"{width}\" height=\"{height}\" alt=\"{title}\" style=\"display:block;max-width:100%;height:auto\">",
        title = escape(figure.title),
        top = number(top),
        of = match figure.how {
            OfDay::Total => " in a quarter of an hour",
            OfDay::Peak => "",
        },
        name = picture_name(place),
        width = super::chart::SHOWN_WIDTH,
        height = super::chart::SHOWN_HEIGHT,
    );
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}
