//! Alarms that nobody wants to hear of for a while: who said so, until when, and why.

use super::labels::Labels;
use super::matcher::Matcher;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Silences at a time.
pub const SILENCES_MAX: usize = 1_000;
/// Minutes of the longest silence: 30 days. What is to be silent for longer is a rule to be changed.
pub const SILENCE_MINUTES_MAX: u64 = 30 * 24 * 60;
/// Bytes of an author's name.
pub const AUTHOR_BYTES_MAX: usize = 100;
/// Bytes of a comment.
pub const COMMENT_BYTES_MAX: usize = 1_000;
/// Labels of a matcher.
pub const MATCHER_LABELS_MAX: usize = 16;
/// Bytes of a label's name, or of its value.
pub const LABEL_BYTES_MAX: usize = 200;

/// What somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SilenceRequest {
    /// Which alarms.
    pub matcher: Matcher,
    /// For how long.
    pub minutes: u64,
    /// Who asks.
    pub author: String,
    /// Why.
    pub comment: String,
}

/// A silence in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Its name.
    pub id: String,
    /// Which alarms.
    pub matcher: Matcher,
    /// Since when, unix seconds.
    pub from_s: u64,
    /// Until when, unix seconds.
    #[serde(rename = "until")]
    pub until_s: u64,
    /// Who asked for it.
    pub author: String,
    /// Why.
    pub comment: String,
}

/// Why a silence is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SilenceError {
    /// Its matcher has no label: it would hide everything.
    MatchesAll,
    /// Its matcher has too many labels, or too long ones.
    MatcherTooLarge,
    /// Not between one and [`SILENCE_MINUTES_MAX`].
    Minutes,
    /// Empty, or more than [`AUTHOR_BYTES_MAX`].
    Author,
    /// More than [`COMMENT_BYTES_MAX`].
    Comment,
    /// There are [`SILENCES_MAX`].
    TooMany,
}

/// All silences in force, in the order they were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Silences(Vec<Silence>);

impl Silences {
    /// Takes one over.
    pub(crate) fn add(
        &mut self,
        request: SilenceRequest,
        now_s: u64,
    ) -> Result<Silence, SilenceError> {
        self.expire(now_s);
        check(&request)?;
        if self.0.len() >= SILENCES_MAX {
            return Err(SilenceError::TooMany);
        }
        let silence = Silence {
            id: format!("{:016x}", fastrand::u64(..)),
            matcher: request.matcher,
            from_s: now_s,
            until_s: now_s + request.minutes * 60,
            author: request.author,
            comment: request.comment,
        };
        self.0.push(silence.clone());
        Ok(silence)
    }

    /// Ends one; `false` when there is none of this name.
    pub(crate) fn remove(&mut self, id: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|silence| silence.id != id);
        self.0.len() < before
    }

    /// Forgets those that are over; whether there were any.
    pub(crate) fn expire(&mut self, now_s: u64) -> bool {
        let before = self.0.len();
        self.0.retain(|silence| silence.until_s > now_s);
        self.0.len() < before
    }

    /// Whether an alarm with these labels is silenced.
    pub fn hide(&self, labels: &Labels) -> bool {
        self.0.iter().any(|silence| silence.matcher.finds(labels))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Silence> {
        self.0.iter()
    }
}

fn check(request: &SilenceRequest) -> Result<(), SilenceError> {
    let labels = &request.matcher.0;
    let long = |(name, value): (&String, &String)| name.len().max(value.len()) > LABEL_BYTES_MAX;
    if labels.is_empty() {
        Err(SilenceError::MatchesAll)
    } else if labels.len() > MATCHER_LABELS_MAX || labels.iter().any(long) {
        Err(SilenceError::MatcherTooLarge)
    } else if !(1..=SILENCE_MINUTES_MAX).contains(&request.minutes) {
        Err(SilenceError::Minutes)
    } else if request.author.trim().is_empty() || request.author.len() > AUTHOR_BYTES_MAX {
        Err(SilenceError::Author)
    } else if request.comment.len() > COMMENT_BYTES_MAX {
        Err(SilenceError::Comment)
    } else {
        Ok(())
    }
}

impl fmt::Display for SilenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SilenceError::MatchesAll => write!(f, "a silence names at least one label"),
            SilenceError::MatcherTooLarge => write!(
                f,
                "a matcher has at most {MATCHER_LABELS_MAX} labels of {LABEL_BYTES_MAX} bytes"
            ),
            SilenceError::Minutes => {
                write!(f, "a silence lasts 1 to {SILENCE_MINUTES_MAX} minutes")
            }
            SilenceError::Author => {
                write!(
                    f,
                    "an author has a name of at most {AUTHOR_BYTES_MAX} bytes"
                )
            }
            SilenceError::Comment => {
                write!(f, "a comment has at most {COMMENT_BYTES_MAX} bytes")
            }
            SilenceError::TooMany => write!(f, "there are {SILENCES_MAX} silences already"),
        }
    }
}

impl std::error::Error for SilenceError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(minutes: u64) -> SilenceRequest {
        let labels = [("host".to_owned(), "a".to_owned())];
        SilenceRequest {
            matcher: Matcher(labels.into()),
            minutes,
            author: "ada".to_owned(),
            comment: String::new(),
        }
    }

    #[test]
    fn it_holds_until_its_time_and_no_longer() {
        let mut silences = Silences::default();
        let silence = silences.add(request(2), 1_000).unwrap();
        assert_eq!(silence.until_s, 1_120);
        assert!(!silences.expire(1_119));
        assert!(silences.hide(&silence.matcher.0));
        assert!(silences.expire(1_120));
        assert!(!silences.hide(&silence.matcher.0));
    }

    #[test]
    fn what_would_hide_everything_or_for_ever_is_refused() {
        let mut silences = Silences::default();
        let mut refused = |request| silences.add(request, 0).unwrap_err();
        let all = SilenceRequest {
            matcher: Matcher::default(),
            ..request(1)
        };
        assert_eq!(refused(all), SilenceError::MatchesAll);
        assert_eq!(refused(request(0)), SilenceError::Minutes);
        let long = SILENCE_MINUTES_MAX + 1;
        assert_eq!(refused(request(long)), SilenceError::Minutes);
        let nobody = SilenceRequest {
            author: " ".to_owned(),
            ..request(1)
        };
        assert_eq!(refused(nobody), SilenceError::Author);
    }

    #[test]
    fn there_is_an_end_to_their_number() {
        let mut silences = Silences::default();
        for _ in 0..SILENCES_MAX {
            silences.add(request(1), 0).unwrap();
        }
        assert_eq!(silences.add(request(1), 0), Err(SilenceError::TooMany));
        // Those that are over make room.
        silences.add(request(1), 60).unwrap();
    }
}
