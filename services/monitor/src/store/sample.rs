//! One report of one series.

/// What was reported, as it goes into windows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sample<'a> {
    /// A counter's increment, or a gauge's value.
    Value(i64),
    /// What a histogram observed.
    Observed {
        /// All observations together.
        sum: i64,
        /// Buckets, and how many fell into each.
        buckets: &'a [(u8, u64)],
    },
}
