//! `/health` and `/ready`: whether the process lives, and whether its servers take calls.

use crate::admin::state::State;
use crate::builtin::ServingStatus;
use crate::http::{PageRequest, PageResponse};
use serde_json::{Map, json};

/// Whoever gets an answer knows.
pub(super) fn health(_: &State, _: &PageRequest) -> PageResponse {
    PageResponse::json(r#"{"status":"SERVING"}"#)
}

/// 503 unless every server of the process serves.
pub(super) fn ready(state: &State, _: &PageRequest) -> PageResponse {
    let mut all = true;
    let mut servers = Map::new();
    for (name, server) in &state.admin.servers {
        let serving = server.health().status("") == Some(ServingStatus::Serving);
        all &= serving;
        servers.insert(name.clone(), word(serving).into());
    }
    let body = json!({ "status": word(all), "servers": servers });
    PageResponse::json(body.to_string()).status(if all { 200 } else { 503 })
}

fn word(serving: bool) -> &'static str {
    match serving {
        true => "SERVING",
        false => "NOT_SERVING",
    }
}
