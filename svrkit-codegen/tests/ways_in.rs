//! What a build script and `svrkit gen` leave behind.

use std::path::Path;

use tempfile::TempDir;

fn idl(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        write(&dir.path().join(name), text);
    }
    dir
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("creatable");
    std::fs::write(path, text).expect("writable");
}

fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).expect("a folder");
    let names = entries.map(|it| it.expect("readable").file_name());
    let mut names: Vec<String> = names.map(|it| it.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

const SERVICE: &str = "syntax = \"proto3\";\npackage a.v1;\nimport \"common/b.proto\";\nservice S { rpc A(b.M) returns (b.M); }\n";
const MESSAGES: &str = "syntax = \"proto3\";\npackage b;\nmessage M {}\n";

#[test]
fn a_build_script_gets_a_file_a_package_and_one_for_all() {
    let dir = idl(&[
        ("proto/a.proto", SERVICE),
        ("proto/common/b.proto", MESSAGES),
    ]);
    let (proto, out) = (dir.path().join("proto"), dir.path().join("out"));
    svrkit_codegen::configure()
        .include(&proto)
        .out_dir(&out)
        .compile(&[proto.join("a.proto")])
        .expect("correct");
    assert_eq!(names(&out), ["a.v1.bin", "a.v1.rs", "b.rs", "svrkit.rs"]);
    assert_eq!(
        names(&proto),
        ["a.proto", "common"],
        "no sources are written"
    );
}

#[test]
fn a_proto_brings_its_own_folder() {
    let dir = idl(&[("a.proto", SERVICE), ("common/b.proto", MESSAGES)]);
    let generated = svrkit_codegen::configure().generate(&[dir.path().join("a.proto")]);
    let packages = generated.expect("correct").packages;
    let names: Vec<&str> = packages.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["a.v1", "b"]);
}

#[test]
fn generating_again_changes_nothing_and_removes_what_is_gone() {
    let dir = idl(&[
        ("proto/a.proto", SERVICE),
        ("proto/common/b.proto", MESSAGES),
    ]);
    let (proto, out) = (dir.path().join("proto"), dir.path().join("gen"));
    write(&out.join("by_hand.rs"), "// not generated\n");
    let generate = || {
        let config = svrkit_codegen::configure().include(&proto);
        config.generate_to(&out, &["a.proto"; 0]).expect("correct");
    };
    generate();
    assert_eq!(
        names(&out),
        ["a.v1.bin", "a.v1.rs", "b.rs", "by_hand.rs", "mod.rs"]
    );

    let written = |name: &str| {
        let metadata = std::fs::metadata(out.join(name)).expect("there");
        metadata.modified().expect("a time")
    };
    let before = (written("a.v1.rs"), written("a.v1.bin"), written("mod.rs"));
    generate();
    let after = (written("a.v1.rs"), written("a.v1.bin"), written("mod.rs"));
    assert_eq!(before, after, "files that would not change are left alone");

    std::fs::remove_file(proto.join("a.proto")).expect("removable");
    generate();
    assert_eq!(names(&out), ["b.rs", "by_hand.rs", "mod.rs"]);
}

#[test]
fn checked_in_code_is_held_against_its_idl() {
    let dir = idl(&[("a.proto", SERVICE), ("common/b.proto", MESSAGES)]);
    let out = dir.path().join("gen");
    let config = svrkit_codegen::configure().include(dir.path());
    config
        .clone()
        .generate_to(&out, &["a.proto"; 0])
        .expect("correct");
    let outdated = || {
        let generated = config.generate(&["a.proto"; 0]).expect("correct");
        generated.outdated(&out)
    };
    assert_eq!(outdated(), [""; 0]);

    write(
        &dir.path().join("common/b.proto"),
        &MESSAGES.replace("{}", "{ bool more = 1; }"),
    );
    assert_eq!(outdated(), ["a.v1.bin", "b.rs"]);

    std::fs::remove_file(out.join("mod.rs")).expect("removable");
    assert_eq!(outdated(), ["a.v1.bin", "b.rs", "mod.rs"]);
}

#[test]
fn types_may_come_from_another_crate() {
    let dir = idl(&[("a.proto", SERVICE), ("common/b.proto", MESSAGES)]);
    let config = svrkit_codegen::configure().extern_path(".b", "::elsewhere::b");
    let generated = config.generate(&[dir.path().join("a.proto")]);
    let packages = generated.expect("correct").packages;
    assert_eq!(
        packages.len(),
        1,
        "nothing is generated for the other package"
    );
    assert!(packages[0].source.contains("request: ::elsewhere::b::M"));
}

#[test]
fn without_protos_there_is_nothing_to_do() {
    let dir = idl(&[]);
    let config = svrkit_codegen::configure().include(dir.path());
    let error = config.generate(&["a.proto"; 0]).expect_err("nothing");
    assert_eq!(error.to_string(), "no .proto file given or found");
}
