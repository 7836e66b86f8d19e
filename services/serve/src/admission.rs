//! What a process does that has more to do than it can.

use crate::settings::{Settings, SettingsError};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use svrkit_rt::admission::{AdmitAll, QueueTarget};
use svrkit_rt::{Admission, AdmissionConfig, Rate};

/// How many requests a process takes on, and which: section `[admission]`. All servers of a process share one admission: what they have too
/// much to do for is the process's time. What callers do about it stands in `[calls]`.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct AdmissionSettings {
    /// Whether the less important requests are refused while others wait for too long. Without it the bounds below are all that holds.
    /// Default true.
    pub sheds: bool,
    /// Milliseconds that requests may wait for a handler, in the mean. Default 20.
    pub queue_target_ms_max: u32,
    /// The same in percent of the method's timeout; the smaller one holds. Default 4.
    pub queue_target_percent: u32,
    /// Milliseconds after which it is decided anew what is admitted. Default 1,000.
    pub window_ms_max: u32,
    /// Requests after which it is decided before that. Default 2,000.
    pub window_requests_max: u32,
    /// Handlers that run at once. Default 8,192.
    pub handlers_max: usize,
    /// Requests that wait for one. Default 8,192.
    pub waiting_max: usize,
    /// Requests of one connection at once; 0 for any number, which is the default: services of one backend trust each other, and clients
    /// have bounds of their own in `[access]`.
    pub caller_burst: u32,
    /// Microseconds that give one of them back. Default 100: 10,000 a second.
    pub caller_refill_us: u64,
}

impl AdmissionSettings {
    /// As in the settings.
    ///
    /// # Errors
    /// A name it does not know, or a value of another type.
    pub fn from_settings(settings: &Settings) -> Result<AdmissionSettings, SettingsError> {
        settings.section("admission")
    }

    /// The admission of a process.
    pub fn admission(&self) -> Admission {
        let config = self.config();
        match self.sheds {
            true => Admission::new(config),
            false => Admission::with_policy(config, Arc::new(AdmitAll)),
        }
    }

    fn config(&self) -> AdmissionConfig {
        let mut config = AdmissionConfig {
            handlers_max: self.handlers_max,
            waiting_max: self.waiting_max,
            queue_target: QueueTarget {
                queue_target_ms_max: self.queue_target_ms_max,
                timeout_percent: self.queue_target_percent,
            },
            caller_rate: (self.caller_burst > 0).then_some(Rate {
                burst: self.caller_burst,
                refill: Duration::from_micros(self.caller_refill_us),
            }),
            ..AdmissionConfig::default()
        };
        config.dagor.window_ms_max = self.window_ms_max;
        config.dagor.window_requests_max = self.window_requests_max;
        config
    }
}

impl Default for AdmissionSettings {
    fn default() -> AdmissionSettings {
        let AdmissionConfig {
            handlers_max,
            waiting_max,
            queue_target,
            dagor,
            ..
        } = AdmissionConfig::default();
        AdmissionSettings {
            sheds: true,
            queue_target_ms_max: queue_target.queue_target_ms_max,
            queue_target_percent: queue_target.timeout_percent,
            window_ms_max: dagor.window_ms_max,
            window_requests_max: dagor.window_requests_max,
            handlers_max,
            waiting_max,
            caller_burst: 0,
            caller_refill_us: 100,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_reaches_the_server() {
        let mut settings = Settings::default();
        let read = |settings: &Settings| AdmissionSettings::from_settings(settings);
        assert_eq!(read(&settings).unwrap().config().caller_rate, None);
        for (key, value) in [
            ("handlers_max", "7"),
            ("queue_target_percent", "8"),
            ("window_ms_max", "500"),
            ("caller_burst", "10"),
        ] {
            settings.set(&format!("admission.{key}"), value).unwrap();
        }
        let config = read(&settings).unwrap().config();
        assert_eq!(config.handlers_max, 7);
        assert_eq!(config.queue_target.timeout_percent, 8);
        assert_eq!(config.dagor.window_ms_max, 500);
        let rate = Rate {
            burst: 10,
            refill: Duration::from_micros(100),
        };
        assert_eq!(config.caller_rate, Some(rate));
        settings.set("admission.handler_max", "7").unwrap();
        read(&settings).unwrap_err();
    }
}
