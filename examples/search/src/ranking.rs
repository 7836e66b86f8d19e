//! Computes: a plain `fn` runs on a thread of its own, so that it holds up nobody. A thread cannot be stopped from outside,
//! so the loop looks at the time left.

use crate::search::v1::{RankReply, RankRequest, Ranking};
use svrkit_rt::{Context, Status};

pub(crate) struct WordRanking;

#[svrkit::service]
impl Ranking for WordRanking {
    fn rank(&self, ctx: &mut Context, request: RankRequest) -> Result<RankReply, Status> {
        println!("  ranking  has {:>4} ms left", ctx.remaining().as_millis());
        let mut scored = Vec::new();
        for document in request.documents {
            if ctx.remaining().is_zero() {
                return Err(Status::deadline_exceeded("deadline passed while ranking"));
            }
            scored.push((score(&request.query, &document), document));
        }
        scored.sort_by(|a, b| b.0.total_cmp(&a.0));
        let documents = scored.into_iter().map(|(_, document)| document);
        Ok(RankReply {
            documents: documents.collect(),
        })
    }
}

/// The share of a document's words that are in the query.
fn score(query: &str, document: &str) -> f64 {
    let words = document.split_whitespace();
    let hits = words
        .clone()
        .filter(|w| query.split_whitespace().any(|q| q == *w));
    hits.count() as f64 / words.count().max(1) as f64
}
