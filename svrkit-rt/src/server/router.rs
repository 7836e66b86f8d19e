//! From a method id to the generated service that has it.

use super::blocking::BlockingPool;
use crate::codegen::GeneratedService;
use crate::descriptor::{MethodDescriptor, ServiceDescriptor};
use crate::monitor::rpc::MethodCounts;
use crate::service::{Request, Response, Service};
use crate::status::Status;
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

/// The services of a server, by method id and by name: what its layers end in.
#[derive(Clone, Default)]
pub struct Router {
    routes: HashMap<u32, Route, BuildHasherDefault<IdHasher>>,
    services: Vec<&'static ServiceDescriptor>,
    pool: Option<BlockingPool>,
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

    pub(crate) fn services(&self) -> &[&'static ServiceDescriptor] {
        &self.services
    }
}

impl Service for Router {
    fn call(&self, request: Request) -> impl Future<Output = Result<Response, Status>> + Send {
        match self.routes.get(&request.context.method.id) {
            None => crate::codegen::unknown_method(),
            Some(route) if route.blocking => {
                let pool = self.pool.clone().unwrap_or_default();
                let (service, index) = (route.service.clone(), route.index);
                Box::pin(async move { pool.run(move || service.call(index, request)).await })
            }
            Some(route) => route.service.call(route.index, request),
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

/// Spreads numbers by one multiplication. Method ids come from our own table and request ids are bounded by the limit of requests
/// in flight, so there is nothing that a peer could flood.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(self.0 ^ *byte as u64);
        }
    }

    fn write_u32(&mut self, n: u32) {
        self.write_u64(n as u64);
    }

    fn write_u64(&mut self, n: u64) {
        let product = (n as u128).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
        self.0 = (product >> 64) as u64 ^ product as u64;
    }
}
