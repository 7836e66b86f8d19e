//! The files of an IDL: found, parsed by protox, and kept with every place in them.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use miette::Diagnostic as _;
use prost::Message as _;
use prost_reflect::{DescriptorPool, FileDescriptor};
use protox::file::{
    ChainFileResolver, File, FileResolver, GoogleFileResolver, IncludeFileResolver,
};

use crate::diagnostic::{Diagnostic, Error};
use crate::options;
use crate::places::{Place, Places, line_and_column, whole_file, words};

/// A parsed IDL.
#[derive(Debug)]
pub(crate) struct Sources {
    pub(crate) pool: DescriptorPool,
    pub(crate) places: Places,
    /// Every file on disk that had a say, imports too.
    pub(crate) files_read: Vec<PathBuf>,
    /// Every file by name, encoded without places and comments; imports stand before what imports them.
    encoded: Vec<(String, Vec<u8>)>,
}

/// A `FileDescriptorSet` whose files nobody looks into: what is encoded again stays what it was, options and all.
#[derive(Clone, PartialEq, prost::Message)]
struct EncodedSet {
    #[prost(bytes = "vec", repeated, tag = "1")]
    files: Vec<Vec<u8>>,
}

impl Sources {
    /// Parses `protos` and what they import from `includes`. All mistakes of all files come back at once.
    pub(crate) fn parse(includes: &[PathBuf], protos: &[PathBuf]) -> Result<Sources, Error> {
        let folders = includes.iter().cloned().map(IncludeFileResolver::new);
        let mut compiler = compiler(folders);

        let mut diagnostics = Vec::new();
        for proto in protos {
            if let Err(error) = compiler.open_file(proto) {
                explain(&error, includes, proto, &mut diagnostics);
            }
        }
        if !diagnostics.is_empty() {
            diagnostics.sort();
            diagnostics.dedup();
            return Err(Error::Idl(diagnostics));
        }

        let pool = compiler.descriptor_pool();
        let mut places = Places::default();
        let mut files_read = Vec::new();
        for file in compiler.files() {
            let (Some(path), Some(descriptor)) = (file.path(), pool.get_file_by_name(file.name()))
            else {
                continue;
            };
            let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
            files_read.push(path.to_owned());
            places.add(
                descriptor.file_descriptor_proto(),
                path.display().to_string(),
                text,
            );
        }
        files_read.sort();
        compiler.include_source_info(false);
        let set = EncodedSet::decode(compiler.encode_file_descriptor_set().as_slice())
            .map_err(|error| Error::Messages(error.to_string()))?;
        let names = compiler.files().map(|file| file.name().to_owned());
        Ok(Sources {
            encoded: names.zip(set.files).collect(),
            pool,
            places,
            files_read,
        })
    }

    /// The encoded `FileDescriptorSet` of the files of `package` and all that they import.
    pub(crate) fn descriptor_set(&self, package: &str) -> Vec<u8> {
        let mut wanted: HashSet<String> = HashSet::new();
        let mut waiting: Vec<FileDescriptor> = self
            .own_files()
            .filter(|file| file.package_name() == package)
            .collect();
        while let Some(file) = waiting.pop() {
            if wanted.insert(file.name().to_owned()) {
                waiting.extend(file.dependencies());
            }
        }
        let files = self
            .encoded
            .iter()
            .filter(|(name, _)| wanted.contains(name));
        let files = files.map(|(_, encoded)| encoded.clone()).collect();
        EncodedSet { files }.encode_to_vec()
    }

    /// The files that belong to the user: not the well-known types, not our options.
    pub(crate) fn own_files(&self) -> impl Iterator<Item = FileDescriptor> + '_ {
        self.pool
            .files()
            .filter(|file| is_own(file.name(), file.package_name()))
    }
}

/// Whether a file is part of the user's IDL.
pub(crate) fn is_own(name: &str, package: &str) -> bool {
    name != options::FILE_NAME
        && package != "google.protobuf"
        && !package.starts_with("google.protobuf.")
}

/// A compiler that knows our options, what `folders` have, and the well-known types.
pub(crate) fn compiler<R: FileResolver + 'static>(
    folders: impl Iterator<Item = R>,
) -> protox::Compiler {
    let mut resolver = ChainFileResolver::new();
    resolver.add(OptionsResolver);
    for folder in folders {
        resolver.add(folder);
    }
    resolver.add(GoogleFileResolver::new());
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    compiler.include_imports(true).include_source_info(true);
    compiler
}

/// Makes `import "svrkit/options.proto"` work anywhere.
struct OptionsResolver;

impl FileResolver for OptionsResolver {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        if name == options::FILE_NAME {
            File::from_source(name, options::FILE_TEXT)
        } else {
            Err(protox::Error::file_not_found(name))
        }
    }
}

/// Turns what the parser says into our diagnostics.
fn explain(
    error: &protox::Error,
    includes: &[PathBuf],
    proto: &Path,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let shown = match error.file() {
        Some(name) => shown_path(name, includes),
        None => proto.display().to_string(),
    };
    let text = std::fs::read_to_string(&shown).unwrap_or_default();
    let first: &dyn miette::Diagnostic = error;
    for mistake in std::iter::once(first).chain(error.related().into_iter().flatten()) {
        // The last label is the place where the mistake is; earlier ones show what it collides with.
        let offset = mistake
            .labels()
            .and_then(|labels| labels.last())
            .map(|label| label.offset());
        let reason = mistake.diagnostic_source();
        let message = message(reason.unwrap_or(mistake));
        let place = match offset {
            Some(offset) => {
                let offset = offset + reason.map_or(0, |reason| within(&text[offset..], reason));
                let (line, column) = line_and_column(&text, offset);
                Place {
                    file: shown.clone(),
                    line: line as u32 + 1,
                    column: column as u32 + 1,
                }
            }
            None => whole_file(&shown),
        };
        diagnostics.push(place.says(message));
    }
}

/// What is wrong, without what does not help.
fn message(mistake: &dyn miette::Diagnostic) -> String {
    let message = mistake.to_string();
    let resolved = message
        .split_once(" resolves to ")
        .and_then(|(name, rest)| Some((name, rest.split_once(", which is not defined")?.0)));
    match (resolved, mistake.help()) {
        (Some((name, full_name)), _) if name == full_name => format!("name {name} is not defined"),
        (_, Some(help)) => format!("{message} ({help})"),
        (_, None) => message,
    }
}

/// Where in `statement` the word stands that `reason` blames.
///
/// The parser of braces counts from the beginning of what it was given, which is not the file: so the word is found again by
/// counting how often it stands before.
fn within(statement: &str, reason: &dyn miette::Diagnostic) -> usize {
    let blamed = || {
        let label = reason.labels()?.next()?;
        let source = reason.source_code()?;
        let everything = source.read_span(&(0..label.offset() + label.len()).into(), 0, 0);
        let text = std::str::from_utf8(everything.ok()?.data())
            .ok()?
            .to_owned();
        let (before, word) = text.split_at_checked(label.offset())?;
        let nth = words(before).filter(|other| other.text == word).count();
        let body = statement.find('{')?;
        words(&statement[body..])
            .filter(|other| other.text == word)
            .nth(nth)
            .map(|found| body + found.start)
    };
    blamed().unwrap_or(0)
}

fn shown_path(name: &str, includes: &[PathBuf]) -> String {
    includes
        .iter()
        .map(|include| include.join(name))
        .find(|path| path.exists())
        .unwrap_or_else(|| PathBuf::from(name))
        .display()
        .to_string()
}
