//! What operators write, and slips of their pens.

use crate::certified::Certified;
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
        ("[auth]\nkey_file = \"/nowhere/keys\"", "/nowhere/keys"),
        (
            "[auth.allow]\n\"im.queue.Queue/Steal\" = [\"fanout\"]",
            "im.queue.Queue/Steal",
        ),
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
fn certificates_are_looked_at_before_they_are_needed() {
    let certified = Certified::new();
    let file = certified.path("im.toml");
    let folder = file.parent().unwrap().display().to_string();
    let line = |key: &str, file: &str| format!("{key} = \"{folder}/{file}\"\n");
    let certificate = line("certificate_file", "{role}.pem");
    let key = line("private_key_file", "{role}.key");
    let roots = line("roots_file", "roots.pem");
    let set = |certificate: &str| format!("[auth]\n{certificate}{key}{roots}");
    let check = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let checked = im(&["check-config"], &file);
        match checked.status.success() {
            true => String::new(),
            false => String::from_utf8(checked.stderr).unwrap(),
        }
    };
    let refused = |text: &str, why: &str| {
        let said = check(text);
        assert!(said.contains(why), "{text}: {said}");
    };
    for half in [&certificate, &key, &roots] {
        refused(&format!("[auth]\n{half}"), "go together");
    }
    let both = format!("{}key_file = \"keys\"\n", set(&certificate));
    refused(&both, "not by both");
    refused(&set(&certificate), "no service has one at");
    certified.issue("push");
    assert_eq!(check(&set(&certificate)), "");
    // One that is the same for all is of one of them.
    let one = line("certificate_file", "push.pem");
    let one = format!(
        "[auth]\n{one}{}{roots}",
        line("private_key_file", "push.key")
    );
    assert_eq!(check(&one), "");
    certified.issue("helpdesk");
    refused(&one.replace("push", "helpdesk"), "no service \"helpdesk\"");
    std::fs::copy(certified.path("push.pem"), certified.path("session.pem")).unwrap();
    refused(&set(&certificate), "session.key");
    std::fs::write(certified.path("roots.pem"), "").unwrap();
    refused(&one, "no usable roots");
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
