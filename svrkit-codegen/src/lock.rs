//! `cmd_ids.lock`: which method ids were ever given away, so that none changes its meaning.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, Error};

/// Name of the file, beside the protos.
pub(crate) const FILE_NAME: &str = "cmd_ids.lock";

const HEADER: &str = "\
# Method ids that callers know. Check this file in; `svrkit gen` keeps it.
# A line a method: its id, its name, and `retired` once it is gone. An id is never given away twice.
";

/// The ids that were ever given away.
#[derive(Debug, Default)]
pub(crate) struct Lock {
    path: PathBuf,
    entries: BTreeMap<String, Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    id: u32,
    is_retired: bool,
}

/// Who has an id.
pub(crate) struct Owner<'a> {
    pub(crate) full_name: &'a str,
    pub(crate) is_retired: bool,
}

impl Lock {
    /// Reads the lock, if there is one.
    pub(crate) fn read(path: &Path) -> Result<Option<Lock>, Error> {
        match std::fs::read_to_string(path) {
            Ok(text) => Lock::parse(path, &text).map(Some).map_err(Error::Idl),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io(path)(error)),
        }
    }

    /// A lock that knows nothing yet.
    pub(crate) fn new(path: &Path) -> Lock {
        Lock {
            path: path.to_owned(),
            entries: BTreeMap::new(),
        }
    }

    fn parse(path: &Path, text: &str) -> Result<Lock, Vec<Diagnostic>> {
        let mut lock = Lock::new(path);
        let mut diagnostics = Vec::new();
        for (line, number) in text.lines().zip(1..) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let words: Vec<&str> = line.split_whitespace().collect();
            let entry = match words[..] {
                [id, name] => Some((id, name, false)),
                [id, name, "retired"] => Some((id, name, true)),
                _ => None,
            };
            let entry = entry.and_then(|(id, name, is_retired)| {
                let id = id.parse().ok()?;
                Some((name.to_owned(), Entry { id, is_retired }))
            });
            let message = match entry {
                Some((name, _)) if lock.entries.contains_key(&name) => {
                    format!("{name} has two lines")
                }
                Some((name, entry)) => {
                    lock.entries.insert(name, entry);
                    continue;
                }
                None => "expected an id and `package.Service/Method`".to_owned(),
            };
            diagnostics.push(Diagnostic {
                file: lock.shown(),
                line: number,
                column: 1,
                message,
            });
        }
        if diagnostics.is_empty() {
            Ok(lock)
        } else {
            Err(diagnostics)
        }
    }

    pub(crate) fn shown(&self) -> String {
        self.path.display().to_string()
    }

    /// The id that was given to a method.
    pub(crate) fn id_of(&self, full_name: &str) -> Option<u32> {
        self.entries.get(full_name).map(|entry| entry.id)
    }

    /// The method to which an id was given.
    pub(crate) fn owner_of(&self, id: u32) -> Option<Owner<'_>> {
        let mut owners = self.entries.iter().filter(|(_, entry)| entry.id == id);
        owners.next().map(|(full_name, entry)| Owner {
            full_name,
            is_retired: entry.is_retired,
        })
    }

    /// Takes in what an IDL says now: new methods get their line, methods gone from the `packages` that it covers are retired.
    /// A method that comes back with its old id gets its line back.
    pub(crate) fn update(&mut self, methods: &[(String, u32)], packages: &[String]) {
        for (name, entry) in &mut self.entries {
            if packages.iter().any(|package| package == package_of(name)) {
                entry.is_retired = true;
            }
        }
        for (name, id) in methods {
            let entry = Entry {
                id: *id,
                is_retired: false,
            };
            self.entries.insert(name.clone(), entry);
        }
    }

    /// The text of the file.
    pub(crate) fn text(&self) -> String {
        let mut text = HEADER.to_owned();
        for (name, entry) in &self.entries {
            let retired = if entry.is_retired { " retired" } else { "" };
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{} {name}{retired}", entry.id);
        }
        text
    }
}

/// `hello.v1` of `hello.v1.Greeter/SayHello`.
fn package_of(full_name: &str) -> &str {
    let service = full_name.split('/').next().unwrap_or(full_name);
    service.rsplit_once('.').map_or("", |(package, _)| package)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(text: &str) -> Lock {
        Lock::parse(Path::new("cmd_ids.lock"), text).expect("well formed")
    }

    #[test]
    fn a_method_that_is_gone_keeps_its_line_and_may_come_back() {
        let mut lock = lock("1 a.S/One\n2 a.S/Two\n3 b.S/Three\n");
        lock.update(&[("a.S/One".to_owned(), 1)], &["a".to_owned()]);
        let expected = format!("{HEADER}1 a.S/One\n2 a.S/Two retired\n3 b.S/Three\n");
        assert_eq!(lock.text(), expected);

        lock.update(
            &[("a.S/One".to_owned(), 1), ("a.S/Two".to_owned(), 2)],
            &["a".to_owned()],
        );
        let expected = format!("{HEADER}1 a.S/One\n2 a.S/Two\n3 b.S/Three\n");
        assert_eq!(lock.text(), expected);
    }

    #[test]
    fn a_line_that_makes_no_sense_is_shown() {
        let error = Lock::parse(Path::new("x.lock"), "# fine\n\nseven a.S/One\n");
        let shown: Vec<String> = error.unwrap_err().iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            ["x.lock:3:1: expected an id and `package.Service/Method`"]
        );
    }
}
