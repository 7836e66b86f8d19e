//! Settings of admission, each with a reason for its default.

use crate::admission::{DagorConfig, QueueTarget};
use crate::token_buckets::Rate;

/// What a server does when it has more to do than it can.
#[derive(Clone, Debug)]
pub struct AdmissionConfig {
    /// Handlers that run at once; a request beyond them waits for one. Default 8,192: a handler that waits for others costs some KiB of
    /// memory and no processor, so the bound is not to be met before the processors are. A service whose handlers take turns at
    /// something scarcer than processors is better off with as many as that has room for.
    pub handlers_max: usize,
    /// Requests that wait for a handler. Default 8,192. Overload control keeps the wait near [`QueueTarget`]; this is what holds while
    /// it has not yet.
    pub waiting_max: usize,
    /// How long requests may wait, in the mean.
    pub queue_target: QueueTarget,
    /// How what is admitted follows how long it waits.
    pub dagor: DagorConfig,
    /// Requests that one connection may make. Default any number: callers inside are trusted not to flood, and to heed what a server
    /// says that it admits.
    pub caller_rate: Option<Rate>,
}

impl Default for AdmissionConfig {
    fn default() -> AdmissionConfig {
        AdmissionConfig {
            handlers_max: 8_192,
            waiting_max: 8_192,
            queue_target: QueueTarget::default(),
            dagor: DagorConfig::default(),
            caller_rate: None,
        }
    }
}
