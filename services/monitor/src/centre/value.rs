//! How values are called by those who ask.

use crate::history::Value;
use svrkit_rt::monitor::Kind;

/// The value of this name: `rate`, `sum`, `avg`, `min`, `max`, `last`, or a percentile as `p99` or `p99.9`.
pub(crate) fn parse(name: &str) -> Option<Value> {
    match name {
        "rate" => Some(Value::Rate),
        "sum" => Some(Value::Sum),
        "avg" => Some(Value::Average),
        "min" => Some(Value::Min),
        "max" => Some(Value::Max),
        "last" => Some(Value::Last),
        _ => {
            let percent: f64 = name.strip_prefix('p')?.parse().ok()?;
            (0.0..=100.0)
                .contains(&percent)
                .then_some(Value::Quantile(percent / 100.0))
        }
    }
}

/// What suits a kind.
pub(crate) fn usual(kind: Kind) -> Value {
    match kind {
        Kind::Counter => Value::Rate,
        Kind::Gauge => Value::Sum,
        Kind::Max => Value::Max,
        Kind::Histogram => Value::Quantile(0.99),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_values() {
        assert_eq!(parse("p99"), Some(Value::Quantile(0.99)));
        assert_eq!(parse("p50"), Some(Value::Quantile(0.5)));
        assert_eq!(parse("rate"), Some(Value::Rate));
        for nonsense in ["", "p", "p101", "p-1", "pNaN", "pinf", "median"] {
            assert_eq!(parse(nonsense), None, "{nonsense}");
        }
    }
}
