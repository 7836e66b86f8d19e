//! What is generated is what was reviewed: each `tests/golden/<case>/` has its protos and, in `expected/`, the code made of them.
//!
//! `SVRKIT_UPDATE_GOLDEN=1 cargo test -p svrkit-codegen --test golden` writes the expected files anew.

use std::collections::BTreeMap;
use std::path::Path;

/// All files of a folder by name.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(dir).into_iter().flatten();
    entries
        .map(|entry| {
            let path = entry.expect("readable folder").path();
            let name = path.file_name().expect("a name").to_string_lossy();
            (name.into_owned(), std::fs::read(&path).expect("readable"))
        })
        .collect()
}

fn check(case: &str) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(case);
    let expected = dir.join("expected");
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let is_update = std::env::var_os("SVRKIT_UPDATE_GOLDEN").is_some();
    let out = if is_update { &expected } else { scratch.path() };
    svrkit_codegen::configure()
        .include(&dir)
        .lock(scratch.path().join("cmd_ids.lock"))
        .generate_to(out, &[dir.join("input.proto")])
        .expect("a correct IDL");
    std::fs::remove_file(scratch.path().join("cmd_ids.lock")).expect("the lock was written");
    if is_update {
        return;
    }
    let (found, expected) = (files(out), files(&expected));
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&found), names(&expected));
    for (name, bytes) in &found {
        if name.ends_with(".rs") {
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
            assert_eq!(text(bytes), text(&expected[name]), "{case}/{name}");
        } else {
            assert!(bytes == &expected[name], "{case}/{name} differs");
        }
    }
}

#[test]
fn hello() {
    check("hello");
}

#[test]
fn policies() {
    check("policies");
}

#[test]
fn names() {
    check("names");
}

#[test]
fn packages() {
    check("packages");
}

#[test]
fn hash_keys() {
    check("hash_keys");
}

#[test]
fn no_package() {
    check("no_package");
}

#[test]
fn docs() {
    check("docs");
}

#[test]
fn streams() {
    check("streams");
}
