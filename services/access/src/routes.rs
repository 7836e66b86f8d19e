//! What clients may call: command id ↔ path ↔ method, out of the IDL.

use im_idl::access::Command;
use im_idl::client_methods;
use std::collections::HashMap;
use std::sync::Arc;
use svrkit_rt::{Channel, MethodDescriptor, Status, Ticket};

/// Bits that a client's second and further long links set in the command of their authentication.
const MINOR_LINK: u32 = 0xff00_0000;

/// What a command on a link asks for.
#[derive(Debug)]
pub(crate) enum Order<'a> {
    Auth,
    Noop,
    Signalling,
    Call(&'a Arc<Route>),
    Unknown,
}

/// Where calls of one method go.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) method: &'static MethodDescriptor,
    pub(crate) cmd: u32,
    pub(crate) ticket: Ticket,
    /// `None` when nobody said where the service is.
    pub(crate) channel: Option<Channel>,
}

impl Route {
    /// Whether the method takes a body of this size.
    ///
    /// # Errors
    /// `ResourceExhausted` when it is over the IDL's limit.
    pub(crate) fn check(&self, body: &[u8]) -> Result<&Channel, Status> {
        let max = self.method.request_bytes_max as usize;
        if max > 0 && body.len() > max {
            let message = format!("request is {} bytes, over {max}", body.len());
            return Err(Status::resource_exhausted(message).with_not_started());
        }
        let channel = self.channel.as_ref();
        channel.ok_or_else(|| Status::unavailable("this node does not know where that service is"))
    }
}

/// All routes.
#[derive(Debug)]
pub(crate) struct Routes {
    by_cmd: HashMap<u32, Arc<Route>>,
    by_path: HashMap<&'static str, Arc<Route>>,
}

impl Routes {
    pub(crate) fn new(services: &HashMap<String, Channel>) -> Routes {
        let mut routes = Routes {
            by_cmd: HashMap::new(),
            by_path: HashMap::new(),
        };
        for method in client_methods() {
            let Some(cgi) = method.cgi else { continue };
            let route = Arc::new(Route {
                method,
                cmd: cgi.cmd_id,
                ticket: cgi.ticket,
                channel: services.get(method.service).cloned(),
            });
            if cgi.cmd_id != 0 {
                routes.by_cmd.insert(cgi.cmd_id, route.clone());
            }
            routes.by_path.insert(cgi.path, route);
        }
        routes
    }

    pub(crate) fn order(&self, cmd: u32) -> Order<'_> {
        const AUTH: u32 = Command::Auth as u32;
        const AUTH_OF_MINOR_LINK: u32 = AUTH | MINOR_LINK;
        const NOOP: u32 = Command::Noop as u32;
        const SIGNALLING: u32 = Command::Signalling as u32;
        match cmd {
            AUTH | AUTH_OF_MINOR_LINK => Order::Auth,
            NOOP => Order::Noop,
            SIGNALLING => Order::Signalling,
            _ => self.by_cmd.get(&cmd).map_or(Order::Unknown, Order::Call),
        }
    }

    pub(crate) fn at_path(&self, path: &str) -> Option<&Arc<Route>> {
        self.by_path.get(path)
    }
}
