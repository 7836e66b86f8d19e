//! Numbers of a policy that cannot be meant.

use super::Site;
use crate::diagnostic::Diagnostic;
use crate::options::MethodPolicy;

/// Longest timeout: an hour. Whoever needs more wants a task, not a call.
const TIMEOUT_MS_MAX: u32 = 3_600_000;

pub(super) fn check(site: &Site<'_>, policy: &MethodPolicy, diagnostics: &mut Vec<Diagnostic>) {
    let mut say = |field: (i32, &str), message: String| {
        diagnostics.push(site.option_place(&[field]).says(message));
    };
    match policy.timeout_ms {
        Some(0) => say(
            (2, "timeout_ms"),
            "timeout_ms is 0, so that no call could be answered in time".to_owned(),
        ),
        Some(timeout_ms) if timeout_ms > TIMEOUT_MS_MAX => say(
            (2, "timeout_ms"),
            format!("timeout_ms is {timeout_ms}: at most {TIMEOUT_MS_MAX}, an hour"),
        ),
        _ => {}
    }
    if let Some(priority) = policy.priority.filter(|&it| it > u32::from(u8::MAX)) {
        say(
            (4, "priority"),
            format!("priority is {priority}: 0, the most important, to 255"),
        );
    }
    for (field, bytes) in [
        ((6, "max_request_bytes"), policy.max_request_bytes),
        ((7, "max_response_bytes"), policy.max_response_bytes),
    ] {
        if bytes == Some(0) {
            say(
                field,
                format!("{} is 0: leave it out for no limit", field.1),
            );
        }
    }
}
