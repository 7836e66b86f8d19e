//! What is wrong in a file, and where.

use std::fmt;
use std::ops::Range;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub what: String,
}

/// All mistakes of a file, in its order: `file:line:column: what`, a line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanError {
    /// The file's name.
    pub file: String,
    /// At least one.
    pub problems: Vec<Problem>,
}

/// Gathers mistakes.
#[derive(Debug)]
pub(crate) struct Problems<'a> {
    text: &'a str,
    found: Vec<(usize, Problem)>,
}

impl<'a> Problems<'a> {
    pub(crate) fn of(text: &'a str) -> Problems<'a> {
        let found = Vec::new();
        Problems { text, found }
    }

    /// A mistake at these bytes.
    pub(crate) fn add(&mut self, span: Range<usize>, what: impl Into<String>) {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |place| place + 1);
        let problem = Problem {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            what: what.into(),
        };
        self.found.push((span.start, problem));
    }

    /// `made`, unless there was a mistake.
    pub(crate) fn check<T>(mut self, file: &str, made: T) -> Result<T, PlanError> {
        if self.found.is_empty() {
            return Ok(made);
        }
        self.found.sort_by_key(|(start, _)| *start);
        Err(PlanError {
            file: file.to_owned(),
            problems: self.found.into_iter().map(|(_, problem)| problem).collect(),
        })
    }
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, problem) in self.problems.iter().enumerate() {
            let between = if place == 0 { "" } else { "\n" };
            let Problem { line, column, what } = problem;
            write!(f, "{between}{}:{line}:{column}: {what}", self.file)?;
        }
        Ok(())
    }
}

impl std::error::Error for PlanError {}
