//! What operators write, and slips of their pens.

use std::path::Path;
use std::process::{Command, Output};

fn im(args: &[&str], config: &Path) -> Output {
    let im = Command::new(env!("CARGO_BIN_EXE_im"))
        .args(args)
        .arg("--config")
        .arg(config)
        .output();
    im.unwrap()
}

#[test]
fn what_is_printed_is_understood() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("im.toml");
    std::fs::write(&file, "[group]\nmembers_max = 40\n").unwrap();
    let printed = im(&["print-config"], &file);
    assert!(printed.status.success(), "{printed:?}");
    let whole = String::from_utf8(printed.stdout).unwrap();
    assert!(whole.contains("members_max = 40"), "{whole}");
    let copy = folder.path().join("copy.toml");
    std::fs::write(&copy, &whole).unwrap();
    let checked = im(&["check-config"], &copy);
    assert!(checked.status.success(), "{checked:?}");
    let again = im(&["print-config"], &copy);
    assert_eq!(String::from_utf8(again.stdout).unwrap(), whole);
}

#[test]
fn slips_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("im.toml");
    let slips = [
        ("[grupo]\nmembers_max = 40", "grupo"),
        ("[group]\nmembers = 40", "members"),
        ("[group]\nmembers_max = \"many\"", "group"),
        ("[listen]\nlong = \"here\"", "listen"),
        ("[listen", "im.toml"),
    ];
    for (text, named) in slips {
        std::fs::write(&file, text).unwrap();
        let checked = im(&["check-config"], &file);
        assert!(!checked.status.success(), "{text}");
        let said = String::from_utf8_lossy(&checked.stderr);
        assert!(said.contains(named), "{text}: {said}");
        assert!(!said.contains("panicked"), "{said}");
    }
    let nowhere = im(&["check-config"], &folder.path().join("nowhere.toml"));
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("nowhere.toml"));
}

#[test]
fn the_page_stays_on_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("im.toml");
    let data = folder.path().join("data");
    let text = format!(
        "data_dir = {:?}\n[listen]\nlong = \"127.0.0.1:0\"\nshort = \"127.0.0.1:0\"\npage = \"0.0.0.0:0\"",
        data.display().to_string()
    );
    std::fs::write(&file, text).unwrap();
    let run = im(&["run"], &file);
    assert!(!run.status.success());
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(said.contains("loopback"), "{said}");
}
