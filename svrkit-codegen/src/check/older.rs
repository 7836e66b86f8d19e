//! The older state: from a descriptor set, or from git without a checkout.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use prost_reflect::DescriptorPool;
use protox::file::{File, FileResolver};

use super::Against;
use crate::diagnostic::Error;
use crate::sources;

/// Reads the older state. `only` names the protos that matter; all in `includes` unless given.
pub(crate) fn older(
    against: &Against,
    includes: &[PathBuf],
    only: Option<&[PathBuf]>,
) -> Result<DescriptorPool, Error> {
    match against {
        Against::DescriptorSet(path) => {
            let bytes = std::fs::read(path).map_err(Error::io(path))?;
            DescriptorPool::decode(bytes.as_slice()).map_err(|error| Error::DescriptorSet {
                origin: path.display().to_string(),
                message: error.to_string(),
            })
        }
        Against::Revision(revision) => at_revision(revision, includes, only),
    }
}

fn at_revision(
    revision: &str,
    includes: &[PathBuf],
    only: Option<&[PathBuf]>,
) -> Result<DescriptorPool, Error> {
    let mut names = BTreeSet::new();
    for include in includes {
        // Looked up first, so that a revision that does not exist is not taken for one without files.
        let commit = format!("{revision}^{{commit}}");
        git(include, &["rev-parse", "--verify", "--quiet", &commit])?;
        let listed = git(
            include,
            &["ls-tree", "-r", "-z", "--name-only", revision, "."],
        )?;
        names.extend(
            listed
                .split('\0')
                .filter(|name| name.ends_with(".proto"))
                .filter(|name| only.is_none_or(|only| only.contains(&include.join(name))))
                .map(str::to_owned),
        );
    }
    if names.is_empty() && only.is_none() {
        return Err(Error::NoProtos);
    }
    let folders = includes.iter().map(|include| GitFolder {
        revision: revision.to_owned(),
        folder: include.clone(),
    });
    let mut compiler = sources::compiler(folders);
    for name in &names {
        compiler
            .open_file(name)
            .map_err(|error| Error::DescriptorSet {
                origin: format!("{name} at {revision}"),
                message: format!("{error:?}"),
            })?;
    }
    Ok(compiler.descriptor_pool())
}

/// A folder as it was.
struct GitFolder {
    revision: String,
    folder: PathBuf,
}

impl FileResolver for GitFolder {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        let object = format!("{}:./{name}", self.revision);
        match git(&self.folder, &["show", &object]) {
            Ok(text) => File::from_source(name, &text),
            Err(_) => Err(protox::Error::file_not_found(name)),
        }
    }
}

/// Runs git in `folder` and gives what it printed.
fn git(folder: &Path, arguments: &[&str]) -> Result<String, Error> {
    let failed = |message: String| Error::Command {
        command: format!("git -C {} {}", folder.display(), arguments.join(" ")),
        message,
    };
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(failed(if said.is_empty() {
            output.status.to_string()
        } else {
            said
        }));
    }
    String::from_utf8(output.stdout).map_err(|error| failed(error.to_string()))
}
