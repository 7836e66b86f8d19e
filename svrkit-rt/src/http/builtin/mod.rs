//! The built-in pages: `/health`, `/services`, and `/`, which leads to the services.
//!
//! BuiltinPages pass no layers: they tell how the server is and what it serves, and call nothing.

mod catalogue;
mod html;
mod json;
#[cfg(feature = "admin")]
mod listing;
mod text;

#[cfg(feature = "admin")]
pub(crate) use listing::Listing;

use super::answer::{Answer, with_type};
use super::codec::Types;
use super::pages::{Form, preferred};
use crate::builtin::{HealthHandle, ServingStatus};
use crate::descriptor::ServiceDescriptor;
use bytes::Bytes;
use catalogue::Catalogue;
use hyper::header::{ACCEPT, CONTENT_SECURITY_POLICY, HeaderValue, LOCATION, VARY};
use hyper::{HeaderMap, StatusCode};
use std::sync::{Arc, OnceLock};

/// No scripts, no frames, nothing from elsewhere; the style stands in the page.
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BuiltinPage {
    Root,
    Health,
    Services,
}

impl BuiltinPage {
    pub(super) fn at(path: &str) -> Option<BuiltinPage> {
        match path {
            "/" => Some(BuiltinPage::Root),
            "/health" => Some(BuiltinPage::Health),
            "/services" => Some(BuiltinPage::Services),
            _ => None,
        }
    }
}

#[derive(Debug)]
pub(super) struct BuiltinPages {
    services: Vec<(&'static ServiceDescriptor, Arc<Types>)>,
    health: HealthHandle,
    /// In every form, rendered when first asked for: nothing in it changes while the server runs.
    rendered: [OnceLock<Bytes>; 3],
}

impl BuiltinPages {
    pub(super) fn new(
        services: Vec<(&'static ServiceDescriptor, Arc<Types>)>,
        health: HealthHandle,
    ) -> BuiltinPages {
        BuiltinPages {
            services,
            health,
            rendered: Default::default(),
        }
    }

    pub(super) fn answer(&self, page: BuiltinPage, headers: &HeaderMap) -> Answer {
        match page {
            BuiltinPage::Root => {
                let mut answer = with_type("/services\n".into(), "text/plain; charset=utf-8");
                *answer.status_mut() = StatusCode::FOUND;
                let location = HeaderValue::from_static("/services");
                answer.headers_mut().insert(LOCATION, location);
                answer
            }
            BuiltinPage::Health => self.health(),
            BuiltinPage::Services => {
                let accept = headers.get_all(ACCEPT).iter();
                self.services(preferred(accept.filter_map(|v| v.to_str().ok())))
            }
        }
    }

    fn health(&self) -> Answer {
        let (http, body) = match self.health.status("") {
            Some(ServingStatus::Serving) => (StatusCode::OK, r#"{"status":"SERVING"}"#),
            _ => (
                StatusCode::SERVICE_UNAVAILABLE,
                r#"{"status":"NOT_SERVING"}"#,
            ),
        };
        let mut answer = with_type(body.into(), "application/json");
        *answer.status_mut() = http;
        answer
    }

    fn services(&self, form: Form) -> Answer {
        let body = self.rendered[form as usize].get_or_init(|| {
            let catalogue = Catalogue::of(&self.services);
            let page = match form {
                Form::Text => text::render(&catalogue),
                Form::Html => html::render(&catalogue),
                Form::Json => json::render(&catalogue),
            };
            page.into()
        });
        let content_type = match form {
            Form::Text => "text/plain; charset=utf-8",
            Form::Html => "text/html; charset=utf-8",
            Form::Json => "application/json",
        };
        let mut answer = with_type(body.clone(), content_type);
        let headers = answer.headers_mut();
        headers.insert(VARY, HeaderValue::from_static("accept"));
        let policy = HeaderValue::from_static(CONTENT_POLICY);
        headers.insert(CONTENT_SECURITY_POLICY, policy);
        answer
    }
}
