//! How services call each other.

use crate::settings::{Settings, SettingsError};
use serde::{Deserialize, Serialize};
use svrkit_rt::{
    Balance, BreakerConfig, ChannelConfig, Codec, Compression, HedgeConfig, RetryConfig,
};

/// How all channels between services behave: section `[calls]`. What concerns the choice among instances counts where a service has more
/// than one. What each thing is for stands at [`ChannelConfig`].
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct Calls {
    /// Where this process stands; instances there are asked first. Default empty.
    pub zone: String,
    /// Whom to ask. Default `two_choices`.
    pub balance: Rule,
    /// Instances of a larger fleet that a process talks to. Default 64.
    pub subset_max: usize,
    /// Milliseconds in which an instance that joins others is led up to its share. Default 10,000.
    pub slow_start_ms: u64,
    /// Calls to a service that wait while none of its instances can be reached, for as long as they have time; further ones are refused.
    /// Default 16,384: what comes while a service that holds data is started anew under a full load, and some tens of megabytes.
    pub waiting_max: usize,
    /// Times that a call is made altogether; 1 turns repeating off. Default 3.
    pub attempts_max: u8,
    /// Calls of a hundred that may be made again. Default 10.
    pub retry_percent: u32,
    /// Calls a second that may be made again besides. Default 3.
    pub retry_per_s: u32,
    /// Calls of a hundred that may be made a second time while they take long; with `hedge_per_s` 0, 0 turns it off. Default 5.
    pub hedge_percent: u32,
    /// Calls a second besides. Default 1.
    pub hedge_per_s: u32,
    /// Calls in a row that go badly until an instance is left alone. Default 5.
    pub bad_in_a_row: u32,
    /// Percentage of calls in ten seconds that go badly until it is. Default 50.
    pub bad_percent: u32,
    /// Milliseconds that it is left alone at first; each further time twice as long. Default 1,000.
    pub ejection_ms: u64,
    /// Where that doubling ends. Default 60,000.
    pub ejection_ms_max: u64,
    /// Percentage of instances that may be left alone at once; 0 turns it off. Default 50.
    pub ejected_percent_max: u32,
    /// Whether calls are kept back that are less important than what the callee last said it admits. Default true.
    pub heeds_admission: bool,
    /// What requests and answers between processes are compressed with. Default `off`: it is time of processors for bytes of links, and a
    /// waste where processes share a machine. Callers and callees that have it set to different things, or not at all, understand each other.
    pub compression: Squeeze,
    /// Bytes of a body up to which it is sent as it is. Default 4,096.
    pub compress_above_bytes: usize,
}

/// As [`Codec`], or none.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Squeeze {
    /// Nothing is compressed.
    #[default]
    Off,
    /// LZ4, the quicker one.
    Lz4,
    /// Zstandard, the smaller one.
    Zstd,
}

/// As [`Balance`].
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The better of two drawn by weight.
    #[default]
    TwoChoices,
    /// In turn.
    RoundRobin,
    /// By the user or partition that a call is about.
    HashKey,
}

impl Calls {
    /// As in the settings.
    ///
    /// # Errors
    /// A name it does not know, or a value of another type.
    pub fn from_settings(settings: &Settings) -> Result<Calls, SettingsError> {
        settings.section("calls")
    }

    /// The same for a channel.
    pub fn channel(&self) -> ChannelConfig {
        ChannelConfig {
            balance: match self.balance {
                Rule::TwoChoices => Balance::TwoChoices,
                Rule::RoundRobin => Balance::RoundRobin,
                Rule::HashKey => Balance::HashKey,
            },
            zone: self.zone.clone(),
            subset_max: self.subset_max,
            slow_start_ms: self.slow_start_ms,
            breaker: BreakerConfig {
                bad_in_a_row: self.bad_in_a_row,
                bad_percent: self.bad_percent,
                ejection_ms: self.ejection_ms,
                ejection_ms_max: self.ejection_ms_max,
                ejected_percent_max: self.ejected_percent_max,
                ..BreakerConfig::default()
            },
            retry: RetryConfig {
                attempts_max: self.attempts_max,
                percent: self.retry_percent,
                per_s: self.retry_per_s,
                ..RetryConfig::default()
            },
            hedge: HedgeConfig {
                percent: self.hedge_percent,
                per_s: self.hedge_per_s,
                ..HedgeConfig::default()
            },
            waiting_calls_max: self.waiting_max,
            heeds_admission: self.heeds_admission,
            compression: self.compression(),
            ..ChannelConfig::default()
        }
    }

    /// What bodies are compressed with, in either direction.
    pub fn compression(&self) -> Compression {
        let codec = match self.compression {
            Squeeze::Off => None,
            Squeeze::Lz4 => Some(Codec::Lz4),
            Squeeze::Zstd => Some(Codec::Zstd),
        };
        Compression {
            codecs: codec.into_iter().collect(),
            above_bytes: self.compress_above_bytes,
        }
    }
}

impl Default for Calls {
    fn default() -> Calls {
        let ChannelConfig {
            zone,
            subset_max,
            slow_start_ms,
            breaker,
            retry,
            hedge,
            heeds_admission,
            compression,
            ..
        } = ChannelConfig::default();
        Calls {
            zone,
            balance: Rule::default(),
            subset_max,
            slow_start_ms,
            waiting_max: 16_384,
            attempts_max: retry.attempts_max,
            retry_percent: retry.percent,
            retry_per_s: retry.per_s,
            hedge_percent: hedge.percent,
            hedge_per_s: hedge.per_s,
            bad_in_a_row: breaker.bad_in_a_row,
            bad_percent: breaker.bad_percent,
            ejection_ms: breaker.ejection_ms,
            ejection_ms_max: breaker.ejection_ms_max,
            ejected_percent_max: breaker.ejected_percent_max,
            heeds_admission,
            compression: Squeeze::default(),
            compress_above_bytes: compression.above_bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_reaches_the_channel() {
        let mut settings = Settings::default();
        settings.set("calls.balance", "hash_key").unwrap();
        settings.set("calls.retry_percent", "20").unwrap();
        settings.set("calls.heeds_admission", "false").unwrap();
        settings.set("calls.waiting_max", "7").unwrap();
        let config = Calls::from_settings(&settings).unwrap().channel();
        assert_eq!(config.balance, Balance::HashKey);
        assert_eq!(config.retry.percent, 20);
        assert!(!config.heeds_admission);
        assert_eq!(config.waiting_calls_max, 7);
        assert_eq!(config.hedge.percent, HedgeConfig::default().percent);
        assert_eq!(config.compression, Compression::default());
        settings.set("calls.compression", "zstd").unwrap();
        let config = Calls::from_settings(&settings).unwrap().channel();
        assert_eq!(config.compression, Compression::with(Codec::Zstd));
        settings.set("calls.retries", "3").unwrap();
        Calls::from_settings(&settings).unwrap_err();
    }
}
