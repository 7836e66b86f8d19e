//! A request that is answered without a handler: what its caller is told, and as what it counts.

use crate::monitor::rpc::Rejection;
use crate::status::Status;

#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) why: Rejection,
    pub(crate) status: Status,
}

impl Refused {
    /// `status` says that the handler never ran.
    pub(super) fn new(why: Rejection, status: Status) -> Refused {
        Refused {
            why,
            status: status.with_not_started(),
        }
    }

    pub(super) fn in_flight() -> Refused {
        let message = "in_flight_max: too many requests in flight";
        Refused::new(Rejection::InFlight, Status::overloaded(message))
    }

    pub(super) fn in_flight_per_connection() -> Refused {
        let message =
            "in_flight_per_connection_max: too many requests of this connection in flight";
        Refused::new(
            Rejection::InFlightPerConnection,
            Status::overloaded(message),
        )
    }

    pub(super) fn in_flight_bytes() -> Refused {
        let message = "in_flight_bytes_max: requests in flight hold too many bytes";
        Refused::new(Rejection::InFlightBytes, Status::overloaded(message))
    }
}
