//! The three ways in, and what can be set.

use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;
use quote::quote;

use crate::check::{self, Against};
use crate::diagnostic::{Diagnostic, Error};
use crate::emit;
use crate::lock::{self, Lock};
use crate::lower;
use crate::messages;
use crate::model::Package;
use crate::output::{self, Generated, GeneratedPackage, Module};
use crate::sources::Sources;

/// Begins with nothing set.
///
/// ```no_run
/// // build.rs
/// svrkit_codegen::configure()
///     .include("proto")
///     .compile(&["proto/hello.proto"])?;
/// # Ok::<(), svrkit_codegen::Error>(())
/// ```
///
/// and in `lib.rs` or `main.rs`:
///
/// ```text
/// include!(concat!(env!("OUT_DIR"), "/svrkit.rs"));        // every package, as modules: hello::v1::Greeter
/// include!(concat!(env!("OUT_DIR"), "/hello.v1.rs"));      // or one package that uses no other, right here
/// ```
pub fn configure() -> Config {
    Config::default()
}

/// What to generate, and from where.
#[derive(Clone, Debug, Default)]
pub struct Config {
    includes: Vec<PathBuf>,
    out_dir: Option<PathBuf>,
    lock: Option<PathBuf>,
    extern_paths: Vec<(String, String)>,
}

/// How generated code gets at its descriptor set.
#[derive(Clone, Copy)]
enum DescriptorSet {
    /// From a file beside it.
    File,
    /// It stands in the code.
    Inline,
}

impl Config {
    /// Adds a folder from which protos are imported. Earlier ones win. A proto outside of all of them brings its own folder.
    pub fn include(mut self, dir: impl Into<PathBuf>) -> Self {
        self.includes.push(dir.into());
        self
    }

    /// Where [`compile`](Config::compile) writes; `OUT_DIR` of the build script unless set.
    pub fn out_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.out_dir = Some(dir.into());
        self
    }

    /// Where the method ids are locked; `cmd_ids.lock` in the first include folder unless set. A file that is not there locks
    /// nothing.
    pub fn lock(mut self, path: impl Into<PathBuf>) -> Self {
        self.lock = Some(path.into());
        self
    }

    /// Takes the types of a package or message from elsewhere, as prost-build does: `(".common.v1", "::common::v1")`. Nothing is
    /// generated for such a package.
    pub fn extern_path(mut self, proto: impl Into<String>, rust: impl Into<String>) -> Self {
        self.extern_paths.push((proto.into(), rust.into()));
        self
    }

    /// For build scripts: generates all packages of `protos` and their imports into the output folder, and tells cargo when to do
    /// so again.
    ///
    /// Writes `<package>.rs` for each package and `svrkit.rs`, which puts them into modules. Never writes into the source tree:
    /// method ids are held against `cmd_ids.lock`, and what is not in there yet is a warning.
    pub fn compile(self, protos: &[impl AsRef<Path>]) -> Result<(), Error> {
        let out_dir = match &self.out_dir {
            Some(dir) => dir.clone(),
            None => PathBuf::from(std::env::var_os("OUT_DIR").ok_or(Error::NoOutDir)?),
        };
        // Said before anything can fail: cargo must know what to watch when the IDL is broken, too.
        for proto in protos {
            println!("cargo:rerun-if-changed={}", proto.as_ref().display());
        }
        let generated = self.generate(protos)?;
        generated.write(&out_dir, "svrkit.rs")?;
        for file in &generated.files_read {
            println!("cargo:rerun-if-changed={}", file.display());
        }
        for warning in &generated.warnings {
            println!("cargo:warning={warning}");
        }
        Ok(())
    }

    /// For code that is checked in: generates into `dir`, with a `mod.rs`, and brings `cmd_ids.lock` up to date. This is what
    /// `svrkit gen` does. Generated files of packages that are gone are removed.
    ///
    /// Without `protos`, takes every `.proto` in the include folders.
    pub fn generate_to(
        self,
        dir: impl AsRef<Path>,
        protos: &[impl AsRef<Path>],
    ) -> Result<Generated, Error> {
        let protos = self.protos_or_all(protos)?;
        let run = self.run(&protos, DescriptorSet::File)?;
        run.generated.write(dir.as_ref(), "mod.rs")?;
        let mut lock = match run.lock {
            Some(lock) => lock,
            None => Lock::new(&run.lock_path),
        };
        let methods: Vec<(String, u32)> = methods(&run.packages).collect();
        let names: Vec<String> = run.packages.iter().map(|it| it.name.clone()).collect();
        lock.update(&methods, &names);
        output::write_if_changed(&run.lock_path, lock.text().as_bytes())?;
        Ok(run.generated)
    }

    /// Generates and writes nothing. Expects a `<package>.bin` with the descriptor set beside each source.
    ///
    /// Without `protos`, takes every `.proto` in the include folders.
    pub fn generate(&self, protos: &[impl AsRef<Path>]) -> Result<Generated, Error> {
        let protos = self.protos_or_all(protos)?;
        Ok(self.run(&protos, DescriptorSet::File)?.generated)
    }

    /// Lists what in `protos` would break callers or servers of an older state: on the wire, in JSON, in policy. Sorted by place;
    /// an empty list means that both may live side by side. This is what `svrkit check` does.
    ///
    /// Without `protos`, takes every `.proto` in the include folders, now and then. What is only in other files is not looked at.
    ///
    /// # Errors
    /// When the IDL has mistakes of its own, or the older state cannot be read.
    pub fn check(
        &self,
        protos: &[impl AsRef<Path>],
        against: &Against,
    ) -> Result<Vec<Diagnostic>, Error> {
        let is_all = protos.is_empty();
        let protos = self.protos_or_all(protos)?;
        let includes = self.all_includes(&protos);
        let sources = Sources::parse(&includes, &protos)?;
        let lock = Lock::read(&self.lock_path(&includes)?)?;
        lower::lower(&sources, |package| self.is_wanted(package), lock.as_ref())
            .map_err(Error::Idl)?;
        let only = (!is_all).then_some(protos.as_slice());
        let older = check::older(against, &includes, only)?;
        Ok(check::breaks(&sources, &older))
    }

    fn lock_path(&self, includes: &[PathBuf]) -> Result<PathBuf, Error> {
        match (&self.lock, includes.first()) {
            (Some(path), _) => Ok(path.clone()),
            (None, Some(include)) => Ok(include.join(lock::FILE_NAME)),
            (None, None) => Err(Error::NoProtos),
        }
    }

    /// For macros: all packages as modules in one piece of code, which is compiled again when a proto changes.
    pub fn expand(&self, protos: &[impl AsRef<Path>]) -> Result<TokenStream, Error> {
        let protos = self.protos_or_all(protos)?;
        let generated = self.run(&protos, DescriptorSet::Inline)?.generated;
        let mut contents = Vec::new();
        for package in &generated.packages {
            let content = package.source.parse::<TokenStream>();
            let content = content.map_err(|error| Error::Messages(error.to_string()))?;
            contents.push((package.name.as_str(), content));
        }
        let modules = Module::tree(contents.into_iter()).emit();
        let watched = generated.files_read.iter().map(|file| {
            let file = std::path::absolute(file).unwrap_or_else(|_| file.clone());
            let file = file.display().to_string();
            quote! { const _: &[u8] = include_bytes!(#file); }
        });
        Ok(quote! { #modules #(#watched)* })
    }

    /// The include folders: those that were set, and the folders of protos that are in none of them.
    fn all_includes(&self, protos: &[PathBuf]) -> Vec<PathBuf> {
        let mut includes = self.includes.clone();
        for proto in protos {
            if !includes.iter().any(|include| proto.starts_with(include)) {
                includes.push(match proto.parent() {
                    Some(parent) if parent != Path::new("") => parent.to_owned(),
                    _ => PathBuf::from("."),
                });
            }
        }
        includes
    }

    fn protos_or_all(&self, protos: &[impl AsRef<Path>]) -> Result<Vec<PathBuf>, Error> {
        let mut found: Vec<PathBuf> = protos.iter().map(|it| it.as_ref().to_owned()).collect();
        if found.is_empty() {
            for include in &self.includes {
                find_protos(include, &mut found)?;
            }
            found.sort();
        }
        if found.is_empty() {
            return Err(Error::NoProtos);
        }
        Ok(found)
    }

    fn is_wanted(&self, package: &str) -> bool {
        let package = format!(".{package}");
        !self.extern_paths.iter().any(|(proto, _)| {
            package
                .strip_prefix(proto.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }

    fn run(&self, protos: &[PathBuf], descriptor_set: DescriptorSet) -> Result<Run, Error> {
        let includes = self.all_includes(protos);
        let lock_path = self.lock_path(&includes)?;
        let sources = Sources::parse(&includes, protos)?;
        let lock = Lock::read(&lock_path)?;
        let wanted = |package: &str| self.is_wanted(package);
        let packages = lower::lower(&sources, wanted, lock.as_ref()).map_err(Error::Idl)?;
        let messages = messages::generate(&sources, &self.extern_paths, wanted)?;

        let mut generated = Generated {
            packages: Vec::new(),
            files_read: sources.files_read.clone(),
            warnings: Vec::new(),
        };
        for package in &packages {
            let set = sources.descriptor_set(&package.name);
            let set_expression = match descriptor_set {
                DescriptorSet::File => {
                    let file = format!("{}.bin", GeneratedPackage::file_stem(&package.name));
                    quote! { include_bytes!(#file) }
                }
                DescriptorSet::Inline => {
                    let bytes = proc_macro2::Literal::byte_string(&set);
                    quote! { #bytes }
                }
            };
            let of_messages = messages.sources.get(&package.name);
            let of_messages = of_messages.map_or("", String::as_str);
            let mut tokens: TokenStream = of_messages
                .parse()
                .map_err(|error: proc_macro2::LexError| Error::Messages(error.to_string()))?;
            if !package.services.is_empty() {
                tokens.extend(emit::package(package, &messages.types, &set_expression));
            }
            if tokens.is_empty() {
                continue;
            }
            generated.packages.push(GeneratedPackage {
                name: package.name.clone(),
                source: output::format(tokens)?,
                descriptor_set: if package.services.is_empty() {
                    Vec::new()
                } else {
                    set
                },
            });
        }
        if let Some(lock) = &lock {
            generated.files_read.push(lock_path.clone());
            for (name, _) in methods(&packages).filter(|(name, _)| lock.id_of(name).is_none()) {
                generated.warnings.push(format!(
                    "{name} is not in {} yet: `svrkit gen` adds it",
                    lock.shown()
                ));
            }
        }
        Ok(Run {
            generated,
            packages,
            lock,
            lock_path,
        })
    }
}

/// What came out, and what the lock needs to know of it.
struct Run {
    generated: Generated,
    packages: Vec<Package>,
    lock: Option<Lock>,
    lock_path: PathBuf,
}

fn methods(packages: &[Package]) -> impl Iterator<Item = (String, u32)> + '_ {
    let services = packages.iter().flat_map(|package| &package.services);
    let methods = services.flat_map(|service| &service.methods);
    methods.map(|method| (method.full_name.clone(), method.id))
}

fn find_protos(dir: &Path, found: &mut Vec<PathBuf>) -> Result<(), Error> {
    for entry in std::fs::read_dir(dir).map_err(Error::io(dir))? {
        let path = entry.map_err(Error::io(dir))?.path();
        if path.is_dir() {
            find_protos(&path, found)?;
        } else if path.extension().is_some_and(|it| it == "proto") {
            found.push(path);
        }
    }
    Ok(())
}
