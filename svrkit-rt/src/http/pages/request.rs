//! What a page is asked.

use super::fields::Fields;
use super::form::{Form, preferred};
use crate::status::Status;
use bytes::Bytes;
use hyper::HeaderMap;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};

/// A request to a page. All of it comes from the peer; its sizes are within [`PageLimits`](crate::PageLimits).
#[derive(Debug)]
pub struct PageRequest {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) rest_at: usize,
    pub(super) query: Fields,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) fields_max: usize,
}

impl PageRequest {
    /// `GET`, `POST` or `DELETE`; `GET` for HEAD too, whose body is dropped later.
    pub fn method(&self) -> &str {
        self.method
    }

    /// The path, as sent: percent-encoded bytes stay so.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What the star of the page's path stood for, as sent; empty without one.
    pub fn rest(&self) -> &str {
        &self.path[self.rest_at..]
    }

    /// The query.
    pub fn query(&self) -> &Fields {
        &self.query
    }

    /// The first header of this name, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Which form of a page the client would rather have, by its `Accept` headers: text for curl, HTML for a browser.
    pub fn form(&self) -> Form {
        let accept = self.headers.get_all(ACCEPT).iter();
        preferred(accept.filter_map(|v| v.to_str().ok()))
    }

    /// The token of an `authorization: Bearer` header.
    pub fn bearer(&self) -> Option<&str> {
        let value = self.headers.get(AUTHORIZATION)?.to_str().ok()?;
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// The body; empty when there was none.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The fields of a submitted HTML form.
    ///
    /// # Errors
    /// `InvalidArgument` when the body is not one.
    pub fn fields(&self) -> Result<Fields, Status> {
        let content_type = self.header(CONTENT_TYPE.as_str()).unwrap_or_default();
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Status::invalid_argument("the body is no form"));
        }
        let text = std::str::from_utf8(&self.body);
        let text = text.map_err(|_| Status::invalid_argument("the form is not UTF-8"))?;
        Fields::parse(text, self.fields_max)
    }
}
