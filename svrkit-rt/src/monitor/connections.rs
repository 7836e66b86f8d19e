//! What the framework counts of connections.

use super::handles::Gauge;

crate::monitor! {
    /// Connections that servers of this process have open.
    static SERVER_OPEN: Gauge = "rpc_server_open_connections";
    /// Connections that servers took in.
    pub(crate) static ACCEPTED: Counter = "rpc_server_accepted_connections";
    /// Connections that servers sent away, because there were too many.
    pub(crate) static REFUSED: Counter = "rpc_server_refused_connections";
    /// Connections that servers sent away, because they did not show who they are.
    pub(crate) static UNPROVEN: Counter = "rpc_server_unproven_connections";
    /// Times that a connection could not be taken from the system.
    pub(crate) static ACCEPT_FAILURES: Counter = "rpc_server_accept_failures";

    /// Connections that channels of this process have open.
    static CLIENT_OPEN: Gauge = "rpc_client_open_connections";
    /// Connections that channels opened.
    pub(crate) static OPENED: Counter = "rpc_client_opened_connections";
    /// Times that a connection could not be opened.
    pub(crate) static OPEN_FAILURES: Counter = "rpc_client_open_failures";
}

/// Counts a connection as open while it lives.
#[derive(Debug)]
pub(crate) struct OpenConnection(&'static Gauge);

impl OpenConnection {
    pub(crate) fn of_server() -> OpenConnection {
        ACCEPTED.add(1);
        OpenConnection::enter(&SERVER_OPEN)
    }

    pub(crate) fn of_client() -> OpenConnection {
        OPENED.add(1);
        OpenConnection::enter(&CLIENT_OPEN)
    }

    fn enter(open: &'static Gauge) -> OpenConnection {
        open.add(1);
        OpenConnection(open)
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.add(-1);
    }
}
