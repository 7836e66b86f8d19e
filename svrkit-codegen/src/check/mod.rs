//! What a change of the IDL would break for those who still have the older one: on the wire, in JSON, in policy.

mod messages;
mod older;
mod policy;
mod services;

use std::path::PathBuf;

use prost_reflect::{DescriptorPool, FileDescriptor};

use crate::diagnostic::Diagnostic;
use crate::places::{Place, whole_file};
use crate::sources::{Sources, is_own};

pub(crate) use older::older;

/// The older state to compare with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Against {
    /// A file with an encoded `google.protobuf.FileDescriptorSet`, such as the `.bin` beside generated code.
    DescriptorSet(PathBuf),
    /// A revision of the git repository in which the protos are.
    Revision(String),
}

impl Against {
    /// A path when there is such a file, else a git revision.
    pub fn parse(text: &str) -> Against {
        let path = PathBuf::from(text);
        if path.is_file() {
            Against::DescriptorSet(path)
        } else {
            Against::Revision(text.to_owned())
        }
    }
}

/// Everything that breaks, sorted by place.
pub(crate) fn breaks(newer: &Sources, older: &DescriptorPool) -> Vec<Diagnostic> {
    let mut report = Report {
        newer,
        breaks: Vec::new(),
    };
    let own: Vec<FileDescriptor> = older
        .files()
        .filter(|file| is_own(file.name(), file.package_name()))
        .collect();
    for file in &own {
        for message in file.messages() {
            messages::check(&message, &mut report);
        }
        for it in file.enums() {
            messages::check_enum(&it, &mut report);
        }
    }
    services::check(&own, &mut report);
    report.breaks.sort();
    report.breaks.dedup();
    report.breaks
}

/// The newer state, and what was found.
struct Report<'a> {
    newer: &'a Sources,
    breaks: Vec<Diagnostic>,
}

impl Report<'_> {
    fn push(&mut self, place: Place, message: impl Into<String>) {
        self.breaks.push(place.says(message));
    }

    /// Says something at the name of what `path` names.
    fn at(&mut self, file: &FileDescriptor, path: &[i32], message: impl Into<String>) {
        let place = self.newer.places.of_name(file.name(), path);
        self.push(place, message);
    }

    /// Says something at a file that may be gone itself.
    fn at_file(&mut self, file: &FileDescriptor, message: impl Into<String>) {
        let place = self.newer.places.of(file.name(), &[]);
        let place = match self.newer.pool.get_file_by_name(file.name()) {
            Some(_) => place,
            None => whole_file(file.name()),
        };
        self.push(place, message);
    }
}
