//! The daily mail: what the backend did yesterday, against the same day a week before, in figures and curves.
//!
//! `figures` asks the store; `text`, `html` and `chart` write it down; `schedule` says when, `sent` remembers, the [`Postman`] sends.

mod chart;
mod figures;
mod html;
mod letter;
mod number;
mod postman;
mod schedule;
mod sent;
mod settings;
mod subjects;
mod text;

pub use chart::{Curve, chart};
pub use figures::{DailyFigures, ErrorRow, Figure, figures};
pub use letter::letter;
pub use postman::Postman;
pub use sent::SentError;
pub use settings::DailyMail;
pub use subjects::{ERRORS_METRIC, OfDay, SUBJECTS, Subject};
