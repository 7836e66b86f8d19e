//! Whether a server and its services take calls, after gRPC's health checking protocol.

use super::grpc::health::v1::health_check_response::ServingStatus as Wire;
use super::grpc::health::v1::{
    Health, HealthCheckRequest, HealthCheckResponse, HealthListRequest, HealthListResponse,
};
use crate::context::Context;
use crate::status::Status;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

/// Whether calls are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServingStatus {
    /// Yes.
    Serving,
    /// Not now: send them elsewhere.
    NotServing,
}

/// Says how a server is to those who probe it; a cheap clone. The server and each of its services begin as
/// [`ServingStatus::Serving`]; from the beginning of a drain on, everything is [`ServingStatus::NotServing`] for good.
///
/// It informs and enforces nothing: a call to a service that is not serving is served.
#[derive(Clone, Debug)]
pub struct HealthHandle(Arc<Mutex<Table>>);

#[derive(Debug)]
struct Table {
    /// By full name of the service; the whole server stands under the empty name.
    statuses: BTreeMap<String, ServingStatus>,
    draining: bool,
}

impl HealthHandle {
    pub(crate) fn new() -> HealthHandle {
        HealthHandle(Arc::new(Mutex::new(Table {
            statuses: BTreeMap::from([(String::new(), ServingStatus::Serving)]),
            draining: false,
        })))
    }

    /// Sets the status of a service by its full name, or of the whole server by the empty name. Neither changes the other. Names
    /// that are no service here may be set too, for parts that probers know by a name of their own.
    pub fn set(&self, service: impl Into<String>, status: ServingStatus) {
        self.table().statuses.insert(service.into(), status);
    }

    /// The status of a service by its full name, or of the whole server by the empty name; `None` for a name that was never set.
    pub fn status(&self, service: &str) -> Option<ServingStatus> {
        let table = self.table();
        let status = *table.statuses.get(service)?;
        Some(table.seen(status))
    }

    /// Adds services of which nobody said anything yet.
    pub(crate) fn add<'a>(&self, services: impl Iterator<Item = &'a str>) {
        let mut table = self.table();
        for service in services {
            let entry = table.statuses.entry(service.to_owned());
            entry.or_insert(ServingStatus::Serving);
        }
    }

    pub(crate) fn drain(&self) {
        self.table().draining = true;
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // Every change is one assignment, so a panic elsewhere leaves nothing half-done.
        self.0.lock().unwrap_or_else(|e| e.into_inner())
    }
}

impl Table {
    fn seen(&self, status: ServingStatus) -> ServingStatus {
        match self.draining {
            true => ServingStatus::NotServing,
            false => status,
        }
    }
}

impl Health for HealthHandle {
    async fn check(
        &self,
        _: &mut Context,
        request: HealthCheckRequest,
    ) -> Result<HealthCheckResponse, Status> {
        match self.status(&request.service) {
            Some(status) => Ok(to_wire(status)),
            None => Err(Status::not_found(format!(
                "no service {:?}",
                request.service
            ))),
        }
    }

    async fn list(
        &self,
        _: &mut Context,
        _: HealthListRequest,
    ) -> Result<HealthListResponse, Status> {
        let table = self.table();
        let statuses = table.statuses.iter();
        Ok(HealthListResponse {
            statuses: statuses
                .map(|(name, status)| (name.clone(), to_wire(table.seen(*status))))
                .collect(),
        })
    }
}

fn to_wire(status: ServingStatus) -> HealthCheckResponse {
    let status = match status {
        ServingStatus::Serving => Wire::Serving,
        ServingStatus::NotServing => Wire::NotServing,
    };
    HealthCheckResponse {
        status: status.into(),
    }
}
