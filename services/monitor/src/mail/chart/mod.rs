//! A day's curve as a PNG: mail programs show those, and no SVG.

mod canvas;
mod picture;

use canvas::{Canvas, Color};

/// How wide it is shown.
pub(super) const SHOWN_WIDTH: u32 = 640;
/// How high it is shown.
pub(super) const SHOWN_HEIGHT: u32 = 120;
/// Pixels of the picture for one where it is shown: screens have more of them than they say.
const SCALE: u32 = 2;
const WIDTH: u32 = SHOWN_WIDTH * SCALE;
const HEIGHT: u32 = SHOWN_HEIGHT * SCALE;

const PAPER: Color = [255, 255, 255];
const GRID: Color = [228, 232, 236];
const BEFORE: Color = [154, 164, 174];
const DAY: Color = [21, 101, 192];
const UNDER_DAY: Color = [227, 239, 252];

/// Lines across that divide the day: every six hours.
const DIVISIONS: u32 = 4;
/// Lines up, of which the highest is the greatest figure.
const LEVELS: u32 = 2;

/// Two curves over the same hours.
#[derive(Clone, Copy, Debug)]
pub struct Curve<'a> {
    /// The day.
    pub day: &'a [Option<f64>],
    /// The one that it is held against.
    pub before: &'a [Option<f64>],
}

/// The picture, a PNG file. The axis begins at zero, and a gap in the figures is a gap in the line.
pub fn chart(curve: &Curve<'_>) -> Vec<u8> {
    let mut canvas = Canvas::new(WIDTH, HEIGHT, PAPER);
    let all = curve.day.iter().chain(curve.before).flatten();
    let top = all.copied().fold(0.0, f64::max);
    let height = f64::from(HEIGHT) - 4.0;
    let y = |value: f64| 2.0 + height * (1.0 - if top > 0.0 { value.max(0.0) / top } else { 0.0 });
    let lines = lines(curve.day, y);
    for line in &lines {
        canvas.fill_under(line, UNDER_DAY);
    }
    for division in 0..=DIVISIONS {
        let x = f64::from(WIDTH) * f64::from(division) / f64::from(DIVISIONS);
        canvas.line((x, 0.0), (x, f64::from(HEIGHT)), 2.0, GRID);
    }
    for level in 0..=LEVELS {
        let y = y(top * f64::from(level) / f64::from(LEVELS));
        canvas.line((0.0, y), (f64::from(WIDTH), y), 2.0, GRID);
    }
    for line in self::lines(curve.before, y) {
        canvas.path(&line, 3.0, BEFORE);
    }
    for line in &lines {
        canvas.path(line, 4.0, DAY);
    }
    picture::png(&canvas)
}

type Point = (f64, f64);

/// The unbroken pieces of a curve.
fn lines(points: &[Option<f64>], y: impl Fn(f64) -> f64) -> Vec<Vec<Point>> {
    let step = f64::from(WIDTH) / points.len().max(1) as f64;
    let mut lines = vec![Vec::new()];
    for (place, value) in points.iter().enumerate() {
        let x = (place as f64 + 0.5) * step;
        match (value, lines.last_mut()) {
            (Some(value), Some(line)) => line.push((x, y(*value))),
            _ => lines.push(Vec::new()),
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
}
