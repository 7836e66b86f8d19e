//! How clients outside call methods: paths and command ids, each of which names one method.

use std::collections::HashMap;

use super::Site;
use crate::diagnostic::Diagnostic;
use crate::model::{Cgi, Streaming};
use crate::options::{MethodPolicy, Ticket};

const CGI: (i32, &str) = (8, "cgi");
const PATH: (i32, &str) = (1, "path");
const CMD_ID: (i32, &str) = (2, "cmd_id");

pub(super) fn check(sites: &[Site<'_>], diagnostics: &mut Vec<Diagnostic>) {
    let mut by_path: HashMap<String, String> = HashMap::new();
    let mut by_cmd_id: HashMap<u32, String> = HashMap::new();
    for site in sites {
        let Some(cgi) = &site.policy.cgi else {
            continue;
        };
        if Streaming::of(&site.method) != Streaming::None {
            diagnostics.push(site.option_place(&[CGI]).says(format!(
                "`{}` streams, which clients outside cannot",
                site.method.name()
            )));
        }
        match cgi.path.as_deref() {
            None | Some("") => diagnostics.push(
                site.option_place(&[CGI])
                    .says("a cgi needs a path: `cgi { path: \"/cgi-bin/name\" }`"),
            ),
            Some(path) => {
                if let Some(message) = malformed(path) {
                    diagnostics.push(site.option_place(&[CGI, PATH]).says(message));
                } else if let Some(other) = by_path.get(path) {
                    diagnostics.push(
                        site.option_place(&[CGI, PATH])
                            .says(format!("cgi path `{path}` already belongs to {other}")),
                    );
                } else {
                    by_path.insert(path.to_owned(), site.full_name());
                }
            }
        }
        match cgi.cmd_id {
            None => {}
            Some(0) => diagnostics.push(
                site.option_place(&[CGI, CMD_ID])
                    .says("cgi cmd_id is 0, which means none: leave it out"),
            ),
            Some(cmd_id) => match by_cmd_id.get(&cmd_id) {
                Some(other) => diagnostics.push(
                    site.option_place(&[CGI, CMD_ID])
                        .says(format!("cgi cmd_id {cmd_id} already belongs to {other}")),
                ),
                None => {
                    by_cmd_id.insert(cmd_id, site.full_name());
                }
            },
        }
    }
}

pub(super) fn lower(policy: &MethodPolicy) -> Option<Cgi> {
    policy.cgi.as_ref().map(|cgi| Cgi {
        path: cgi.path.clone().unwrap_or_default(),
        cmd_id: cgi.cmd_id.unwrap_or(0),
        ticket_required: cgi.ticket() == Ticket::Required,
    })
}

fn malformed(path: &str) -> Option<String> {
    if !path.starts_with('/') {
        return Some(format!("cgi path `{path}` does not begin with `/`"));
    }
    let strange = |c: char| !c.is_ascii_graphic() || matches!(c, '?' | '#' | '%');
    path.contains(strange)
        .then(|| format!("cgi path `{path}` is no plain path: no spaces, `?`, `#` or `%`"))
}
