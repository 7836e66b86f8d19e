//! What is in a recording: read from end to end before any call is made, so that a damaged file makes none.

use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use svrkit_rt::record::{FileEnd, ReadError, Reader, RecordedMethod};

use crate::cli::failure::Failure;
use crate::cli::press::report::{counted, rounded, thousands};
use crate::cli::terminal::Paint;

/// A recording that is not damaged.
#[derive(Debug)]
pub(super) struct Survey {
    pub(super) file: PathBuf,
    /// Calls of all methods, whether they are wanted or not.
    pub(super) whole_calls: u64,
    /// The wanted methods, by name.
    pub(super) methods: Vec<Surveyed>,
    /// When the first wanted call was recorded.
    pub(super) first: Duration,
    /// How long after it the last one was.
    pub(super) span: Duration,
    end: FileEnd,
    share: f64,
    started_us: u64,
}

/// A method of which calls are there.
#[derive(Debug)]
pub(super) struct Surveyed {
    pub(super) method: RecordedMethod,
    pub(super) calls: u64,
}

impl Survey {
    /// Reads all of `file`; `wanted` are ends of names, none means all.
    pub(super) fn of(file: &Path, wanted: &[String]) -> Result<Survey, Failure> {
        let read = |error: ReadError| unreadable(file, &error);
        let mut reader = Reader::open(file).map_err(read)?;
        let mut methods: Vec<Surveyed> = Vec::new();
        let mut whole_calls = 0;
        let mut times: Option<(Duration, Duration)> = None;
        while let Some(call) = reader.next_call().map_err(read)? {
            whole_calls += 1;
            let known = methods
                .iter_mut()
                .find(|it| it.method.number == call.method);
            let surveyed = match known {
                Some(surveyed) => surveyed,
                None => {
                    let named = reader.methods().find(|it| it.number == call.method);
                    let Some(method) = named.cloned() else {
                        continue;
                    };
                    methods.push(Surveyed { method, calls: 0 });
                    methods.last_mut().expect("it was pushed")
                }
            };
            surveyed.calls += 1;
            if is_wanted(&surveyed.method.full_name, wanted) {
                let (first, last) = times.unwrap_or((call.at, call.at));
                times = Some((first.min(call.at), last.max(call.at)));
            }
        }
        methods.sort_by(|a, b| a.method.full_name.cmp(&b.method.full_name));
        let names: Vec<String> = methods
            .iter()
            .map(|it| it.method.full_name.clone())
            .collect();
        for wanted in wanted {
            if !names.iter().any(|name| ends_with(name, wanted)) {
                let has = match names.is_empty() {
                    true => "none".to_owned(),
                    false => names.join(", "),
                };
                let file = file.display();
                return Err(Failure::usage(format!(
                    "{file} has no calls of {wanted}; it has {has}"
                )));
            }
        }
        methods.retain(|it| is_wanted(&it.method.full_name, wanted));
        let (first, last) = times.unwrap_or_default();
        Ok(Survey {
            file: file.to_owned(),
            whole_calls,
            methods,
            first,
            span: last - first,
            end: reader.end().cloned().unwrap_or(FileEnd::Torn { at: 0 }),
            share: reader.share(),
            started_us: reader.started_us(),
        })
    }

    /// Calls that are wanted.
    pub(super) fn calls(&self) -> u64 {
        self.methods.iter().map(|it| it.calls).sum()
    }

    /// Says what a user should know of the file before he trusts the figures.
    pub(super) fn warn(&self) {
        let file = self.file.display();
        match &self.end {
            FileEnd::Torn { at } => eprintln!(
                "warning: {file} is torn at byte {at}, behind {}: whoever recorded it was killed, or is still at it",
                counted(self.whole_calls as usize, "whole call"),
            ),
            FileEnd::Whole {
                dropped,
                unreadable,
                ..
            } if dropped + unreadable > 0 => eprintln!(
                "warning: while {file} was recorded, {} calls were dropped for want of room and {} were not the message of their IDL",
                thousands(*dropped),
                thousands(*unreadable),
            ),
            _ => {}
        }
    }

    /// In a line: how many calls, of how many methods, over what time.
    pub(super) fn summary(&self) -> String {
        format!(
            "{}: {} calls of {} in {:.1} s, a share of {}",
            self.file.display(),
            thousands(self.calls()),
            counted(self.methods.len(), "method"),
            self.span.as_secs_f64(),
            self.share,
        )
    }

    pub(super) fn text(&self) -> String {
        let mut text = self.summary();
        if let FileEnd::Whole { why, .. } = &self.end {
            // Writing to a string cannot fail.
            let _ = write!(text, "; {why}");
        }
        for Surveyed { method, calls } in &self.methods {
            let name = Paint::stdout().bold(&method.full_name);
            let _ = write!(text, "\n{:>11}  {name}", thousands(*calls));
        }
        text
    }

    pub(super) fn json(&self) -> Value {
        let methods = self.methods.iter().map(|it| {
            json!({
                "method": it.method.full_name,
                "id": it.method.id,
                "idempotent": it.method.idempotent,
                "calls": it.calls,
            })
        });
        let (ended, dropped, unreadable) = match &self.end {
            FileEnd::Whole {
                why,
                dropped,
                unreadable,
                ..
            } => (Some(why.to_string()), Some(dropped), Some(unreadable)),
            _ => (None, None, None),
        };
        json!({
            "file": self.file.display().to_string(),
            "calls": self.calls(),
            "methods": methods.collect::<Vec<Value>>(),
            "share": self.share,
            "started_us": self.started_us,
            "seconds": rounded(self.span.as_secs_f64()),
            "ended": ended,
            "dropped": dropped,
            "unreadable": unreadable,
        })
    }
}

/// A file that is of no use, and what and where.
pub(super) fn unreadable(file: &Path, error: &ReadError) -> Failure {
    let file = file.display();
    Failure::failed(match error.source() {
        Some(source) => format!("{file} {error}: {source}"),
        None => format!("{file} {error}"),
    })
}

fn is_wanted(name: &str, wanted: &[String]) -> bool {
    wanted.is_empty() || wanted.iter().any(|wanted| ends_with(name, wanted))
}

/// Whether a method's full name is, or ends in, `wanted`.
fn ends_with(name: &str, wanted: &str) -> bool {
    let before = name.strip_suffix(wanted);
    before.is_some_and(|before| before.is_empty() || before.ends_with(['.', '/']))
}

#[cfg(test)]
mod tests {
    use super::ends_with;

    #[test]
    fn the_end_of_a_name_is_a_whole_one() {
        let name = "hello.v1.Greeter/SayHello";
        for wanted in [name, "v1.Greeter/SayHello", "Greeter/SayHello", "SayHello"] {
            assert!(ends_with(name, wanted), "{wanted}");
        }
        for wanted in [
            "Hello",
            "eeter/SayHello",
            "Greeter",
            "x.hello.v1.Greeter/SayHello",
        ] {
            assert!(!ends_with(name, wanted), "{wanted}");
        }
    }
}
