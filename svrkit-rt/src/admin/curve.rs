//! Curves as SVG, without a script.

use crate::http::Html;

/// Width and height of a curve in a table.
const SMALL: (f32, f32) = (120.0, 22.0);
/// Width and height of a curve on a page of its own.
const LARGE: (f32, f32) = (860.0, 220.0);
/// Room for the figures beside and below it.
const MARGIN: (f32, f32) = (70.0, 22.0);
/// Lines across a large curve.
const STEPS: usize = 4;

/// A line of a curve. Points stand at even distances; one that is not a number is a gap.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) title: &'static str,
    pub(super) points: Vec<f32>,
}

/// A curve in a row of a table. `None` when there are no two points to connect.
pub(super) fn small(points: &[f32]) -> Option<Html> {
    if points.iter().filter(|p| p.is_finite()).count() < 2 {
        return None;
    }
    let mut html = Html::new();
    html.raw("<svg class=\"small\" viewBox=\"0 0 120 22\" width=\"120\" height=\"22\" aria-hidden=\"true\">");
    path(&mut html, points, top(points), "line0", |x, y| {
        (1.0 + x * (SMALL.0 - 2.0), 1.0 + y * (SMALL.1 - 2.0))
    });
    html.raw("</svg>");
    Some(html)
}

/// A curve with figures: `unit` says how a value is written, `span_s` how far back the first point is.
pub(super) fn large(lines: &[Line], unit: impl Fn(f64) -> String, span_s: u64) -> Html {
    let mut html = Html::new();
    let all = lines.iter().flat_map(|line| &line.points);
    let top = round_up(top(&all.copied().collect::<Vec<_>>()));
    html.raw("<figure><svg class=\"large\" viewBox=\"0 0 930 252\" role=\"img\"><title>");
    for line in lines {
        html.text(line.title).raw(" ");
    }
    html.raw("</title>");
    let at = |x: f32, y: f32| (MARGIN.0 + x * LARGE.0, 8.0 + y * LARGE.1);
    for step in 0..=STEPS {
        let share = step as f32 / STEPS as f32;
        let (left, y) = at(0.0, 1.0 - share);
        let (right, _) = at(1.0, 0.0);
        html.raw("<path class=\"grid\" d=\"M").text(left).raw(" ");
        html.text(y).raw("H").text(right).raw("\"/><text x=\"");
        html.text(left - 8.0).raw("\" y=\"").text(y + 4.0);
        html.raw("\" text-anchor=\"end\">");
        html.text(unit(f64::from(top * share))).raw("</text>");
    }
    for (share, anchor) in [(0.0, "start"), (0.5, "middle"), (1.0, "end")] {
        let (x, y) = at(share, 1.0);
        let ago = span_s as f32 * (1.0 - share) / 60.0;
        html.raw("<text x=\"")
            .text(x)
            .raw("\" y=\"")
            .text(y + MARGIN.1 - 4.0);
        html.raw("\" text-anchor=\"").text(anchor).raw("\">");
        match ago {
            0.0 => html.raw("now"),
            ago => html.text(ago).raw(" min ago"),
        };
        html.raw("</text>");
    }
    for (line, class) in lines.iter().zip(["line0", "line1", "line2"]) {
        path(&mut html, &line.points, top, class, at);
    }
    html.raw("</svg>");
    if lines.len() > 1 {
        html.raw("<figcaption>");
        for (line, class) in lines.iter().zip(["line0", "line1", "line2"]) {
            html.raw("<span class=\"").text(class).raw("\">");
            html.text(line.title).raw("</span> ");
        }
        html.raw("</figcaption>");
    }
    html.raw("</figure>");
    html
}

/// When something happened: `begin` and `length` are shares of the whole width.
pub(super) fn bar(begin: f32, length: f32, bad: bool) -> Html {
    const WIDTH: f32 = 240.0;
    let x = begin.clamp(0.0, 1.0) * WIDTH;
    let width = (length * WIDTH).clamp(1.5, (WIDTH - x).max(1.5));
    let mut html = Html::new();
    html.raw("<svg class=\"bar\" viewBox=\"0 0 242 12\" width=\"242\" height=\"12\" aria-hidden=\"true\"><rect x=\"");
    html.text(format_args!("{x:.1}")).raw("\" y=\"1\" width=\"");
    html.text(format_args!("{width:.1}"))
        .raw("\" height=\"10\" rx=\"2\" class=\"");
    html.raw(if bad { "bad" } else { "" }).raw("\"/></svg>");
    html
}

/// `at` says where a point is, of shares of the width and (downwards) of the height.
fn path(
    html: &mut Html,
    points: &[f32],
    top: f32,
    class: &'static str,
    at: impl Fn(f32, f32) -> (f32, f32),
) {
    html.raw("<path class=\"").raw(class).raw("\" d=\"");
    let last = points.len().saturating_sub(1).max(1) as f32;
    let mut pen_down = false;
    for (n, point) in points.iter().enumerate() {
        if !point.is_finite() {
            pen_down = false;
            continue;
        }
        let (x, y) = at(n as f32 / last, 1.0 - (point / top).clamp(0.0, 1.0));
        html.raw(if pen_down { "L" } else { "M" });
        html.text(format_args!("{x:.1} {y:.1}"));
        pen_down = true;
    }
    html.raw("\"/>");
}

/// The largest value, and never nothing: a curve of zeros lies at the bottom.
fn top(points: &[f32]) -> f32 {
    let finite = points.iter().copied().filter(|p| p.is_finite());
    let top = finite.fold(0.0, f32::max);
    if top > 0.0 { top } else { 1.0 }
}

/// The next of 1, 2, 2.5, 5 and 10, at its own scale: so that the lines across have round values.
fn round_up(value: f32) -> f32 {
    let scale = 10_f32.powf(value.log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0];
    let step = steps.into_iter().find(|s| value <= s * scale * 1.000_1);
    step.unwrap_or(10.0) * scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_stay_gaps_and_bounds_are_round() {
        let drawn = small(&[0.0, 10.0, f32::NAN, 5.0, 5.0]).unwrap().finish();
        assert!(
            drawn.contains("d=\"M1.0 21.0L30.5 1.0M89.5 11.0L119.0 11.0\""),
            "{drawn}"
        );
        assert!(small(&[1.0, f32::NAN]).is_none());
        for (value, bound) in [
            (0.7, 1.0),
            (3.0, 5.0),
            (23.0, 25.0),
            (1_000.0, 1_000.0),
            (1_001.0, 2_000.0),
        ] {
            assert!((round_up(value) / bound - 1.0).abs() < 1e-3, "{value}");
        }
    }
}
