//! Which function answers at which path.

use super::request::PageRequest;
use super::response::PageResponse;
use crate::service::BoxFuture;
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::io;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// What pages may take.
#[derive(Clone, Debug)]
pub struct PageLimits {
    /// Bytes of a request's body. Default 64 KiB: forms and small JSON.
    pub body_bytes_max: usize,
    /// Bytes of a query, as sent. Default 8 KiB: what browsers and proxies let through.
    pub query_bytes_max: usize,
    /// Fields of a query or a form. Default 64.
    pub fields_max: usize,
    /// Milliseconds that a page may take to answer. A stream's events come after its answer and are not meant. Default 30,000.
    pub timeout_ms: u64,
    /// Business priority of requests for pages. Default 0, which is never shed: they are for operators, who look when there is too much to do.
    pub priority: u8,
    /// Streams of events open at once. Default 64: people looking at a page.
    pub streams_max: usize,
}

impl Default for PageLimits {
    fn default() -> PageLimits {
        PageLimits {
            body_bytes_max: 64 * 1024,
            query_bytes_max: 8 * 1024,
            fields_max: 64,
            timeout_ms: 30_000,
            priority: 0,
            streams_max: 64,
        }
    }
}

/// Pages for [`Server::pages`](crate::Server::pages).
///
/// A path is exact (`"/api/alarms"`), or ends in `/*` (`"/web/*"`) and stands for all below it; [`PageRequest::rest`] is what the star
/// stood for. An exact path goes before one with a star, a longer one before a shorter. A page at `/` takes the place of the built-in
/// one. Pages have headers that keep browsers from doing what no page of ours needs (see [`PageResponse`]).
///
/// ```
/// use svrkit_rt::{PageRequest, PageResponse, Pages, Status};
///
/// let pages = Pages::new()
///     .get("/", |_| async { PageResponse::html("<h1>Hello</h1>") })
///     .get("/api/users", |request: PageRequest| async move {
///         let name = request.query().get("name").ok_or(Status::invalid_argument("whose?"))?;
///         Ok::<_, Status>(PageResponse::json(format!("{{\"letters\":{}}}", name.len())))
///     });
/// ```
#[derive(Clone, Default)]
pub struct Pages {
    pages: Vec<Page>,
    guards: Vec<Guard>,
    limits: PageLimits,
}

type Handler = Arc<dyn Fn(PageRequest) -> BoxFuture<PageResponse> + Send + Sync>;
type Guard = Arc<dyn Fn(&PageRequest) -> Result<(), PageResponse> + Send + Sync>;

#[derive(Clone)]
struct Page {
    method: &'static str,
    path: String,
    handler: Handler,
}

impl Pages {
    /// No pages yet.
    pub fn new() -> Pages {
        Pages::default()
    }

    /// Answers GET, and HEAD with it. The answer is a [`PageResponse`], or a `Result` of one with a [`Status`](crate::Status).
    pub fn get<Fut>(
        self,
        path: &str,
        page: impl Fn(PageRequest) -> Fut + Send + Sync + 'static,
    ) -> Pages
    where
        Fut: Future<Output: Into<PageResponse>> + Send + 'static,
    {
        self.on("GET", path, page)
    }

    /// Answers POST.
    pub fn post<Fut>(
        self,
        path: &str,
        page: impl Fn(PageRequest) -> Fut + Send + Sync + 'static,
    ) -> Pages
    where
        Fut: Future<Output: Into<PageResponse>> + Send + 'static,
    {
        self.on("POST", path, page)
    }

    /// Answers DELETE.
    pub fn delete<Fut>(
        self,
        path: &str,
        page: impl Fn(PageRequest) -> Fut + Send + Sync + 'static,
    ) -> Pages
    where
        Fut: Future<Output: Into<PageResponse>> + Send + 'static,
    {
        self.on("DELETE", path, page)
    }

    /// Looks at every request before its page does, after its bounds were kept; an `Err` is the answer. For tokens.
    pub fn guard(
        mut self,
        guard: impl Fn(&PageRequest) -> Result<(), PageResponse> + Send + Sync + 'static,
    ) -> Pages {
        self.guards.push(Arc::new(guard));
        self
    }

    /// Sets the limits.
    pub fn limits(mut self, limits: PageLimits) -> Pages {
        self.limits = limits;
        self
    }

    fn on<Fut>(
        mut self,
        method: &'static str,
        path: &str,
        page: impl Fn(PageRequest) -> Fut + Send + Sync + 'static,
    ) -> Pages
    where
        Fut: Future<Output: Into<PageResponse>> + Send + 'static,
    {
        let handler = move |request| -> BoxFuture<PageResponse> {
            let answer = page(request);
            Box::pin(async move { answer.await.into() })
        };
        self.pages.push(Page {
            method,
            path: path.to_owned(),
            handler: Arc::new(handler),
        });
        self
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.pages.iter().map(|p| (p.method, &p.path));
        f.debug_list().entries(names).finish()
    }
}

/// The pages of a running server.
#[derive(Debug)]
pub(in crate::http) struct Mounted {
    exact: HashMap<String, Methods>,
    /// Paths up to their star, the longest first.
    below: Vec<(String, Methods)>,
    pub(super) guards: Guards,
    pub(super) limits: PageLimits,
    pub(super) streams: Arc<Semaphore>,
}

/// A page's place: what is there by method, and what the star of its path stood for.
#[derive(Debug)]
pub(in crate::http) struct Spot<'a> {
    pub(super) methods: &'a Methods,
    pub(super) rest: &'a str,
}

#[derive(Default)]
pub(in crate::http) struct Methods(Vec<(&'static str, Handler)>);

pub(super) struct Guards(Vec<Guard>);

impl Mounted {
    /// # Errors
    /// `InvalidInput` for a path that is none, or is there twice.
    pub(in crate::http) fn new(pages: Pages) -> io::Result<Mounted> {
        let wrong = |path: &str, why: &str| {
            let message = format!("page {path:?} {why}");
            Err(io::Error::new(io::ErrorKind::InvalidInput, message))
        };
        let mut exact: HashMap<String, Methods> = HashMap::new();
        let mut below: HashMap<String, Methods> = HashMap::new();
        for Page {
            method,
            path,
            handler,
        } in pages.pages
        {
            let (prefix, table) = match path.strip_suffix('*') {
                Some(prefix) => (prefix, &mut below),
                None => (path.as_str(), &mut exact),
            };
            if !prefix.starts_with('/') || prefix.contains(['*', '?', '#']) {
                return wrong(&path, "is no path");
            }
            if prefix.len() < path.len() && !prefix.ends_with('/') {
                return wrong(&path, "has a star that stands for no whole step");
            }
            let methods = table.entry(prefix.to_owned()).or_default();
            if methods.named(method).is_some() {
                return wrong(&path, "is there twice");
            }
            methods.0.push((method, handler));
        }
        let mut below: Vec<_> = below.into_iter().collect();
        below.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
        Ok(Mounted {
            exact,
            below,
            guards: Guards(pages.guards),
            streams: Arc::new(Semaphore::new(pages.limits.streams_max)),
            limits: pages.limits,
        })
    }

    /// The page of exactly this path.
    pub(in crate::http) fn at(&self, path: &str) -> Option<Spot<'_>> {
        let methods = self.exact.get(path)?;
        Some(Spot { methods, rest: "" })
    }

    /// The page with a star that this path is below of.
    pub(in crate::http) fn above<'a>(&'a self, path: &'a str) -> Option<Spot<'a>> {
        self.below.iter().find_map(|(prefix, methods)| {
            let rest = path.strip_prefix(prefix.as_str())?;
            Some(Spot { methods, rest })
        })
    }
}

impl Methods {
    /// Who answers this method, and as which; GET answers HEAD.
    pub(super) fn named(&self, method: &str) -> Option<(&'static str, &Handler)> {
        let method = if method == "HEAD" { "GET" } else { method };
        let found = self.0.iter().find(|(name, _)| *name == method);
        found.map(|(name, handler)| (*name, handler))
    }

    /// As the `Allow` header lists them.
    pub(super) fn allowed(&self) -> String {
        let names = self.0.iter().map(|(name, _)| match *name {
            "GET" => "GET, HEAD",
            name => name,
        });
        names.collect::<Vec<_>>().join(", ")
    }
}

impl Guards {
    pub(super) fn check(&self, request: &PageRequest) -> Result<(), PageResponse> {
        self.0.iter().try_for_each(|guard| guard(request))
    }
}

impl fmt::Debug for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.allowed())
    }
}

impl fmt::Debug for Guards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} guards", self.0.len())
    }
}
