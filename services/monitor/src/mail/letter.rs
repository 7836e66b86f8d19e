//! The daily mail put together.

use super::chart::{Curve, chart};
use super::figures::DailyFigures;
use super::html::{html, picture_name};
use super::number::number;
use super::text::text;
use crate::sinks::{Letter, Rich};

/// The letter of a day. `page` is where people look for more.
pub fn letter(daily: &DailyFigures, page: &str) -> Letter {
    let told = daily.figures.iter().filter(|figure| figure.day.is_some());
    let told = told.map(|f| format!("{} {}", f.title.to_lowercase(), number(f.day)));
    let told: Vec<String> = told.take(3).collect();
    let subject = match told.is_empty() {
        true => format!("[im] {}: nothing was reported", daily.date),
        false => format!("[im] {}: {}", daily.date, told.join(", ")),
    };
    let pictures = daily.figures.iter().enumerate().map(|(place, figure)| {
        let curve = Curve {
            day: &figure.curve,
            before: &figure.curve_before,
        };
        (picture_name(place), chart(&curve))
    });
    Letter {
        subject,
        // The same each time it is sent: who gets a day twice, after a crash in between, can tell.
        id: Some(format!("<daily.{}.{}@im>", daily.date, daily.zone.east_s)),
        text: text(daily, page),
        rich: Some(Rich {
            html: html(daily, page),
            pictures: pictures.collect(),
        }),
    }
}
