//! Whether a server and its services take calls, after gRPC's health checking protocol.

use super::grpc::health::v1::health_check_response::ServingStatus as Wire;
use super::grpc::health::v1::{
    Health, HealthCheckRequest, HealthCheckResponse, HealthListRequest, HealthListResponse,
};
use crate::context::Context;
use crate::status::Status;
use crate::streaming::Sender;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;

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
pub struct HealthHandle(Arc<watch::Sender<Table>>);

#[derive(Debug)]
struct Table {
    /// By full name of the service; the whole server stands under the empty name.
    statuses: BTreeMap<String, ServingStatus>,
    draining: bool,
}

impl HealthHandle {
    pub(crate) fn new() -> HealthHandle {
        HealthHandle(Arc::new(watch::Sender::new(Table {
            statuses: BTreeMap::from([(String::new(), ServingStatus::Serving)]),
            draining: false,
        })))
    }

    /// Sets the status of a service by its full name, or of the whole server by the empty name. Neither changes the other. Names
    /// that are no service here may be set too, for parts that probers know by a name of their own.
    pub fn set(&self, service: impl Into<String>, status: ServingStatus) {
        let service = service.into();
        self.0.send_modify(|table| {
            table.statuses.insert(service, status);
        });
    }

    /// The status of a service by its full name, or of the whole server by the empty name; `None` for a name that was never set.
    pub fn status(&self, service: &str) -> Option<ServingStatus> {
        self.0.borrow().status(service)
    }

    /// Adds services of which nobody said anything yet.
    pub(crate) fn add<'a>(&self, services: impl Iterator<Item = &'a str>) {
        self.0.send_modify(|table| {
            for service in services {
                let entry = table.statuses.entry(service.to_owned());
                entry.or_insert(ServingStatus::Serving);
            }
        });
    }

    pub(crate) fn drain(&self) {
        self.0.send_modify(|table| table.draining = true);
    }
}

impl Table {
    fn status(&self, service: &str) -> Option<ServingStatus> {
        self.statuses.get(service).map(|status| self.seen(*status))
    }

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

    async fn watch(
        &self,
        _: &mut Context,
        request: HealthCheckRequest,
        mut answers: Sender<HealthCheckResponse>,
    ) -> Result<(), Status> {
        let mut table = self.0.subscribe();
        let mut told = None;
        loop {
            let (status, draining) = {
                let table = table.borrow_and_update();
                (table.status(&request.service), table.draining)
            };
            let status = status.map_or(Wire::ServiceUnknown, wire_status);
            if told.replace(status) != Some(status) {
                let status = status.into();
                answers.send(HealthCheckResponse { status }).await?;
            }
            if draining {
                return Err(Status::unavailable("draining"));
            }
            // The handle itself keeps the sender.
            let _ = table.changed().await;
        }
    }

    async fn list(
        &self,
        _: &mut Context,
        _: HealthListRequest,
    ) -> Result<HealthListResponse, Status> {
        let table = self.0.borrow();
        let statuses = table.statuses.iter();
        Ok(HealthListResponse {
            statuses: statuses
                .map(|(name, status)| (name.clone(), to_wire(table.seen(*status))))
                .collect(),
        })
    }
}

fn to_wire(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse {
        status: wire_status(status).into(),
    }
}

fn wire_status(status: ServingStatus) -> Wire {
    match status {
        ServingStatus::Serving => Wire::Serving,
        ServingStatus::NotServing => Wire::NotServing,
    }
}
