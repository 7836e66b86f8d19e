//! A histogram drawn with text: logarithmic buckets, a bar each.

use hdrhistogram::Histogram;

use super::report::time;
use crate::cli::terminal::Paint;

/// Rows that a chart should not have more of.
const ROWS_MAX: usize = 18;
/// Buckets a decade, the finest first; the first that fits is taken.
const PER_DECADE: [u32; 6] = [48, 24, 12, 6, 3, 1];
/// Columns of the longest bar.
const BAR_COLUMNS: f64 = 40.0;
/// What is left of a bar after its whole columns, in eighths.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
/// Quantiles whose rows are marked.
const MARKED: [(f64, &str); 3] = [(0.5, "p50"), (0.99, "p99"), (0.999, "p99.9")];

struct Row {
    /// Nanoseconds up to which this row reaches.
    upper: u64,
    count: u64,
}

/// Lines of the chart; none when nothing was recorded.
pub(crate) fn draw(latency: &Histogram<u64>, paint: Paint) -> Vec<String> {
    let rows = rows(latency);
    let most = rows.iter().map(|row| row.count).max().unwrap_or(0);
    let mut lower = 0;
    rows.iter()
        .map(|row| {
            let marks: Vec<&str> = MARKED
                .iter()
                .filter(|(quantile, _)| {
                    let value = latency.value_at_quantile(*quantile);
                    value > lower && value <= row.upper
                })
                .map(|(_, name)| *name)
                .collect();
            lower = row.upper;
            let share = 100.0 * row.count as f64 / latency.len() as f64;
            let line = format!(
                "≤ {:>8} {} {:>6.2} %  {}",
                time(row.upper),
                paint.cyan(bar(row.count, most)),
                share,
                paint.dim(marks.join(" "))
            );
            line.trim_end().to_owned()
        })
        .collect()
}

fn rows(latency: &Histogram<u64>) -> Vec<Row> {
    if latency.is_empty() {
        return Vec::new();
    }
    let (min, max) = (latency.min().max(1) as f64, latency.max().max(1) as f64);
    let fits = |per_decade: &&u32| {
        let first = (min.log10() * f64::from(**per_decade)).floor();
        let last = (max.log10() * f64::from(**per_decade)).ceil();
        (last - first) as usize <= ROWS_MAX
    };
    let per_decade = f64::from(*PER_DECADE.iter().find(fits).unwrap_or(&1));
    let mut edge = (min.log10() * per_decade).floor() as i32;
    let mut rows: Vec<Row> = Vec::new();
    let mut upper = 0;
    let next = |edge: &mut i32| {
        *edge += 1;
        10_f64.powf(f64::from(*edge) / per_decade).round() as u64
    };
    for value in latency.iter_recorded() {
        while value.value_iterated_to() > upper {
            upper = next(&mut edge);
            rows.push(Row { upper, count: 0 });
        }
        if let Some(row) = rows.last_mut() {
            row.count += value.count_since_last_iteration();
        }
    }
    rows
}

fn bar(count: u64, most: u64) -> String {
    let eighths = (count as f64 / most.max(1) as f64 * BAR_COLUMNS * 8.0).round() as usize;
    // Something is never drawn as nothing.
    let eighths = if count > 0 { eighths.max(1) } else { 0 };
    let bar = "█".repeat(eighths / 8) + EIGHTHS[eighths % 8];
    format!("{bar:<width$}", width = BAR_COLUMNS as usize)
}

#[cfg(test)]
mod tests {
    use super::super::record::empty_histogram;
    use super::*;

    #[test]
    fn every_call_is_in_one_row() {
        let mut latency = empty_histogram();
        for nanos in [90_000, 110_000, 120_000, 4_000_000, 700_000_000] {
            latency.record(nanos).unwrap();
        }
        let rows = rows(&latency);
        assert!(rows.len() <= ROWS_MAX + 1, "{}", rows.len());
        assert_eq!(rows.iter().map(|row| row.count).sum::<u64>(), 5);
        assert!(rows.windows(2).all(|pair| pair[0].upper < pair[1].upper));
    }

    #[test]
    fn nothing_recorded_draws_nothing() {
        assert!(draw(&empty_histogram(), Paint::stdout()).is_empty());
    }

    #[test]
    fn a_single_call_among_a_million_is_seen() {
        assert!(bar(1, 1_000_000).starts_with('▏'));
        assert_eq!(bar(1_000_000, 1_000_000), "█".repeat(40));
        assert_eq!(bar(0, 5).trim(), "");
    }
}
