//! Checked-in code is what the generator makes of the IDL beside it.
//!
//! `SVRKIT_UPDATE_GENERATED=1 cargo test -p svrkit-rt --test builtin_generated` writes it anew.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn in_crate(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(dir).expect("a folder");
    entries
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy();
            (name.into_owned(), std::fs::read(&path).expect("readable"))
        })
        .collect()
}

/// Generates from all protos of `include`, with method ids held against the lock beside them.
fn check(include: &str, checked_in: &str) {
    let (include, checked_in) = (in_crate(include), in_crate(checked_in));
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let lock = scratch.path().join("cmd_ids.lock");
    std::fs::copy(include.join("cmd_ids.lock"), &lock).expect("a lock");
    let update = std::env::var_os("SVRKIT_UPDATE_GENERATED").is_some();
    let out = match update {
        true => checked_in.clone(),
        false => scratch.path().join("gen"),
    };
    svrkit_codegen::configure()
        .include(&include)
        .lock(&lock)
        .generate_to(&out, &[] as &[&Path])
        .expect("a correct IDL");
    if update {
        std::fs::copy(&lock, include.join("cmd_ids.lock")).expect("written");
    }
    let (found, expected) = (files(&out), files(&checked_in));
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&found), names(&expected));
    for (name, bytes) in &found {
        let same = bytes == &expected[name];
        assert!(
            same,
            "{}/{name} is not what the IDL gives",
            checked_in.display()
        );
    }
    let locks = [lock, include.join("cmd_ids.lock")].map(|l| std::fs::read(l).expect("readable"));
    assert!(locks[0] == locks[1], "cmd_ids.lock is not up to date");
}

#[test]
fn built_in_services() {
    check("proto", "src/builtin/gen");
}

#[test]
fn the_shop_of_the_http_tests() {
    check("tests/http", "tests/http/gen");
}
