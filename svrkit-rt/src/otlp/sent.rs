//! Which spans were posted already.

use crate::spans::{Side, Span, Why, recent};

/// The newest that was posted, for each reason to keep one.
#[derive(Clone, Debug, Default)]
pub(super) struct Sent([Option<Id>; Why::ALL.len()]);

/// Tells spans apart: both ends of a call may have the same ids, and a refused call has none.
type Id = (u128, u64, Side, u64);

impl Sent {
    /// What is kept and was not posted, oldest first, and what will be posted then.
    pub(super) fn news(&self) -> (Vec<Span>, Sent) {
        let mut after = self.clone();
        let mut news = Vec::new();
        for (why, newest) in Why::ALL.into_iter().zip(&mut after.0) {
            let kept = recent(why);
            let before = newest.take();
            *newest = kept.first().map(id).or(before);
            let fresh = kept.into_iter().take_while(|span| Some(id(span)) != before);
            // What is not in any trace can be put into none.
            news.extend(fresh.filter(|span| span.trace_id != 0));
        }
        news.sort_by_key(|span| span.started_us);
        (news, after)
    }
}

fn id(span: &Span) -> Id {
    (span.trace_id, span.span_id, span.side, span.started_us)
}
