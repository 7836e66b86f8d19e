//! `[daily_mail]` of the file.

use super::problem::Problems;
use super::section::Section;
use super::sinks::recipients;
use crate::calendar::{Zone, time_of_day};
use crate::mail::DailyMail;
use crate::sinks::SmtpPlan;

/// When nobody says otherwise: before people begin to work.
const SENT_AT_S: u64 = 8 * 3_600;

pub(super) fn daily_mail(
    mut section: Section<'_>,
    smtp: Option<&SmtpPlan>,
    problems: &mut Problems<'_>,
) -> Option<DailyMail> {
    let to = recipients(&mut section, problems);
    let at_s = match section.text("at", problems) {
        None => SENT_AT_S,
        Some((text, span)) => time_of_day(&text).unwrap_or_else(|| {
            problems.add(span, r#"at is a time of day such as "08:00""#);
            SENT_AT_S
        }),
    };
    let zone = match section.text("zone", problems) {
        None => Zone::default(),
        Some((text, span)) => Zone::parse(&text).unwrap_or_else(|| {
            problems.add(
                span,
                r#"zone is "UTC", or a distance from it such as "+08:00""#,
            );
            Zone::default()
        }),
    };
    if smtp.is_none() {
        problems.add(section.span(), "the daily mail needs [smtp]");
    }
    section.finish(problems);
    Some(DailyMail {
        smtp: smtp?.clone(),
        to,
        at_s,
        zone,
    })
}
