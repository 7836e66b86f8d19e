//! Policy: promises to callers that were taken back.

use super::Report;
use super::services::OldMethod;
use crate::lower::Site;
use crate::model::Streaming;
use crate::options::Ticket;

/// What the runtime takes when the IDL is silent.
const DEFAULT_TIMEOUT_MS: u32 = 500;
/// The same for a method that streams.
const DEFAULT_STREAM_TIMEOUT_MS: u32 = 3_600_000;

const CGI: (i32, &str) = (8, "cgi");

pub(super) fn check(old: &OldMethod, site: &Site<'_>, report: &mut Report<'_>) {
    let new = site.effective();
    let mut say = |fields: &[(i32, &str)], message: String| {
        let message = format!("{}: {message}", old.full_name);
        report.push(site.option_place(fields), message);
    };
    let default = match Streaming::of(&site.method) {
        Streaming::None => DEFAULT_TIMEOUT_MS,
        _ => DEFAULT_STREAM_TIMEOUT_MS,
    };
    let timeout_ms = |it: Option<u32>| it.unwrap_or(default);
    let (was, is) = (
        timeout_ms(old.policy.timeout_ms),
        timeout_ms(new.timeout_ms),
    );
    if is < was {
        say(
            &[(2, "timeout_ms")],
            format!("timeout cut from {was} to {is} ms"),
        );
    }
    if old.policy.idempotent == Some(true) && new.idempotent != Some(true) {
        say(&[(3, "idempotent")], "idempotency withdrawn".to_owned());
    }
    if old.policy.never_compressed == Some(true) && new.never_compressed != Some(true) {
        let message = "may be compressed now, and might not".to_owned();
        say(&[(10, "never_compressed")], message);
    }
    for (field, was, is) in [
        (
            (6, "max_request_bytes"),
            old.policy.max_request_bytes,
            new.max_request_bytes,
        ),
        (
            (7, "max_response_bytes"),
            old.policy.max_response_bytes,
            new.max_response_bytes,
        ),
    ] {
        // Without a limit of its own, a method had the server's.
        match (was, is) {
            (Some(was), Some(is)) if is < was => {
                say(&[field], format!("{} cut from {was} to {is}", field.1));
            }
            (None, Some(is)) => say(&[field], format!("{} cut from none to {is}", field.1)),
            _ => {}
        }
    }
    check_cgi(old, site, &mut say);
}

/// Says something at an option, given as numbers and names from the outermost field on.
type Say<'a> = dyn FnMut(&[(i32, &str)], String) + 'a;

fn check_cgi(old: &OldMethod, site: &Site<'_>, say: &mut Say<'_>) {
    let Some(was) = &old.policy.cgi else {
        return;
    };
    let Some(is) = &site.policy.cgi else {
        return say(&[CGI], format!("cgi `{}` removed", was.path()));
    };
    if was.path() != is.path() {
        say(
            &[CGI, (1, "path")],
            format!("cgi path changed from `{}` to `{}`", was.path(), is.path()),
        );
    }
    match (was.cmd_id, is.cmd_id) {
        (Some(was), Some(is)) if was != is => say(
            &[CGI, (2, "cmd_id")],
            format!("cgi cmd_id changed from {was} to {is}"),
        ),
        (Some(was), None) => say(&[CGI, (2, "cmd_id")], format!("cgi cmd_id {was} removed")),
        _ => {}
    }
    if was.ticket() == Ticket::None && is.ticket() == Ticket::Required {
        say(
            &[CGI, (3, "ticket")],
            "the cgi requires a ticket now, and did not".to_owned(),
        );
    }
}
