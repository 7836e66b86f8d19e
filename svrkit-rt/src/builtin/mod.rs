//! The services that every server has without being asked: echo, health, and reflection.
//!
//! They are services like any other: a call to them passes the author's layers, is counted by the limits and shows in traces. A
//! layer that refuses callers refuses them here too, so nothing is open that the author believed closed; one that wants to let
//! probes and tools through compares `context.method.service` with [`BUILTIN_SERVICES`]. (The HTTP page `/health` passes no layer.)

#[path = "gen/mod.rs"]
mod generated;

mod echo;
mod health;
#[cfg(feature = "reflection")]
mod reflection;

pub use generated::{grpc, svrkit};
pub use health::{HealthHandle, ServingStatus};

use crate::codegen::GeneratedService;
#[cfg(feature = "reflection")]
use crate::descriptor::ServiceDescriptor;

/// Names of the services that this crate adds to every server; reflection is among them with feature `reflection` only.
pub const BUILTIN_SERVICES: [&str; 3] = [
    "svrkit.v1.Builtin",
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
];

pub(crate) fn echo() -> impl GeneratedService {
    svrkit::v1::BuiltinServer::new(echo::Echo)
}

pub(crate) fn health(handle: HealthHandle) -> impl GeneratedService {
    grpc::health::v1::HealthServer::new(handle)
}

/// Reflection on `services` and on itself.
#[cfg(feature = "reflection")]
pub(crate) fn reflection(services: &[&'static ServiceDescriptor]) -> impl GeneratedService {
    let own = &grpc::reflection::v1::SERVER_REFLECTION;
    let services = services.iter().copied().chain([own]);
    grpc::reflection::v1::ServerReflectionServer::new(reflection::Files::of(services))
}
