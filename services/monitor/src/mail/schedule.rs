//! When a daily mail is due.

use super::settings::DailyMail;
use crate::calendar::DAY_S;

/// A day by the clocks of the mail's zone, counted from 1970.
pub(super) type Day = u64;

/// The newest day whose mail may go out by now: it is sent on the day after the one that it tells of.
pub(super) fn newest(plan: &DailyMail, now_s: u64) -> Day {
    let local_s = plan.zone.local_s(now_s);
    local_s.saturating_sub(plan.at_s) / DAY_S
}

/// The day whose mail is due, when `sent` is the last one that was sent. After days without a centre one mail is sent, not all of them.
pub(super) fn due(plan: &DailyMail, sent: Day, now_s: u64) -> Option<Day> {
    let newest = newest(plan, now_s);
    (newest > sent).then_some(newest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Zone;
    use crate::sinks::{SmtpPlan, SmtpTls};

    fn at_eight(zone: &str) -> DailyMail {
        DailyMail {
            smtp: SmtpPlan {
                host: String::new(),
                port: 25,
                tls: SmtpTls::None,
                ca_file: "".into(),
                login: None,
                from: String::new(),
                timeout_s: 1,
            },
            to: Vec::new(),
            at_s: 8 * 3_600,
            zone: Zone::parse(zone).unwrap(),
        }
    }

    #[test]
    fn it_is_due_from_its_time_until_it_was_sent() {
        let plan = at_eight("UTC");
        let eight_s = 100 * DAY_S + 8 * 3_600;
        let sent = newest(&plan, eight_s - 1);
        assert_eq!(due(&plan, sent, eight_s - 1), None);
        assert_eq!(due(&plan, sent, eight_s), Some(100));
        assert_eq!(due(&plan, sent, eight_s + DAY_S - 1), Some(100));
        assert_eq!(due(&plan, 100, eight_s + DAY_S - 1), None);
    }

    #[test]
    fn eight_is_eight_where_people_are() {
        let plan = at_eight("+08:00");
        assert_eq!(due(&plan, 99, 100 * DAY_S - 1), None);
        assert_eq!(due(&plan, 99, 100 * DAY_S), Some(100));
    }

    #[test]
    fn days_that_were_missed_are_not_made_up_for() {
        let plan = at_eight("UTC");
        let noon_s = 100 * DAY_S + 12 * 3_600;
        assert_eq!(due(&plan, 90, noon_s), Some(100));
    }
}
