//! The calls of a recording, one after the other, and from the beginning again if that is wanted.

use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::time::Duration;

use svrkit_rt::record::{ReadError, Reader, RecordedCall};

use super::pace::lap;
use super::survey::{Survey, unreadable};
use crate::cli::failure::Failure;

/// Reads the wanted calls.
#[derive(Debug)]
pub(super) struct Source {
    file: PathBuf,
    reader: Reader<BufReader<File>>,
    /// Places of the wanted methods among those of the survey, by their numbers in the file.
    places: HashMap<u16, usize>,
    /// Calls of the file that were surveyed: what is appended meanwhile does not count.
    whole_calls: u64,
    read: u64,
    first: Duration,
    /// What is added to the time of a call in this round.
    later: Duration,
    /// What a round adds; `None` when one is all.
    lap: Option<Duration>,
}

/// A call to make.
#[derive(Debug)]
pub(super) struct Next {
    /// Place of its method in the survey.
    pub(super) place: usize,
    /// When it was recorded, since the first one, with the rounds before.
    pub(super) at: Duration,
    pub(super) call: RecordedCall,
}

impl Source {
    pub(super) fn open(survey: &Survey, again: bool) -> Result<Source, Failure> {
        let reader = Reader::open(&survey.file).map_err(|it| unreadable(&survey.file, &it))?;
        let numbers = survey.methods.iter().map(|it| it.method.number);
        Ok(Source {
            file: survey.file.clone(),
            reader,
            places: numbers.zip(0..).collect(),
            whole_calls: survey.whole_calls,
            read: 0,
            first: survey.first,
            later: Duration::ZERO,
            lap: again.then(|| lap(survey.calls(), survey.span)),
        })
    }

    /// The next one; `None` after the last.
    ///
    /// # Errors
    /// The file is not any more what was surveyed.
    pub(super) fn next(&mut self) -> Result<Option<Next>, ReadError> {
        loop {
            let call = match self.read < self.whole_calls {
                true => self.reader.next_call()?,
                false => None,
            };
            let Some(call) = call else {
                let Some(lap) = self.lap.filter(|_| self.read > 0) else {
                    return Ok(None);
                };
                self.reader = Reader::open(&self.file)?;
                self.read = 0;
                self.later += lap;
                continue;
            };
            self.read += 1;
            if let Some(place) = self.places.get(&call.method) {
                return Ok(Some(Next {
                    place: *place,
                    at: call.at.saturating_sub(self.first) + self.later,
                    call,
                }));
            }
        }
    }
}
