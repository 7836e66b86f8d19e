//! The services of several servers, for pages that are not a server's own.

use super::catalogue::Catalogue;
use super::{html, json, text};
use crate::descriptor::ServiceDescriptor;
use crate::http::codec::Types;
use crate::http::html::Html;
use std::sync::Arc;

/// Services in every form that their page has.
pub(crate) struct Listing(Catalogue);

impl Listing {
    pub(crate) fn of(services: impl Iterator<Item = &'static ServiceDescriptor>) -> Listing {
        let with_types = services.map(|s| (s, Arc::new(Types::new(s.file_descriptor_set))));
        Listing(Catalogue::of(&with_types.collect::<Vec<_>>()))
    }

    pub(crate) fn html(&self) -> Html {
        let mut html = Html::new();
        html::write(&mut html, &self.0);
        html
    }

    pub(crate) fn text(&self) -> String {
        text::render(&self.0)
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        json::value(&self.0)
    }
}
