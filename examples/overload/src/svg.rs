//! Curves: goodput as a part of the optimum over load, a panel for each chain length, a line for each policy.

use crate::figure::Figure;
use crate::policies::PolicyKind;
use std::fmt::Write;

const PANEL_WIDTH: f64 = 360.0;
const PANEL_HEIGHT: f64 = 230.0;
const MARGIN: f64 = 46.0;
const LEGEND: f64 = 40.0;
const COLUMNS: usize = 2;
/// Loads at which there is a tick.
const TICKS: [f64; 6] = [0.5, 1.0, 2.0, 4.0, 6.0, 10.0];

/// The picture of these figures; those of other experiments than E1 and E2 are left out.
pub fn curves(title: &str, figures: &[Figure]) -> String {
    let curves = |f: &&Figure| f.experiment == "E1" || f.experiment == "E2";
    let figures: Vec<&Figure> = figures.iter().filter(curves).collect();
    let mut chains: Vec<usize> = figures.iter().map(|f| f.chain).collect();
    chains.sort_unstable();
    chains.dedup();
    let rows = chains.len().div_ceil(COLUMNS) as f64;
    let width = COLUMNS as f64 * (PANEL_WIDTH + MARGIN) + MARGIN;
    let height = rows * (PANEL_HEIGHT + MARGIN) + MARGIN + LEGEND;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"sans-serif\" font-size=\"11\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"{MARGIN}\" y=\"22\" font-size=\"14\">{title}</text>\n"
    );
    for (n, chain) in chains.iter().enumerate() {
        let x = MARGIN + (n % COLUMNS) as f64 * (PANEL_WIDTH + MARGIN);
        let y = MARGIN + LEGEND / 2.0 + (n / COLUMNS) as f64 * (PANEL_HEIGHT + MARGIN);
        panel(&mut svg, *chain, (x, y), &figures);
    }
    legend(&mut svg, height - 14.0);
    svg.push_str("</svg>\n");
    svg
}

fn panel(svg: &mut String, chain: usize, (x, y): (f64, f64), figures: &[&Figure]) {
    let calls = if chain == 1 { "call" } else { "calls" };
    // Writing to a string cannot fail.
    let _ = writeln!(
        svg,
        "<text x=\"{x}\" y=\"{}\" font-weight=\"bold\">{chain} {calls} a task</text>",
        y - 6.0
    );
    for tenths in [0, 2, 4, 6, 8, 10] {
        let share = tenths as f64 / 10.0;
        let line_y = at_y(y, share);
        let _ = writeln!(
            svg,
            "<line x1=\"{x}\" x2=\"{}\" y1=\"{line_y:.1}\" y2=\"{line_y:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{} %</text>",
            x + PANEL_WIDTH,
            x - 5.0,
            line_y + 4.0,
            tenths * 10
        );
    }
    for load in TICKS {
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{load}×</text>",
            at_x(x, load),
            y + PANEL_HEIGHT + 14.0
        );
    }
    for policy in PolicyKind::ALL {
        let points = figures
            .iter()
            .filter(|f| f.chain == chain && f.policy == policy.name());
        let points: Vec<String> = points
            .map(|f| format!("{:.1},{:.1}", at_x(x, f.load), at_y(y, f.share())))
            .collect();
        if points.is_empty() {
            continue;
        }
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\"{}/>",
            points.join(" "),
            colour(policy),
            if policy == PolicyKind::Dagor {
                2.5
            } else {
                1.5
            },
            dash(policy)
        );
    }
}

fn legend(svg: &mut String, y: f64) {
    for (n, policy) in PolicyKind::ALL.into_iter().enumerate() {
        let x = MARGIN + n as f64 * 108.0;
        let _ = writeln!(
            svg,
            "<line x1=\"{x}\" x2=\"{}\" y1=\"{y}\" y2=\"{y}\" stroke=\"{}\" stroke-width=\"2.5\"{}/>\
             <text x=\"{}\" y=\"{}\">{}</text>",
            x + 18.0,
            colour(policy),
            dash(policy),
            x + 23.0,
            y + 4.0,
            policy.name()
        );
    }
}

/// Loads on a logarithmic axis.
fn at_x(x: f64, load: f64) -> f64 {
    let (first, last) = (TICKS[0].ln(), TICKS[TICKS.len() - 1].ln());
    x + (load.ln() - first) / (last - first) * PANEL_WIDTH
}

fn at_y(y: f64, share: f64) -> f64 {
    y + PANEL_HEIGHT * (1.0 - share.clamp(0.0, 1.0))
}

fn colour(policy: PolicyKind) -> &'static str {
    match policy {
        PolicyKind::None => "#888888",
        PolicyKind::Fifo => "#e69f00",
        PolicyKind::Random => "#56b4e9",
        PolicyKind::Codel => "#cc79a7",
        PolicyKind::Gradient => "#8c6d31",
        PolicyKind::DagorServer => "#009e73",
        PolicyKind::Dagor => "#d5361e",
    }
}

fn dash(policy: PolicyKind) -> &'static str {
    match policy {
        PolicyKind::DagorServer => " stroke-dasharray=\"5 3\"",
        PolicyKind::None => " stroke-dasharray=\"2 2\"",
        _ => "",
    }
}
