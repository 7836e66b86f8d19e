//! A flame graph (after Brendan Gregg) that hangs down, drawn without a script: a click asks for the same profile from there on.

use super::tree::Node;
use crate::admin::links::link;
use crate::http::Html;

/// Of the drawing.
const WIDTH: f64 = 1200.0;
/// Of a function.
const ROW: usize = 18;
/// Functions below each other that are drawn.
const ROWS_MAX: usize = 96;
/// Widths below which nothing can be seen.
const WIDTH_MIN: f64 = 1.0;
/// Of a letter, about.
const LETTER: f64 = 6.6;
/// Classes of colours.
const COLOURS: [&str; 6] = ["f0", "f1", "f2", "f3", "f4", "f5"];

/// Draws what is below `root`, which is at `path` of the whole.
pub(in crate::admin) fn draw(root: &Node, path: &str) -> Html {
    let mut rects = Html::new();
    let mut rows = 0;
    let mut waiting = vec![(root, path.to_owned(), 0.0, 0)];
    while let Some((node, path, x, row)) = waiting.pop() {
        rows = rows.max(row + 1);
        let width = |node: &Node| node.count as f64 / root.count.max(1) as f64 * WIDTH;
        put(&mut rects, node, &path, (x, width(node), row), root.count);
        let mut x = x;
        for (n, below) in node.below.iter().enumerate() {
            let width = width(below);
            if width >= WIDTH_MIN && row + 1 < ROWS_MAX {
                let step = if path.is_empty() { "" } else { "." };
                waiting.push((below, format!("{path}{step}{n}"), x, row + 1));
            }
            x += width;
        }
    }
    let mut html = Html::new();
    html.raw("<figure><svg class=\"flame\" viewBox=\"0 0 1200 ");
    html.text(rows * ROW).raw("\" width=\"1200\" height=\"");
    html.text(rows * ROW)
        .raw("\" role=\"img\" aria-label=\"flame graph\">");
    html.append(&rects).raw("</svg></figure>");
    html
}

fn put(html: &mut Html, node: &Node, path: &str, place: (f64, f64, usize), whole: u64) {
    let (x, width, row) = place;
    let y = row * ROW;
    let share = node.count as f64 / whole.max(1) as f64 * 100.0;
    html.raw("<a href=\"")
        .text(link("/hotspots", &[("focus", path)]));
    html.raw("\"><title>").text(&node.name).raw(": ");
    html.text(format_args!("{} looks, {share:.1} %", node.count));
    html.raw("</title><rect class=\"").raw(colour(&node.name));
    html.raw("\" x=\"").text(format_args!("{x:.1}"));
    html.raw("\" y=\"").text(y).raw("\" width=\"");
    html.text(format_args!("{:.1}", (width - 0.5).max(0.5)));
    html.raw("\" height=\"17\" rx=\"2\"/>");
    let letters = ((width - 6.0) / LETTER).max(0.0) as usize;
    if letters >= 3 {
        html.raw("<text x=\"").text(format_args!("{:.1}", x + 3.0));
        html.raw("\" y=\"").text(y + 13).raw("\">");
        html.text(label(&node.name, letters)).raw("</text>");
    }
    html.raw("</a>");
}

/// A name that fits: its end says more than its beginning.
fn label(name: &str, letters: usize) -> String {
    let count = name.chars().count();
    match count <= letters {
        true => name.to_owned(),
        false => {
            let end = name.chars().skip(count - (letters - 1));
            ['…'].into_iter().chain(end).collect()
        }
    }
}

/// Functions of a crate look alike.
fn colour(name: &str) -> &'static str {
    let start = name.trim_start_matches(['<', '&']);
    let of = start.split(':').next().unwrap_or_default();
    let hash = of
        .bytes()
        .fold(7_usize, |hash, b| hash * 31 % 8_191 + b as usize);
    COLOURS[hash % COLOURS.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::profile::stacks::Profile;
    use std::time::Duration;

    #[test]
    fn what_is_seen_is_drawn_and_names_are_text() {
        let stack = |names: [&str; 2], count| (names.map(str::to_owned).to_vec(), count);
        let profile = Profile {
            stacks: vec![
                stack(["t", "<script>::run"], 9_000),
                stack(["t", "tiny"], 1),
            ],
            length: Duration::ZERO,
            began_us: 0,
            frequency_hz: 99,
        };
        let drawn = draw(&Node::of(&profile), "").finish();
        assert!(
            drawn.contains("&lt;script&gt;::run: 9000 looks, 100.0 %"),
            "{drawn}"
        );
        assert!(
            !drawn.contains("<script") && !drawn.contains("tiny"),
            "{drawn}"
        );
        assert!(drawn.contains("href=\"/hotspots?focus=0.0\""), "{drawn}");
        assert_eq!(label("abcdef", 6), "abcdef");
        assert_eq!(label("abcdef", 4), "…def");
    }
}
