//! A request between its admission and its end, for those who do not serve frames.

use super::{Admission, Slot, Time};
use crate::context::Priority;
use crate::deadline::Deadline;
#[cfg(feature = "http")]
use crate::server::refused::Refusal;
use crate::server::refused::{NotAdmitted, Refused};
use crate::status::Status;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// A request that was let in. It counts as in flight for as long as this lives.
#[derive(Debug)]
pub struct InFlight {
    admission: Admission,
    slot: Option<Slot>,
    bytes: usize,
    time: Time,
    arrived: Instant,
    begun: bool,
}

impl Admission {
    /// Lets in a request that came at `arrived` by another way than a [`crate::Server`], such as a protocol of one's own, and that is usually
    /// given so much time. Whoever serves it first waits for its turn.
    ///
    /// # Errors
    /// Why not; nothing else has come of it.
    pub fn take(
        &self,
        priority: Priority,
        timeout: Duration,
        arrived: Instant,
    ) -> Result<InFlight, NotAdmitted> {
        let time = Time {
            timeout_ms: timeout.as_millis().try_into().unwrap_or(u32::MAX),
            deadline: Deadline::from(arrived, timeout),
        };
        self.admit(arrived, priority)?;
        let taken = self.enter_one(time, arrived, usize::MAX);
        taken.ok_or(NotAdmitted::Waiting)
    }

    /// The same for a request that arrived at `arrived`, among at most `in_flight_max`.
    #[cfg(feature = "http")]
    pub(crate) fn take_among(
        &self,
        priority: Priority,
        time: Time,
        arrived: Instant,
        in_flight_max: usize,
    ) -> Result<InFlight, Refused> {
        self.admit(arrived, priority).map_err(Refusal::from)?;
        let taken = self.enter_one(time, arrived, in_flight_max);
        taken.ok_or_else(|| match self.is_full() {
            true => Refused::waiting(),
            false => Refused::in_flight(),
        })
    }

    /// Has a request that was admitted enter, if there is room.
    fn enter_one(&self, time: Time, arrived: Instant, in_flight_max: usize) -> Option<InFlight> {
        let entry = self.enter(1, in_flight_max);
        if entry.entered == 0 {
            self.turned_away(arrived);
            return None;
        }
        Some(InFlight {
            admission: self.clone(),
            slot: Some(Slot::of(entry, 0)),
            bytes: 0,
            time,
            arrived,
            begun: false,
        })
    }
}

impl InFlight {
    /// Waits for its turn, if it must.
    ///
    /// # Errors
    /// `Overloaded` or `DeadlineExceeded`: its turn came too late.
    pub async fn turn(&mut self) -> Result<(), Status> {
        self.begin().await.map_err(|refused| refused.status)
    }

    /// The same, with the reason.
    pub(crate) async fn begin(&mut self) -> Result<(), Refused> {
        if let Some(slot) = &mut self.slot {
            let turn = self.admission.turn(slot);
            let turn = timeout_at(self.time.deadline.instant(), turn).await;
            turn.map_err(|_| Refused::out_of_time())?;
        }
        let queued = self.arrived.elapsed();
        self.admission.start(self.time, self.arrived, queued)?;
        self.begun = true;
        Ok(())
    }

    /// Has it hold so many bytes, among at most `in_flight_bytes_max` of all.
    #[cfg(feature = "http")]
    pub(crate) fn hold(&mut self, bytes: usize, in_flight_bytes_max: usize) -> Result<(), Refused> {
        if !self.admission.enter_bytes(bytes, in_flight_bytes_max) {
            return Err(Refused::in_flight_bytes());
        }
        self.bytes = bytes;
        Ok(())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            self.admission
                .leave(slot, self.bytes, self.arrived, self.begun);
        }
    }
}
