//! Ranges of keys of which memory has every row.

use bytes::Bytes;

/// Ranges that one partition remembers. Few: a partition is read at its newest end, and in one or two other places.
const SPANS_MAX: usize = 8;

/// Disjoint ranges in order.
#[derive(Debug, Default)]
pub(super) struct Spans(Vec<Span>);

/// From a key, inclusive, to a key, exclusive; to the end when there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: Bytes,
    pub(super) to: Option<Bytes>,
}

impl Span {
    /// One key.
    pub(super) fn key(key: &[u8]) -> Span {
        Span {
            from: Bytes::copy_from_slice(key),
            to: Some(after(key)),
        }
    }

    /// Holds no key.
    pub(super) fn is_empty(&self) -> bool {
        self.to.as_ref().is_some_and(|to| *to <= self.from)
    }

    fn holds(&self, key: &[u8]) -> bool {
        self.from <= key && self.to.as_ref().is_none_or(|to| key < to)
    }

    /// Whether no key lies between them.
    fn meets(&self, other: &Span) -> bool {
        let reaches = |to: &Option<Bytes>, from: &Bytes| to.as_ref().is_none_or(|to| from <= to);
        reaches(&self.to, &other.from) && reaches(&other.to, &self.from)
    }
}

/// The smallest key greater than this one.
pub(super) fn after(key: &[u8]) -> Bytes {
    let mut after = Vec::with_capacity(key.len() + 1);
    after.extend_from_slice(key);
    after.push(0);
    after.into()
}

impl Spans {
    /// Every key there can be.
    pub(super) fn all() -> Spans {
        let from = Bytes::new();
        Spans(vec![Span { from, to: None }])
    }

    /// Whether they hold every key there can be.
    pub(super) fn are_all(&self) -> bool {
        matches!(&self.0[..], [span] if span.from.is_empty() && span.to.is_none())
    }

    /// Whether the key is in one of them.
    pub(super) fn hold(&self, key: &[u8]) -> bool {
        self.around(key).is_some()
    }

    /// The one that holds this key.
    pub(super) fn around(&self, key: &[u8]) -> Option<&Span> {
        let index = self.0.partition_point(|span| span.from <= key);
        self.0[..index].last().filter(|span| span.holds(key))
    }

    /// The one that reaches up to `to`, exclusive, from below.
    pub(super) fn below(&self, to: Option<&Bytes>) -> Option<&Span> {
        self.0.iter().find(|span| match (to, &span.to) {
            (None, end) => end.is_none(),
            (Some(to), end) => span.from < *to && end.as_ref().is_none_or(|end| to <= end),
        })
    }

    /// Adds one more, and forgets the smallest keys' when there are too many.
    pub(super) fn add(&mut self, mut span: Span) {
        if span.is_empty() {
            return;
        }
        self.0.retain(|other| {
            if !span.meets(other) {
                return true;
            }
            if other.from < span.from {
                span.from = other.from.clone();
            }
            let ends = |to: &Option<Bytes>| to.clone().map_or((1, Bytes::new()), |to| (0, to));
            if ends(&other.to) > ends(&span.to) {
                span.to = other.to.clone();
            }
            false
        });
        let index = self.0.partition_point(|other| other.from < span.from);
        self.0.insert(index, span);
        if self.0.len() > SPANS_MAX {
            self.0.remove(0);
        }
    }

    /// Forgets what is below this key.
    pub(super) fn cut_below(&mut self, key: &Bytes) {
        self.0
            .retain(|span| span.to.as_ref().is_none_or(|to| to > key));
        if let Some(first) = self.0.first_mut().filter(|first| first.from < *key) {
            first.from = key.clone();
        }
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: &'static str, to: &'static str) -> Span {
        let to = (!to.is_empty()).then(|| to.into());
        Span {
            from: from.into(),
            to,
        }
    }

    fn spans(of: &[(&'static str, &'static str)]) -> Spans {
        let mut spans = Spans::default();
        of.iter().for_each(|(from, to)| spans.add(span(from, to)));
        spans
    }

    #[test]
    fn those_that_meet_become_one() {
        assert_eq!(spans(&[("a", "c"), ("c", "e")]).0, [span("a", "e")]);
        assert_eq!(spans(&[("c", "e"), ("a", "d")]).0, [span("a", "e")]);
        assert_eq!(spans(&[("c", ""), ("a", "d")]).0, [span("a", "")]);
        assert_eq!(spans(&[("a", ""), ("b", "c")]).0, [span("a", "")]);
        assert_eq!(
            spans(&[("a", "b"), ("e", "f"), ("b", "e")]).0,
            [span("a", "f")]
        );
        assert_eq!(
            spans(&[("a", "b"), ("c", "d")]).0,
            [span("a", "b"), span("c", "d")]
        );
        assert!(spans(&[("b", "b"), ("c", "b")]).0.is_empty());
    }

    #[test]
    fn a_key_is_held_from_its_spans_start_to_before_its_end() {
        let spans = spans(&[("b", "d"), ("f", "")]);
        let held = |key: &str| spans.hold(key.as_bytes());
        assert_eq!(
            ["a", "b", "c", "d", "e", "f", "z"].map(held),
            [false, true, true, false, false, true, true]
        );
        assert!(Spans::all().hold(b""));
        assert_eq!(spans.below(Some(&"d".into())), Some(&span("b", "d")));
        assert_eq!(spans.below(Some(&"c".into())), Some(&span("b", "d")));
        assert_eq!(spans.below(Some(&"b".into())), None);
        assert_eq!(spans.below(Some(&"e".into())), None);
        assert_eq!(spans.below(None), Some(&span("f", "")));
    }

    #[test]
    fn cutting_keeps_what_is_above() {
        let mut spans = spans(&[("a", "c"), ("d", "f"), ("g", "")]);
        spans.cut_below(&"e".into());
        assert_eq!(spans.0, [span("e", "f"), span("g", "")]);
    }

    #[test]
    fn there_are_never_too_many() {
        let mut spans = Spans::default();
        for key in 0..100u8 {
            spans.add(Span::key(&[key, 1]));
        }
        assert_eq!(spans.0.len(), SPANS_MAX);
        assert!(spans.hold(&[99, 1]) && !spans.hold(&[0, 1]));
    }
}
