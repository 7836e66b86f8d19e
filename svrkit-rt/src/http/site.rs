//! What stands behind which path.

use super::builtin::{BuiltinPage, BuiltinPages};
use super::codec::Types;
use super::options::HttpOptions;
use super::pages::{Mounted, Pages};
use super::tickets::Tickets;
use crate::builtin::HealthHandle;
use crate::descriptor::{MethodDescriptor, ServiceDescriptor, Ticket};
use std::collections::HashMap;
use std::io;
use std::sync::Arc;

/// Every path of a server, and what serving them needs.
#[derive(Debug)]
pub(crate) struct Site {
    routes: HashMap<String, Route>,
    builtin: BuiltinPages,
    pages: Mounted,
    options: HttpOptions,
    tickets: Tickets,
}

/// A path by which a method is called.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) method: &'static MethodDescriptor,
    pub(super) types: Arc<Types>,
    pub(super) door: Door,
}

/// Where a call comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    /// `/<package>.<Service>/<Method>`: for callers inside, as open as frames are, whatever the IDL says of tickets. What must
    /// not be reached from outside must not be on a port that is.
    Inside,
    /// The CGI path, by ticket if the IDL says so.
    Outside(Ticket),
}

impl Site {
    /// # Errors
    /// `InvalidInput` when two methods, or a method and a page, have the same path, or a page's path is none.
    pub(crate) fn new(
        services: &[&'static ServiceDescriptor],
        options: HttpOptions,
        tickets: Tickets,
        pages: Pages,
        health: HealthHandle,
    ) -> io::Result<Site> {
        let pages = Mounted::new(pages)?;
        let mut routes: HashMap<String, Route> = HashMap::new();
        let mut with_types = Vec::new();
        for service in services {
            let types = Arc::new(Types::new(service.file_descriptor_set));
            with_types.push((*service, types.clone()));
            for method in service.methods {
                let inside = Some((format!("/{}", method.full_name), Door::Inside));
                let outside = method
                    .cgi
                    .map(|cgi| (cgi.path.to_owned(), Door::Outside(cgi.ticket)));
                for (path, door) in inside.into_iter().chain(outside) {
                    let route = Route {
                        method,
                        types: types.clone(),
                        door,
                    };
                    let page = BuiltinPage::at(&path).is_some() || pages.at(&path).is_some();
                    let page = page.then_some("a page");
                    let taken = routes.get(&path).map(|r| r.method.full_name).or(page);
                    if let Some(taken) = taken {
                        let message =
                            format!("{} and {taken} have the same path {path}", method.full_name);
                        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
                    }
                    routes.insert(path, route);
                }
            }
        }
        Ok(Site {
            routes,
            builtin: BuiltinPages::new(with_types, health),
            pages,
            options,
            tickets,
        })
    }

    pub(super) fn route(&self, path: &str) -> Option<&Route> {
        self.routes.get(path)
    }

    pub(super) fn builtin(&self) -> &BuiltinPages {
        &self.builtin
    }

    pub(super) fn pages(&self) -> &Mounted {
        &self.pages
    }

    pub(super) fn options(&self) -> &HttpOptions {
        &self.options
    }

    pub(super) fn tickets(&self) -> &Tickets {
        &self.tickets
    }
}
