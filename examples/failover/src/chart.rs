//! The slowest hundredth of each moment's calls around the faults, as a drawing.

use crate::report::{Moment, Report};
use std::fmt::Write;

/// Seconds before and after the fault.
const FROM_S: f64 = -2.0;
const TO_S: f64 = 8.0;
/// Milliseconds at the bottom and at the top, on a scale of powers of ten.
const LEAST_MS: f64 = 1.0;
const MOST_MS: f64 = 1_000.0;
/// Where the curves are, in pixels.
const LEFT: f64 = 60.0;
const TOP: f64 = 30.0;
const WIDTH: f64 = 680.0;
const HEIGHT: f64 = 240.0;
/// Of the curves, in their order.
const COLOURS: [&str; 4] = ["#c0392b", "#2471a3", "#b9770e", "#1e8449"];

/// One curve for each report.
pub(crate) fn svg(reports: &[Report]) -> String {
    let mut out = String::new();
    let _ = draw(&mut out, reports);
    out
}

fn draw(out: &mut String, reports: &[Report]) -> std::fmt::Result {
    let (width, height) = (LEFT + WIDTH + 20.0, TOP + HEIGHT + 40.0);
    writeln!(
        out,
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12" fill="#333">"##
    )?;
    writeln!(
        out,
        r##"<rect width="{width}" height="{height}" fill="#fff"/>"##
    )?;
    for ms in [1.0, 10.0, 100.0, 1_000.0] {
        let at = y(ms);
        line(out, (LEFT, at), (LEFT + WIDTH, at), "#ddd")?;
        writeln!(
            out,
            r#"<text x="{}" y="{}" text-anchor="end">{ms} ms</text>"#,
            LEFT - 6.0,
            at + 4.0
        )?;
    }
    for s in (FROM_S as i32..=TO_S as i32).step_by(2) {
        let (at, bottom) = (x(f64::from(s)), TOP + HEIGHT);
        writeln!(
            out,
            r#"<text x="{at}" y="{}" text-anchor="middle">{s} s</text>"#,
            bottom + 18.0
        )?;
    }
    line(out, (x(0.0), TOP), (x(0.0), TOP + HEIGHT), "#999")?;
    for (n, (report, colour)) in reports.iter().zip(COLOURS).enumerate() {
        let within = |moment: &&Moment| (FROM_S..=TO_S).contains(&moment.at_s);
        let points = report.moments().iter().filter(within);
        let points: Vec<String> = points
            .map(|moment| format!("{:.1},{:.1}", x(moment.at_s), y(moment.p99_ms)))
            .collect();
        writeln!(
            out,
            r#"<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{}"/>"#,
            points.join(" ")
        )?;
        writeln!(
            out,
            r#"<text x="{}" y="18" fill="{colour}">{}</text>"#,
            LEFT + 90.0 * n as f64,
            report.fault()
        )?;
    }
    out.push_str("</svg>\n");
    Ok(())
}

fn line(out: &mut String, from: (f64, f64), to: (f64, f64), colour: &str) -> std::fmt::Result {
    writeln!(
        out,
        r#"<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="{colour}"/>"#,
        from.0, from.1, to.0, to.1
    )
}

fn x(s: f64) -> f64 {
    LEFT + (s - FROM_S) / (TO_S - FROM_S) * WIDTH
}

fn y(ms: f64) -> f64 {
    let share = (ms.clamp(LEAST_MS, MOST_MS) / LEAST_MS).ln() / (MOST_MS / LEAST_MS).ln();
    TOP + HEIGHT * (1.0 - share)
}
