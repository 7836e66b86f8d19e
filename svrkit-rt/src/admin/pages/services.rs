//! `/services`: what the process serves, with the policies of each method.

use crate::admin::doc::{Doc, Part};
use crate::admin::state::State;
use crate::http::{Form, Listing, PageRequest, PageResponse};
use std::collections::BTreeMap;

pub(super) fn page(state: &State, request: &PageRequest) -> PageResponse {
    let servers = state.admin.servers.iter();
    let services = servers.flat_map(|(_, server)| server.services());
    // The built-in ones are in every server.
    let by_name: BTreeMap<&str, _> = services.map(|s| (s.full_name, *s)).collect();
    let listing = Listing::of(by_name.into_values());
    let doc = |form| {
        let mut doc = Doc::new("Services");
        doc.part(match form {
            Form::Html => Part::Figure(listing.html()),
            _ => Part::Verbatim(listing.text()),
        });
        doc
    };
    state.answer(request, doc, || listing.json())
}
