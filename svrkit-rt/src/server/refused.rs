//! A request that is answered without a handler: what its caller is told, and as what it counts.

use crate::frame::encode_status;
use crate::monitor::rpc::Rejection;
use crate::status::{Code, Status};
use bytes::Bytes;
use std::sync::LazyLock;

/// Why a request is not let in, by how important it is and how many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAdmitted {
    /// It is less important than what is admitted now.
    Priority,
    /// As many wait for a handler as may.
    Waiting,
}

impl NotAdmitted {
    /// All of them, for those who have what they say ready.
    pub const ALL: [NotAdmitted; 2] = [NotAdmitted::Priority, NotAdmitted::Waiting];
}

/// `Overloaded`, and certainly never begun.
impl From<NotAdmitted> for Status {
    fn from(why: NotAdmitted) -> Status {
        Refusal::from(why).status()
    }
}

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

    pub(super) fn streams_per_connection() -> Refused {
        let message = "streams_per_connection_max: too many calls of this connection stream";
        Refused::new(Rejection::StreamsPerConnection, Status::overloaded(message))
    }

    pub(super) fn waiting() -> Refused {
        Refused::new(Rejection::Waiting, Refusal::Waiting.status())
    }

    pub(super) fn waited_too_long() -> Refused {
        let message = "overload: waited for half of its time";
        Refused::new(Rejection::WaitedTooLong, Status::overloaded(message))
    }

    pub(super) fn out_of_time() -> Refused {
        let message = "deadline passed while the request waited for a handler";
        Refused::new(Rejection::Deadline, Status::deadline_exceeded(message))
    }

    #[cfg(feature = "http")]
    pub(crate) fn caller_rate() -> Refused {
        Refusal::CallerRate.into()
    }

    pub(super) fn in_flight_bytes() -> Refused {
        let message = "in_flight_bytes_max: requests in flight hold too many bytes";
        Refused::new(Rejection::InFlightBytes, Status::overloaded(message))
    }
}

/// Refused by its header alone. There may be ten times as many of these as there are requests that are served, so what their callers are
/// told is made once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Less important than what is admitted now.
    Priority,
    /// As many wait for a handler as may.
    Waiting,
    /// Its connection makes too many requests.
    CallerRate,
    /// Its connection has shown no name, and the method is not for strangers.
    Stranger,
    /// The method is for others than its caller.
    NotAllowed,
}

/// Whose reasons the framework's own are.
const DOMAIN: &str = "svrkit";

/// By [`Refusal`].
static BODIES: LazyLock<[Bytes; 5]> = LazyLock::new(|| {
    [
        Refusal::Priority,
        Refusal::Waiting,
        Refusal::CallerRate,
        Refusal::Stranger,
        Refusal::NotAllowed,
    ]
    .map(|refusal| encode_status(&refusal.status()))
});

impl Refusal {
    pub(super) fn code(self) -> Code {
        match self {
            Refusal::Priority | Refusal::Waiting | Refusal::CallerRate => Code::Overloaded,
            Refusal::Stranger => Code::Unauthenticated,
            Refusal::NotAllowed => Code::PermissionDenied,
        }
    }

    pub(super) fn why(self) -> Rejection {
        match self {
            Refusal::Priority => Rejection::Priority,
            Refusal::Waiting => Rejection::Waiting,
            Refusal::CallerRate => Rejection::CallerRate,
            Refusal::Stranger => Rejection::Stranger,
            Refusal::NotAllowed => Rejection::NotAllowed,
        }
    }

    /// The body of the answer.
    pub(super) fn body(self) -> &'static Bytes {
        &BODIES[self as usize]
    }

    fn status(self) -> Status {
        let message = match self {
            Refusal::Priority => "overload: calls of this priority are not admitted now",
            Refusal::Waiting => "waiting_max: too many requests wait for a handler",
            Refusal::CallerRate => "caller_rate: too many requests of this connection",
            Refusal::Stranger => "auth: the method is for callers that have shown who they are",
            Refusal::NotAllowed => "auth: the method is not for this caller",
        };
        let status = Status::new(self.code(), message).with_not_started();
        match self {
            Refusal::Priority | Refusal::Waiting | Refusal::CallerRate => status,
            Refusal::Stranger => status.with_reason(DOMAIN, "STRANGER"),
            Refusal::NotAllowed => status.with_reason(DOMAIN, "CALLER_NOT_ALLOWED"),
        }
    }
}

impl From<NotAdmitted> for Refusal {
    fn from(why: NotAdmitted) -> Refusal {
        match why {
            NotAdmitted::Priority => Refusal::Priority,
            NotAdmitted::Waiting => Refusal::Waiting,
        }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Refused {
        Refused::new(refusal.why(), refusal.status())
    }
}
