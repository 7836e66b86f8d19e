//! Lines on paper, without steps: each pixel is as much of a line's colour as the line covers of it.

/// Red, green, blue.
pub(super) type Color = [u8; 3];

type Point = (f64, f64);

pub(super) struct Canvas {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Row by row.
    pub(super) pixels: Vec<Color>,
}

impl Canvas {
    pub(super) fn new(width: u32, height: u32, paper: Color) -> Canvas {
        let pixels = vec![paper; width as usize * height as usize];
        Canvas {
            width,
            height,
            pixels,
        }
    }

    /// A line through these points; a dot if there is only one.
    pub(super) fn path(&mut self, points: &[Point], width: f64, color: Color) {
        if let [point] = points {
            self.line(*point, *point, width * 2.0, color);
        }
        for pair in points.windows(2) {
            self.line(pair[0], pair[1], width, color);
        }
    }

    /// A straight line with round ends. A pixel's share is read off the distance of its middle from the line.
    pub(super) fn line(&mut self, from: Point, to: Point, width: f64, color: Color) {
        let reach = width / 2.0 + 1.0;
        let columns = self.columns(from.0.min(to.0) - reach, from.0.max(to.0) + reach);
        let rows = span(
            from.1.min(to.1) - reach,
            from.1.max(to.1) + reach,
            self.height,
        );
        for row in rows {
            for column in columns.clone() {
                let middle = (f64::from(column) + 0.5, f64::from(row) + 0.5);
                let away = distance(middle, from, to);
                self.blend(column, row, color, width / 2.0 + 0.5 - away);
            }
        }
    }

    /// All below the line through these points.
    pub(super) fn fill_under(&mut self, points: &[Point], color: Color) {
        for pair in points.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            for column in self.columns(from.0, to.0) {
                let along = (f64::from(column) + 0.5 - from.0) / (to.0 - from.0).max(f64::EPSILON);
                let y = from.1 + (to.1 - from.1) * along.clamp(0.0, 1.0);
                for row in span(y, f64::from(self.height), self.height) {
                    self.blend(column, row, color, 1.0);
                }
            }
        }
    }

    fn columns(&self, from: f64, to: f64) -> std::ops::Range<u32> {
        span(from, to, self.width)
    }

    fn blend(&mut self, column: u32, row: u32, color: Color, share: f64) {
        let share = share.clamp(0.0, 1.0);
        let place = row as usize * self.width as usize + column as usize;
        for (under, over) in self.pixels[place].iter_mut().zip(color) {
            let mixed = f64::from(*under) * (1.0 - share) + f64::from(over) * share;
            *under = mixed.round() as u8;
        }
    }
}

/// Pixels from one place to another, as far as there are any.
fn span(from: f64, to: f64, end: u32) -> std::ops::Range<u32> {
    let inside = |at: f64| at.clamp(0.0, f64::from(end)) as u32;
    inside(from.floor())..inside(to.ceil())
}

/// From a point to the nearest of a line.
fn distance(point: Point, from: Point, to: Point) -> f64 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx * dx + dy * dy;
    let along = match length > 0.0 {
        true => ((point.0 - from.0) * dx + (point.1 - from.1) * dy) / length,
        false => 0.0,
    };
    let along = along.clamp(0.0, 1.0);
    (point.0 - from.0 - along * dx).hypot(point.1 - from.1 - along * dy)
}
