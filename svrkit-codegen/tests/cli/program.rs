//! The program, run to its end.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// What it did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs `svrkit` here, with words split at spaces.
pub(crate) fn svrkit(words: &str) -> Ran {
    run(&words.split(' ').collect::<Vec<_>>(), Path::new("."), "")
}

/// Runs `svrkit` in a folder.
pub(crate) fn svrkit_in(folder: &Path, words: &str) -> Ran {
    run(&words.split(' ').collect::<Vec<_>>(), folder, "")
}

pub(crate) fn run(args: &[&str], folder: &Path, stdin: &str) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_svrkit"))
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut input = child.stdin.take().expect("a pipe");
    // A program that does not read its input may be gone already.
    let _ = input.write_all(stdin.as_bytes());
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    Ran {
        code: output.status.code().expect("no signal ended it"),
        out: String::from_utf8(output.stdout).expect("text"),
        err: String::from_utf8(output.stderr).expect("text"),
    }
}

impl Ran {
    /// What it printed, given that all went well.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
        self.out
    }

    /// What it complained of, given that it ended with `code`.
    #[track_caller]
    pub(crate) fn failed(self, code: i32) -> String {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        assert!(self.err.starts_with("error: "), "{}", self.err);
        self.err
    }
}
