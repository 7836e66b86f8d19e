//! The built-in pages: `/health`, `/services`, and `/`, which leads to the services.
//!
//! Pages pass no layers: they tell how the server is and what it serves, and call nothing.

mod catalogue;
mod html;
mod json;
mod preference;
mod text;

use super::answer::{Answer, with_type};
use super::codec::Types;
use crate::builtin::{HealthHandle, ServingStatus};
use crate::descriptor::ServiceDescriptor;
use bytes::Bytes;
use catalogue::Catalogue;
use hyper::header::{ACCEPT, CONTENT_SECURITY_POLICY, HeaderValue, LOCATION, VARY};
use hyper::{HeaderMap, StatusCode};
use preference::{Form, preferred};
use std::sync::{Arc, OnceLock};

/// No scripts, no frames, nothing from elsewhere; the style stands in the page.
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    Root,
    Health,
    Services,
}

impl Page {
    pub(super) fn at(path: &str) -> Option<Page> {
        match path {
            "/" => Some(Page::Root),
            "/health" => Some(Page::Health),
            "/services" => Some(Page::Services),
            _ => None,
        }
    }
}

#[derive(Debug)]
pub(super) struct Pages {
    services: Vec<(&'static ServiceDescriptor, Arc<Types>)>,
    health: HealthHandle,
    /// In every form, rendered when first asked for: nothing in it changes while the server runs.
    rendered: [OnceLock<Bytes>; 3],
}

impl Pages {
    pub(super) fn new(
        services: Vec<(&'static ServiceDescriptor, Arc<Types>)>,
        health: HealthHandle,
    ) -> Pages {
        Pages {
            services,
            health,
            rendered: Default::default(),
        }
    }

    pub(super) fn answer(&self, page: Page, headers: &HeaderMap) -> Answer {
        match page {
            Page::Root => {
                let mut answer = with_type("/services\n".into(), "text/plain; charset=utf-8");
                *answer.status_mut() = StatusCode::FOUND;
                let location = HeaderValue::from_static("/services");
                answer.headers_mut().insert(LOCATION, location);
                answer
            }
            Page::Health => self.health(),
            Page::Services => {
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
