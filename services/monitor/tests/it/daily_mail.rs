//! The daily mail as people get it.

use im_monitor::Zone;
use im_monitor::history::{MemoryHistory, Source};
use im_monitor::mail::{Curve, DailyFigures, ERRORS_METRIC, SUBJECTS, chart, figures, letter};
use im_monitor::sinks::Letter;

const DAY_S: u64 = 86_400;
/// A Tuesday, eight in the morning in China, which is its midnight in UTC.
const TUESDAY_S: u64 = 1_767_657_600;

/// Two Mondays, by the clocks of China.
fn store() -> MemoryHistory {
    let mut store = MemoryHistory::at(TUESDAY_S);
    let monday_s = TUESDAY_S - 32 * 3_600;
    let message = Source::of("message");
    for (from_s, times) in [(monday_s, 2.0), (monday_s - 7 * DAY_S, 1.0)] {
        for hour in 0..24 {
            let at_s = from_s + hour * 3_600;
            for subject in &SUBJECTS[..4] {
                match subject.title {
                    "Users online, peak" => {
                        store.gauge(&message, subject.metric, &[], at_s, hour as f64 * times);
                    }
                    _ => store.count(&message, subject.metric, &[], at_s, 100.0 * times),
                }
            }
        }
        let mut calls = |method: &str, code: &str, count: f64| {
            let labels = [("method", method), ("code", code)];
            store.count(&message, ERRORS_METRIC, &labels, from_s + 60, count * times);
        };
        calls("Send", "ok", 1_000.0);
        calls("Send", "internal", 3.0);
        calls("<script>", "unavailable", 40.0);
        // The day before and the day after are none of its business.
        store.count(&message, SUBJECTS[0].metric, &[], from_s - 60, 9_999.0);
        store.count(&message, SUBJECTS[0].metric, &[], from_s + DAY_S, 9_999.0);
    }
    store
}

fn daily() -> DailyFigures {
    let china = Zone::parse("+08:00").unwrap();
    figures(&store(), china, TUESDAY_S)
}

#[test]
fn it_holds_yesterday_against_the_same_day_of_last_week() {
    let daily = daily();
    assert_eq!(daily.date.to_string(), "2026-01-05");
    let told: Vec<_> = daily
        .figures
        .iter()
        .map(|f| (f.day, f.week_before))
        .collect();
    let total = (Some(4_800.0), Some(2_400.0));
    let peak = (Some(46.0), Some(23.0));
    assert_eq!(told, [total, peak, total, total, (None, None)]);
    let errors = daily.errors.iter();
    let errors: Vec<_> = errors
        .map(|e| (&*e.method, &*e.code, e.day, e.week_before))
        .collect();
    let expected = [
        ("<script>", "unavailable", 80.0, 40.0),
        ("Send", "internal", 6.0, 3.0),
    ];
    assert_eq!(errors, expected);
}

#[test]
fn its_text_stands_in_columns() {
    let letter = letter(&daily(), "http://im/");
    let title = SUBJECTS[0].title;
    let line = letter
        .text
        .lines()
        .find(|line| line.starts_with(title))
        .unwrap();
    let expected = format!("{title:<24}         4,800         2,400   +100.0 %");
    assert_eq!(line, expected);
    assert!(letter.text.contains("message <script> unavailable"));
    assert!(
        letter.subject.starts_with("[im] 2026-01-05: "),
        "{}",
        letter.subject
    );
}

#[test]
fn names_of_others_stay_text_in_its_html() {
    let rich = letter(&daily(), "http://im/?a=1&b=\"2\"").rich.unwrap();
    assert!(!rich.html.contains("<script>"));
    assert!(rich.html.contains("message &lt;script&gt;"));
    assert!(rich.html.contains("http://im/?a=1&amp;b=&quot;2&quot;"));
}

fn whole(letter: &Letter) -> String {
    let to = ["Ada <ada@example.org>".to_owned()];
    let message = letter.message("im <im@example.org>", &to).unwrap();
    String::from_utf8(message.formatted()).unwrap()
}

#[test]
fn it_is_text_and_html_with_pictures_inside() {
    let letter = letter(&daily(), "http://im/");
    let mail = whole(&letter);
    let order = [
        "Message-ID: <daily.2026-01-05.28800@im>",
        "Content-Type: multipart/alternative;",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Type: multipart/related;",
        "Content-Type: text/html; charset=utf-8",
        "Content-ID: <curve-0@im>",
        "Content-Disposition: inline",
        "Content-Type: image/png",
        "Content-ID: <curve-4@im>",
    ];
    let mut rest = mail.as_str();
    for part in order {
        let place = rest
            .find(part)
            .unwrap_or_else(|| panic!("{part} in {rest}"));
        rest = &rest[place + part.len()..];
    }
    let html = letter.rich.unwrap().html;
    for place in 0..SUBJECTS.len() {
        assert!(html.contains(&format!("src=\"cid:curve-{place}@im\"")));
    }
    // The same day again is the same mail.
    let again = im_monitor::mail::letter(&daily(), "http://im/");
    assert!(whole(&again).contains(order[0]));
}

#[test]
fn a_day_without_reports_says_so() {
    let empty = MemoryHistory::at(TUESDAY_S);
    let letter = letter(&figures(&empty, Zone::default(), TUESDAY_S), "http://im/");
    assert_eq!(letter.subject, "[im] 2026-01-05: nothing was reported");
    assert!(letter.text.contains("\nnothing\n"));
}

/// Red, green, blue of each pixel, and the width.
fn pixels(file: &[u8]) -> (Vec<[u8; 3]>, usize) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(file))
        .read_info()
        .unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    let pixels = bytes.chunks_exact(3).map(|p| [p[0], p[1], p[2]]);
    (pixels.collect(), info.width as usize)
}

#[test]
fn a_curve_is_where_its_figures_are_and_a_gap_is_a_gap() {
    const LINE: [u8; 3] = [21, 101, 192];
    let mut day = vec![Some(1.0); 96];
    day[48..60].fill(None);
    let (pixels, width) = pixels(&chart(&Curve {
        day: &day,
        before: &[],
    }));
    let blue = |column: usize| {
        let column = pixels.iter().skip(column).step_by(width);
        column.take(6).any(|pixel| *pixel == LINE)
    };
    let column = |step: f64| (step * width as f64 / 96.0) as usize;
    assert!(blue(column(10.0)) && blue(column(80.0)));
    assert!(!blue(column(54.0)));
}
