//! The plan's file: what it says, and how it says what is wrong in it.

use crate::world::plan;
use im_monitor::alarms::{Against, Condition, Missing, Notify, Severity, Side};
use im_monitor::plan::Plan;
use im_monitor::sinks::{SinkKind, SmtpTls};

fn mistakes(text: &str) -> Vec<String> {
    let mistakes = Plan::parse(text, "p.toml").unwrap_err().to_string();
    mistakes.lines().map(str::to_owned).collect()
}

#[test]
fn the_built_in_plan_has_no_mistake() {
    let plan = Plan::built_in().unwrap_or_else(|mistakes| panic!("{mistakes}"));
    assert!(plan.watch.rules.len() >= 11);
    assert_eq!(plan.watch.notify, Notify::default());
    assert!(matches!(plan.sinks[..], [ref log] if log.kind == SinkKind::Log));
}

#[test]
fn an_empty_file_watches_nothing() {
    let plan = plan("");
    assert!(plan.watch.rules.is_empty() && plan.sinks.is_empty());
    assert!(plan.daily_mail.is_none());
}

#[test]
fn a_rule_says_what_it_means() {
    let plan = plan(
        r#"
        [[rule]]
        name = "changed"
        summary = "changed"
        severity = "critical"
        metric = "sent"
        service = "message"
        by = ["instance", "kind"]
        against = "last_week"
        down = 12.5
        floor = 1_000
        step = "5m"
        points = 2
        among = 3
        for = "90s"
        keep_firing_for = "1h"
        missing = "clear"
        "#,
    );
    let rule = &plan.watch.rules[0];
    assert_eq!((rule.points, rule.among, rule.step_s), (2, 3, 300));
    assert_eq!((rule.timing.for_s, rule.timing.keep_firing_s), (90, 3_600));
    assert_eq!(
        (rule.severity, rule.missing),
        (Severity::Critical, Missing::Clear)
    );
    let Condition::Change { change, .. } = &rule.condition else {
        panic!("{:?}", rule.condition);
    };
    assert_eq!(change.against, Against::LastWeek);
    assert_eq!((change.up_percent, change.down_percent), (None, Some(12.5)));
}

#[test]
fn points_alone_are_all_of_them() {
    let rule = r#"
        [[rule]]
        name = "a"
        summary = "a"
        metric = "m"
        below = -1
        points = 3
    "#;
    let rule = plan(rule).watch.rules.remove(0);
    assert_eq!((rule.points, rule.among), (3, 3));
    let Condition::Level { limit, .. } = rule.condition else {
        panic!("{:?}", rule.condition);
    };
    assert_eq!((limit.side, limit.at), (Side::Below, -1.0));
}

#[test]
fn all_mistakes_are_told_at_once_with_their_places() {
    let text = r#"[notify]
wait = 30
[[rule]]
name = "a b"
summary = "x"
metric = "m"
above = 1
abvoe = 2
severity = "bad"
[[rule]]
name = "two"
summary = ""
above = "1"
below = 2
step = "15s"
[[sink]]
name = "hook"
kind = "webhook"
url = "localhost:80"
"#;
    let expected = [
        "p.toml:2:8: wait is a string",
        "p.toml:4:8: name has at most 100 letters, digits, '_', '-', '.' and ':'",
        "p.toml:8:1: there is no key \"abvoe\" here; there are above, against, among, below, by, down, floor, for, host, instance, keep_firing_for, labels, metric, missing, name, no_data_for, over, points, service, severity, step, summary, up, value, volume",
        "p.toml:9:12: severity is one of warning, critical",
        "p.toml:10:1: metric is missing",
        "p.toml:12:11: summary is empty",
        "p.toml:13:9: above is a number",
        "p.toml:14:1: below beside above: a rule has one condition",
        "p.toml:15:8: step is a multiple of 10s that divides a day",
        "p.toml:19:7: \"localhost:80\" is no http address with a host",
    ];
    assert_eq!(mistakes(text), expected);
}

#[test]
fn what_is_no_toml_is_told_with_its_place() {
    let found = mistakes("[notify\nwait = \"1m\"\n");
    assert!(found[0].starts_with("p.toml:1:8: "), "{found:?}");
}

#[test]
fn what_does_not_go_together_is_refused() {
    let rule = "[[rule]]\nname = \"a\"\nsummary = \"a\"\nmetric = \"m\"\n";
    for (more, expected) in [
        (
            "",
            "p.toml:1:1: a rule has one of above, below, against and no_data_for",
        ),
        (
            "above = 1\nvolume = 3",
            "p.toml:6:10: volume is of a ratio: it needs over",
        ),
        (
            "above = 1\nup = 3",
            "p.toml:6:1: up is of a change: it needs against",
        ),
        (
            "against = \"yesterday\"",
            "p.toml:5:1: against needs up, down or both, in percent",
        ),
        (
            "no_data_for = \"5m\"\nover = { metric = \"n\" }",
            "p.toml:6:1: over needs above or below",
        ),
        (
            "above = 1\npoints = 3\namong = 2",
            "p.toml:6:10: 3 points of 2",
        ),
        (
            "above = 1\nfor = \"1y\"",
            "p.toml:6:7: for is a time such as \"90s\", \"5m\", \"4h\" or \"1d\"",
        ),
        ("above = nan", "p.toml:5:9: above is a number"),
        (
            "above = 1\nby = [\"a\", \"a\"]",
            "p.toml:6:12: by has \"a\" twice",
        ),
        (
            "above = 1\nhost = \"a\"\nservice = \"b\"",
            "p.toml:6:8: host: a figure is of one scope",
        ),
        (
            "above = 1\n[[rule]]\nname = \"a\"\nsummary = \"a\"\nmetric = \"m\"\nabove = 1",
            "p.toml:7:8: there is another rule \"a\"",
        ),
        (
            "above = 1\n[[inhibit]]\nsource = { rule = \"a\" }",
            "p.toml:6:1: target names no label: it would find no alarm",
        ),
    ] {
        assert_eq!(mistakes(&format!("{rule}{more}")), [expected], "{more}");
    }
}

#[test]
fn mail_is_sent_in_the_open_on_this_machine_only() {
    let smtp = |host: &str, tls: &str| {
        format!(
            "[smtp]\nhost = \"{host}\"\ntls = \"{tls}\"\nfrom = \"im@example.org\"\n[[sink]]\nname = \"m\"\nkind = \"mail\"\nto = \"a@example.org\"\n"
        )
    };
    let refused = mistakes(&smtp("mail.example.org", "none"));
    assert_eq!(
        refused,
        ["p.toml:3:1: mail to mail.example.org is encrypted: starttls or tls"]
    );
    for (host, tls, port, how) in [
        ("localhost", "none", 25, SmtpTls::None),
        ("mail.example.org", "starttls", 587, SmtpTls::StartTls),
        ("mail.example.org", "tls", 465, SmtpTls::Tls),
    ] {
        let plan = plan(&smtp(host, tls));
        let SinkKind::Mail { smtp, to } = &plan.sinks[0].kind else {
            panic!("{:?}", plan.sinks);
        };
        assert_eq!((smtp.port, smtp.tls), (port, how));
        assert_eq!(to, &["a@example.org"]);
    }
    let nobody = mistakes("[daily_mail]\nto = \"nobody\"\nat = \"25:00\"\n");
    assert_eq!(nobody.len(), 3, "{nobody:?}");
}

#[test]
fn the_examples_in_the_documentation_are_a_plan() {
    let text = include_str!("../../ALARMS.md");
    let examples = text.split("```toml\n").skip(1);
    let mut examples: Vec<&str> = examples.map(|e| e.split("```").next().unwrap()).collect();
    // Keys of no table come first in a file.
    examples.sort_by_key(|example| !example.starts_with("page"));
    let plan = plan(&examples.concat());
    assert_eq!((plan.watch.rules.len(), plan.sinks.len()), (1, 4));
    assert!(plan.daily_mail.is_some());
}
