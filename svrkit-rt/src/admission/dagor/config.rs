//! How the controller moves.

/// Settings of [`super::Dagor`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DagorConfig {
    /// Milliseconds after which a window closes. Default 1,000, the paper's.
    pub window_ms_max: u32,
    /// Requests after which it closes before that. Default 2,000, the paper's.
    pub window_requests_max: u32,
    /// Milliseconds before which it does not, however many requests came. Default 100: what one window decides must have had time to
    /// show in the next, and a queue of 20 ms does not drain in 4.
    pub window_ms_min: u32,
    /// Requests in a window below which nothing is shed for it. Default 32: a few that waited are no load.
    pub window_requests_min: u32,
    /// Part of the served load by which an overloaded window goes below it, for each queue target that whoever comes next would wait: by the
    /// queue that there is, or where none is seen by the mean wait. Default 0.02. (The paper's 0.05 is a part of what was admitted, which
    /// in an overloaded window is more than can be served.)
    pub cut: f64,
    /// The most that it goes below. Default 0.30.
    pub cut_max: f64,
    /// Part of the load that a window in good order admits more. Default 0.01, the paper's. Doubled for each window in a row without any
    /// queue to speak of, up to 1, so that a cut that was far too deep is made good in a few windows.
    pub raise: f64,
    /// Windows in which the memory of what comes at each level loses half its weight. Default 5.
    pub half_life_windows: f64,
}

impl Default for DagorConfig {
    fn default() -> DagorConfig {
        DagorConfig {
            window_ms_max: 1_000,
            window_requests_max: 2_000,
            window_ms_min: 100,
            window_requests_min: 32,
            cut: 0.02,
            cut_max: 0.30,
            raise: 0.01,
            half_life_windows: 5.0,
        }
    }
}
