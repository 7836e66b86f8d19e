//! An HTTP/1.1 client for what a service must tell others now and then: a webhook, a collector. One connection a request, every part
//! bounded; no redirects, no cookies, no proxies.

mod body;
mod error;
mod exchange;
mod io;
mod target;

pub use error::HttpError;
#[cfg(feature = "etcd")]
pub(crate) use exchange::OpenAnswer;
pub use exchange::{HttpAnswer, HttpRequest};
pub use target::HttpTarget;
