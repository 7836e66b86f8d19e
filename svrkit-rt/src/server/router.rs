//! From a method id to the generated service that has it.

use super::blocking::BlockingPool;
use crate::codegen::GeneratedService;
use crate::descriptor::{MethodDescriptor, ServiceDescriptor};
use crate::id_hasher::IdHasher;
use crate::monitor::rpc::MethodCounts;
use crate::record::Tap;
use crate::service::{Request, Response, Service};
use crate::status::Status;
use std::collections::HashMap;
use std::fmt;
use std::hash::BuildHasherDefault;
use std::sync::Arc;

/// The services of a server, by method id and by name: what its layers end in.
#[derive(Clone, Default)]
pub struct Router {
    routes: HashMap<u32, Route, BuildHasherDefault<IdHasher>>,
    services: Vec<&'static ServiceDescriptor>,
    pool: Option<BlockingPool>,
    tap: Tap,
}

#[derive(Clone)]
struct Route {
    service: Arc<dyn GeneratedService>,
    index: usize,
    blocking: bool,
    method: &'static MethodDescriptor,
    counts: &'static MethodCounts,
}

impl Router {
    /// Adds all methods of `service`.
    ///
    /// # Panics
    /// When a method id is taken: two services that cannot be told apart on the wire must not start together.
    pub(crate) fn add(&mut self, service: Arc<dyn GeneratedService>) {
        let descriptor = service.descriptor();
        for (index, method) in descriptor.methods.iter().enumerate() {
            let route = Route {
                service: service.clone(),
                index,
                blocking: service.is_blocking(index),
                method,
                counts: MethodCounts::of(method),
            };
            if let Some(other) = self.routes.insert(method.id, route) {
                panic!(
                    "{} and {} have the same command id {}",
                    method.full_name, other.method.full_name, method.id
                );
            }
        }
        self.services.push(descriptor);
    }

    pub(crate) fn set_blocking_pool(&mut self, pool: BlockingPool) {
        self.pool = Some(pool);
    }

    pub(crate) fn method(
        &self,
        id: u32,
    ) -> Option<(&'static MethodDescriptor, &'static MethodCounts)> {
        self.routes.get(&id).map(|r| (r.method, r.counts))
    }

    pub(crate) fn tap(&self) -> &Tap {
        &self.tap
    }

    pub(crate) fn services(&self) -> &[&'static ServiceDescriptor] {
        &self.services
    }
}

impl Service for Router {
    fn call(&self, request: Request) -> impl Future<Output = Result<Response, Status>> + Send {
        if self.tap.is_open() {
            self.tap.offer(&request);
        }
        match self.routes.get(&request.context.method.id) {
            None => crate::codegen::unknown_method(),
            Some(route) => match &self.pool {
                Some(pool) if route.blocking => {
                    let pool = pool.clone();
                    let (service, index) = (route.service.clone(), route.index);
                    let start = move |request| service.call(index, request);
                    Box::pin(async move { pool.run(request, start).await })
                }
                _ => route.service.call(route.index, request),
            },
        }
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.services.iter().map(|s| s.full_name))
            .finish()
    }
}
