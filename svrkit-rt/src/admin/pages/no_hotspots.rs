//! `/hotspots` of a program that was built without: how to have it.

use crate::admin::doc::Doc;
use crate::admin::state::State;
use crate::http::{Form, PageRequest, PageResponse};
use serde_json::json;

const HOW: &str = "Profiles are not built in. Build the program with feature `hotspots` \
    (`cargo run --release --features hotspots`) and come back; nothing runs until a profile is taken.";

pub(super) fn page(state: &State, request: &PageRequest) -> PageResponse {
    let doc = |_: Form| {
        let mut doc = Doc::new("Hotspots");
        doc.paragraph(HOW);
        doc
    };
    state
        .answer(request, doc, || json!({ "message": HOW }))
        .status(501)
}
