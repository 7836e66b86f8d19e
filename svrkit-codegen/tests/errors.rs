//! One mistake, one diagnostic, at the right place: each `tests/errors/<mistake>.proto` has beside it what is said of it.
//!
//! `SVRKIT_UPDATE_GOLDEN=1 cargo test -p svrkit-codegen --test errors` writes what is said anew.

use std::path::Path;

#[test]
fn every_mistake_is_told_at_its_place() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/errors");
    let is_update = std::env::var_os("SVRKIT_UPDATE_GOLDEN").is_some();
    let mut differing = Vec::new();
    let mut count = 0;
    for entry in std::fs::read_dir(&dir).expect("the folder of mistakes") {
        let proto = entry.expect("readable").path();
        if proto.extension().is_none_or(|it| it != "proto") {
            continue;
        }
        count += 1;
        let config = svrkit_codegen::configure().include(&dir);
        let said = match config.generate(&[&proto]) {
            Ok(_) => "nothing\n".to_owned(),
            Err(error) => format!("{error}\n").replace(&format!("{}/", dir.display()), ""),
        };
        let expected = proto.with_extension("stderr");
        if is_update {
            std::fs::write(&expected, &said).expect("writable");
        }
        let expected = std::fs::read_to_string(&expected).unwrap_or_default();
        if said != expected {
            differing.push(format!(
                "{}\nexpected: {expected}said:     {said}",
                proto.display()
            ));
        }
    }
    assert!(count >= 30, "the mistakes are there");
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}
