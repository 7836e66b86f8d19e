//! What the framework counts of the instances behind its channels.

use super::handles::add;

crate::monitor! {
    /// Times that a channel left an instance alone since its calls went badly, by endpoint.
    static EJECTIONS: Counter = "rpc_client_ejections";
    /// Times that an instance passed the probe and was asked again, by endpoint.
    static READMISSIONS: Counter = "rpc_client_readmissions";
}

/// An instance is left alone. Rare: the breaker sees to that.
pub(crate) fn count_ejection(endpoint: &str) {
    add(EJECTIONS.labelled(&[("endpoint", endpoint)]), 1);
}

/// It is asked again.
pub(crate) fn count_readmission(endpoint: &str) {
    add(READMISSIONS.labelled(&[("endpoint", endpoint)]), 1);
}
