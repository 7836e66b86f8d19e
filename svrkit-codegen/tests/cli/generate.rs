//! `svrkit gen` and `svrkit check`.

use std::path::Path;

use crate::program::svrkit_in;

const IDL: &str = "\
syntax = \"proto3\";
package a.v1;
import \"svrkit/options.proto\";
service S {
  rpc One(M) returns (M) { option (svrkit.method) = { timeout_ms: 200 }; }
}
message M { uint64 id = 1; }
";

fn write(folder: &Path, text: &str) {
    std::fs::create_dir_all(folder.join("proto")).expect("a folder");
    std::fs::write(folder.join("proto/a.proto"), text).expect("a file");
}

#[test]
fn code_is_generated_and_held_against_the_next_idl() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write(folder, IDL);
    let told = svrkit_in(folder, "gen -I proto -o gen").ok();
    assert_eq!(told, "a.v1 → gen\n");
    for file in [
        "gen/mod.rs",
        "gen/a.v1.rs",
        "gen/a.v1.bin",
        "proto/cmd_ids.lock",
    ] {
        assert!(folder.join(file).is_file(), "{file}");
    }
    let first = std::fs::read_to_string(folder.join("gen/a.v1.rs")).expect("a file");
    assert!(first.starts_with("// @generated"), "{first}");

    let ran = svrkit_in(folder, "check -I proto --against gen/a.v1.bin");
    assert_eq!(ran.err, "nothing breaks against gen/a.v1.bin\n");
    ran.ok();

    write(
        folder,
        &IDL.replace("uint64 id", "string id").replace("200", "100"),
    );
    let ran = svrkit_in(folder, "check -I proto --against gen/a.v1.bin");
    assert_eq!(ran.code, 1, "{ran:?}");
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("proto/a.proto:5:"), "{lines:?}");
    assert!(lines[1].starts_with("proto/a.proto:7:"), "{lines:?}");
    assert!(
        ran.err.contains("2 breaks against gen/a.v1.bin"),
        "{}",
        ran.err
    );
}

#[test]
fn mistakes_have_their_place_and_nonsense_has_code_2() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write(folder, &IDL.replace("returns (M)", "returns (N)"));
    let error = svrkit_in(folder, "gen -I proto -o gen").failed(1);
    assert!(error.contains("proto/a.proto:5:"), "{error}");
    for words in [
        "gen -I proto",
        "gen -I nowhere -o gen",
        "gen -I proto -o gen --extern nonsense",
        "gen -o gen",
        "check -I proto",
    ] {
        svrkit_in(folder, words).failed(2);
    }
}
