//! `[smtp]` and `[[sink]]` of the file.

use super::problem::Problems;
use super::rule::severity;
use super::section::Section;
use crate::sinks::{CA_FILE, HttpPlan, SinkKind, SinkPlan, SmtpPlan, SmtpTls};
use std::net::IpAddr;
use std::ops::Range;
use std::path::PathBuf;
use svrkit_rt::http_client::HttpTarget;

/// Seconds for a request or a mail, when nobody says otherwise.
const TIMEOUT_S: u64 = 10;
/// Seconds for a request or a mail, at most.
const TIMEOUT_S_MAX: u64 = 60;

const KINDS: [(&str, Kind); 4] = [
    ("log", Kind::Log),
    ("webhook", Kind::Webhook),
    ("alertmanager", Kind::Alertmanager),
    ("mail", Kind::Mail),
];
const TLS: [(&str, SmtpTls); 3] = [
    ("none", SmtpTls::None),
    ("starttls", SmtpTls::StartTls),
    ("tls", SmtpTls::Tls),
];

#[derive(Clone, Copy)]
enum Kind {
    Log,
    Webhook,
    Alertmanager,
    Mail,
}

pub(super) fn smtp(mut section: Section<'_>, problems: &mut Problems<'_>) -> Option<SmtpPlan> {
    let host = section.needed_text("host", problems);
    let tls_place = section.place("tls").unwrap_or(section.span());
    let tls = section.choice("tls", &TLS, problems);
    let tls = tls.unwrap_or(SmtpTls::StartTls);
    if let (Some((host, _)), SmtpTls::None) = (&host, tls)
        && !is_this_machine(host)
    {
        problems.add(
            tls_place,
            format!("mail to {host} is encrypted: starttls or tls"),
        );
    }
    let port = section.whole("port", 1..65_536, problems);
    let usual = match tls {
        SmtpTls::None => 25,
        SmtpTls::StartTls => 587,
        SmtpTls::Tls => 465,
    };
    let from = section.needed_text("from", problems);
    if let Some((from, span)) = &from {
        address(from, span.clone(), problems);
    }
    let user = section.text("user", problems);
    let password_file = section.text("password_file", problems);
    let login = match (user, password_file) {
        (Some((user, _)), Some((file, _))) => Some((user, PathBuf::from(file))),
        (None, None) => None,
        (Some((_, span)), None) | (None, Some((_, span))) => {
            problems.add(span, "user and password_file belong together");
            None
        }
    };
    let plan = SmtpPlan {
        host: host.map(|(host, _)| host).unwrap_or_default(),
        port: port.map_or(usual, |(port, _)| port as u16),
        tls,
        ca_file: ca_file(&mut section, problems),
        login,
        from: from.map(|(from, _)| from).unwrap_or_default(),
        timeout_s: timeout(&mut section, problems),
    };
    section.finish(problems);
    Some(plan)
}

/// The sink, and where its name stands.
pub(super) fn sink(
    mut section: Section<'_>,
    smtp: Option<&SmtpPlan>,
    problems: &mut Problems<'_>,
) -> Option<(SinkPlan, Range<usize>)> {
    let name = section.needed_name("name", problems);
    let least = severity(&mut section, problems);
    if section.place("kind").is_none() {
        problems.add(section.span(), "kind is missing");
    }
    let kind = match section.choice("kind", &KINDS, problems) {
        None => return None,
        Some(Kind::Log) => Some(SinkKind::Log),
        Some(Kind::Webhook) => http(&mut section, problems).map(SinkKind::Webhook),
        Some(Kind::Alertmanager) => http(&mut section, problems).map(SinkKind::Alertmanager),
        Some(Kind::Mail) => mail(&mut section, smtp, problems),
    };
    section.finish(problems);
    let ((name, place), kind) = (name?, kind?);
    Some((SinkPlan { name, least, kind }, place))
}

fn http(section: &mut Section<'_>, problems: &mut Problems<'_>) -> Option<HttpPlan> {
    let url = section.needed_text("url", problems);
    let bearer_file = section.text("bearer_file", problems);
    let ca_file = ca_file(section, problems);
    let timeout_s = timeout(section, problems);
    let (url, span) = url?;
    if let Err(error) = HttpTarget::parse(&url) {
        problems.add(span, error.to_string());
        return None;
    }
    Some(HttpPlan {
        url,
        bearer_file: bearer_file.map(|(file, _)| file.into()),
        ca_file,
        timeout_s,
    })
}

fn mail(
    section: &mut Section<'_>,
    smtp: Option<&SmtpPlan>,
    problems: &mut Problems<'_>,
) -> Option<SinkKind> {
    let to = recipients(section, problems);
    if smtp.is_none() {
        problems.add(section.span(), "a sink of kind mail needs [smtp]");
    }
    let smtp = smtp?.clone();
    Some(SinkKind::Mail { smtp, to })
}

/// At least one address under `to`.
pub(super) fn recipients(section: &mut Section<'_>, problems: &mut Problems<'_>) -> Vec<String> {
    let to = section.texts("to", problems);
    if to.is_empty() {
        problems.add(section.span(), "to names nobody");
    }
    for (one, span) in &to {
        address(one, span.clone(), problems);
    }
    to.into_iter().map(|(one, _)| one).collect()
}

fn address(text: &str, span: Range<usize>, problems: &mut Problems<'_>) {
    if let Err(error) = text.parse::<lettre::message::Mailbox>() {
        problems.add(span, format!("{text:?} is no mail address: {error}"));
    }
}

fn ca_file(section: &mut Section<'_>, problems: &mut Problems<'_>) -> PathBuf {
    let file = section.text("ca_file", problems);
    file.map_or(CA_FILE.into(), |(file, _)| file.into())
}

fn timeout(section: &mut Section<'_>, problems: &mut Problems<'_>) -> u64 {
    match section.seconds("timeout", TIMEOUT_S_MAX, problems) {
        Some((0, span)) => {
            problems.add(span, "timeout is at least 1s");
            TIMEOUT_S
        }
        Some((timeout_s, _)) => timeout_s,
        None => TIMEOUT_S,
    }
}

fn is_this_machine(host: &str) -> bool {
    let address: Option<IpAddr> = host.parse().ok();
    host == "localhost" || address.is_some_and(|address| address.is_loopback())
}
