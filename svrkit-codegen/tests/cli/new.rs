//! `svrkit new`: the crate that it writes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program::svrkit_in;

/// Every file of a folder, seen from it.
pub(crate) fn tree(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in std::fs::read_dir(&next).expect("a folder") {
            let path: PathBuf = entry.expect("an entry").path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("it is inside");
                found.insert(name.display().to_string());
            }
        }
    }
    found
}

pub(crate) const STORE: &str = "\
syntax = \"proto3\";
package store.v1;
import \"common/id.proto\";
import \"google/protobuf/empty.proto\";
// Keeps things.
service Store {
  // Puts one.
  rpc Put(Thing) returns (google.protobuf.Empty);
  rpc Get(common.v1.Id) returns (Thing);
}
service Admin {
  rpc Stop(google.protobuf.Empty) returns (google.protobuf.Empty);
}
message Thing { string name = 1; }
";

/// An IDL of two files, in `idl/`.
pub(crate) fn write_store(folder: &Path) {
    std::fs::create_dir_all(folder.join("idl/common")).expect("a folder");
    std::fs::write(folder.join("idl/store.proto"), STORE).expect("a file");
    let id = "syntax = \"proto3\";\npackage common.v1;\nmessage Id { uint64 id = 1; }\n";
    std::fs::write(folder.join("idl/common/id.proto"), id).expect("a file");
}

#[test]
fn a_new_crate_has_all_its_files_and_each_is_what_it_was_when_reviewed() {
    let folder = tempfile::tempdir().expect("a folder");
    let told = svrkit_in(folder.path(), "new echo-two").ok();
    assert!(told.starts_with("created echo-two\n"), "{told}");
    assert!(
        told.contains("svrkit call 127.0.0.1:7000 echo_two.v1.EchoTwo/SayHello --name Ada"),
        "{told}"
    );

    let root = folder.path().join("echo-two");
    let expected = [
        ".gitignore",
        ".svrkit-manifest.toml",
        "Cargo.toml",
        "README.md",
        "build.rs",
        "echo-two.toml",
        "proto/echo_two.proto",
        "src/config.rs",
        "src/lib.rs",
        "src/main.rs",
        "src/service.rs",
        "tests/service.rs",
    ];
    assert_eq!(tree(&root), expected.map(str::to_owned).into());
    // The service file whole; of the others no gap may be left.
    let service = std::fs::read_to_string(root.join("src/service.rs")).expect("a file");
    let reviewed = include_str!("new/sample_service.rs");
    assert_eq!(service, reviewed);
    for file in expected {
        let text = std::fs::read_to_string(root.join(file)).expect("a file");
        assert!(!text.contains("{{"), "{file} has a gap:\n{text}");
    }
    let manifest = std::fs::read_to_string(root.join(".svrkit-manifest.toml")).expect("a file");
    assert!(manifest.starts_with("# @generated"), "{manifest}");
}

#[test]
fn an_idl_is_copied_with_its_imports_and_every_method_is_there_to_fill_in() {
    let folder = tempfile::tempdir().expect("a folder");
    write_store(folder.path());
    svrkit_in(folder.path(), "new store --proto idl/store.proto").ok();
    let root = folder.path().join("store");
    let files = tree(&root);
    for file in [
        "proto/store.proto",
        "proto/common/id.proto",
        "src/service.rs",
        "src/admin.rs",
    ] {
        assert!(files.contains(file), "{file} is not in {files:?}");
    }
    let service = std::fs::read_to_string(root.join("src/service.rs")).expect("a file");
    assert_eq!(service, include_str!("new/store_service.rs"));
    let lib = std::fs::read_to_string(root.join("src/lib.rs")).expect("a file");
    assert!(
        lib.contains(
            "        .service(service::server(config))\n        .service(admin::server(config))\n"
        ),
        "{lib}"
    );
}

#[test]
fn methods_that_stream_are_there_to_fill_in_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/streams/journal.proto");
    std::fs::copy(golden, folder.path().join("journal.proto")).expect("a copy");
    svrkit_in(folder.path(), "new journal --proto journal.proto").ok();
    let file = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("a file");
    let service = file("journal/src/service.rs");
    assert_eq!(service, include_str!("new/journal_service.rs"));
    let tests = file("journal/tests/service.rs");
    assert!(
        tests.contains("let (requests, mut answers) = client.talk().await?;"),
        "{tests}"
    );
}

#[test]
fn what_cannot_become_a_crate_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    std::fs::create_dir(folder.join("taken")).expect("a folder");
    std::fs::write(
        folder.join("none.proto"),
        "syntax = \"proto3\";\npackage a;\n",
    )
    .expect("a file");
    std::fs::write(
        folder.join("broken.proto"),
        "syntax = \"proto3\";\nservice {\n",
    )
    .expect("a file");
    let before = tree(folder);
    for (words, code, says) in [
        ("new Upper", 2, "no name for a crate"),
        ("new 7up", 2, "no name for a crate"),
        ("new match", 2, "no name for a crate"),
        ("new tokio", 2, "no name for a crate"),
        ("new taken", 2, "exists"),
        ("new a --path-to-svrkit .", 2, "has no svrkit-rt"),
        ("new a --path-to-svrkit nowhere", 2, "--path-to-svrkit"),
        ("new a --proto nowhere.proto", 2, "no such file"),
        ("new a --proto none.proto", 2, "has no service"),
        ("new a --proto broken.proto", 1, "broken.proto:2:"),
        ("new --update", 2, "not made by `svrkit new`"),
        ("new", 2, "required"),
    ] {
        let error = svrkit_in(folder, words).failed(code);
        assert!(error.contains(says), "{words}: {error}");
    }
    assert_eq!(tree(folder), before);
    let left: Vec<_> = std::fs::read_dir(folder).expect("a folder").collect();
    assert_eq!(left.len(), 3, "{left:?}");
}

/// Takes minutes, so it is asked for by `SVRKIT_TEST_NEW_CRATE=1`. Shares the target folder of this run.
#[test]
fn new_crates_compile_are_formatted_and_pass_their_tests() {
    if std::env::var_os("SVRKIT_TEST_NEW_CRATE").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write_store(folder);
    svrkit_in(folder, "new sample").ok();
    svrkit_in(folder, "new store --proto idl/store.proto").ok();
    let profile = Path::new(env!("CARGO_BIN_EXE_svrkit")).parent();
    let target = profile.and_then(Path::parent).expect("a target folder");
    for name in ["sample", "store"] {
        let root = folder.join(name);
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        // The same versions as here, so that nothing is compiled twice.
        let _ = std::fs::copy(workspace.join("Cargo.lock"), root.join("Cargo.lock"));
        cargo(&root, target, &["fmt", "--check"]);
        cargo(&root, target, &["test", "--quiet"]);
        cargo(
            &root,
            target,
            &["clippy", "--quiet", "--all-targets", "--", "-D", "warnings"],
        );
    }
    // And once more after its IDL has changed.
    let root = folder.join("store");
    let proto = root.join("proto/store.proto");
    let changed = STORE
        .replace(
            "service Admin",
            "service More { rpc Ask(Thing) returns (Thing); }\nservice Admin",
        )
        .replace(
            "  rpc Get(",
            "  rpc List(Thing) returns (Thing);\n  rpc Get(",
        );
    std::fs::write(proto, changed).expect("a file");
    svrkit_in(folder, "new store").ok();
    cargo(&root, target, &["fmt", "--check"]);
    cargo(&root, target, &["test", "--quiet"]);
}

fn cargo(root: &Path, target: &Path, args: &[&str]) {
    let status = Command::new(env!("CARGO"))
        .args(args)
        .current_dir(root)
        .env("CARGO_TARGET_DIR", target)
        .status()
        .expect("cargo starts");
    assert!(status.success(), "cargo {args:?} in {}", root.display());
}
