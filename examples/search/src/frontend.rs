//! Calls the other two: the handler reads from top to bottom, and `?` passes a failure on.

use crate::search::v1::{
    Frontend, IndexClient, LookupRequest, RankRequest, RankingClient, SearchReply, SearchRequest,
};
use svrkit_rt::{Context, Status};

pub(crate) struct WebFrontend {
    pub(crate) index: IndexClient,
    pub(crate) ranking: RankingClient,
}

impl Frontend for WebFrontend {
    async fn search(
        &self,
        ctx: &mut Context,
        request: SearchRequest,
    ) -> Result<SearchReply, Status> {
        println!("  frontend has {:>4} ms left", ctx.remaining().as_millis());
        let query = request.query;
        let mut found: Option<Vec<String>> = None;
        for word in query.split_whitespace() {
            let word = word.to_owned();
            let documents = self.index.lookup(LookupRequest { word }).await?.documents;
            found = Some(match found {
                None => documents,
                Some(found) => found
                    .into_iter()
                    .filter(|d| documents.contains(d))
                    .collect(),
            });
        }
        let documents = found.unwrap_or_default();
        let ranked = self.ranking.rank(RankRequest { query, documents }).await?;
        Ok(SearchReply {
            documents: ranked.documents,
        })
    }
}
