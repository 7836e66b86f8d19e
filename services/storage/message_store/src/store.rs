//! What all operations share: the engine, and what memory has of it.

use crate::bodies::Bodies;
use crate::config::Config;
use crate::devices::{Bounds, Devices};
use crate::fanned::Fanned;
use crate::figures::Rows;
use crate::layout::{self, DAY_MS};
use crate::resident::{Full, Resident};
use im_engine::{Engine, EngineError, Row, Scan, WriteError};
use svrkit_rt::{Code, Status};
use tokio::sync::RwLock;

/// Times that something lost to a concurrent change is tried again, each time after reading again.
pub(crate) const ATTEMPTS_MAX: usize = 4;
/// Rows of devices that one scan reads. Far more than there may be devices.
const DEVICE_ROWS_MAX: usize = 1_000;

pub(crate) struct Store {
    pub(crate) engine: Engine,
    pub(crate) config: Config,
    pub(crate) devices: Resident<Devices>,
    pub(crate) fanned: Resident<Fanned>,
    pub(crate) bodies: Bodies,
    /// Held alone by whoever decides what is deleted and deletes it; shared by whoever writes down a new device, since it decides that too.
    pub(crate) tidying: RwLock<()>,
    pub(crate) rows: Rows,
}

impl Store {
    pub(crate) fn new(config: Config, engine: Engine) -> Store {
        Store {
            devices: Resident::new(config.users_max),
            fanned: Resident::new(config.groups_max),
            bodies: Bodies::new(config.bodies_bytes_max),
            tidying: RwLock::default(),
            rows: Rows::new(),
            engine,
            config,
        }
    }

    pub(crate) fn bounds(&self) -> Bounds {
        Bounds {
            devices_max: self.config.devices_max,
            device_retention_ms: u64::from(self.config.device_retention_days) * DAY_MS,
            delete_rows_max: self.config.delete_rows_max,
        }
    }

    /// Looks at what is known of a user's devices, or changes it; loads it first when need be.
    pub(crate) async fn with_devices<T>(
        &self,
        uin: u64,
        mut f: impl FnMut(&mut Devices) -> T,
    ) -> Result<T, Status> {
        for _ in 0..ATTEMPTS_MAX {
            if let Some(result) = self.devices.with(uin, &mut f) {
                return Ok(result);
            }
            let ticket = self.devices.ticket();
            let page = self.engine.scan(Scan {
                rows_max: DEVICE_ROWS_MAX,
                ..Scan::prefix(layout::inbox(uin), layout::DEVICES)
            });
            let devices = Devices::load(&page.await?.rows);
            self.devices.put(ticket, uin, devices).map_err(full)?;
        }
        Err(full(Full))
    }

    /// The same of how far a group's fan-out is.
    pub(crate) async fn with_fanned<T>(
        &self,
        group: u64,
        mut f: impl FnMut(&mut Fanned) -> T,
    ) -> Result<T, Status> {
        for _ in 0..ATTEMPTS_MAX {
            if let Some(result) = self.fanned.with(group, &mut f) {
                return Ok(result);
            }
            let ticket = self.fanned.ticket();
            let row = self.row(layout::group_log(group), layout::FANNED).await?;
            let seq = row.and_then(|row| layout::last_number(&row.value));
            let seq = seq.unwrap_or(0);
            let written = seq;
            let fanned = Fanned { seq, written };
            self.fanned.put(ticket, group, fanned).map_err(full)?;
        }
        Err(full(Full))
    }

    /// One row.
    pub(crate) async fn row(
        &self,
        partition: bytes::Bytes,
        key: impl Into<bytes::Bytes>,
    ) -> Result<Option<Row>, EngineError> {
        let mut got = self.engine.get(partition, vec![key.into()], 0).await?;
        Ok(got.rows.pop().flatten())
    }
}

/// A condition's failure apart from the engine's.
pub(crate) fn lost(error: WriteError) -> Result<u64, Status> {
    match error {
        WriteError::Condition { version, .. } => Ok(version),
        WriteError::Engine(error) => Err(error.into()),
    }
}

/// Somebody else was faster each time.
pub(crate) fn contended() -> Status {
    Status::new(Code::Aborted, "others changed it again and again")
}

fn full(_: Full) -> Status {
    Status::new(
        Code::Overloaded,
        "too many users are waiting to be written down",
    )
}
