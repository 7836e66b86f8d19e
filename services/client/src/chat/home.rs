//! Where a user's device keeps what it knows.

use super::ChatArgs;
use std::env;
use std::fs::DirBuilder;
use std::io;
use std::path::PathBuf;

/// The file of this user at this server; its folder is made, readable by its owner only.
pub(super) fn store_path(args: &ChatArgs) -> io::Result<PathBuf> {
    let folder = args
        .state_dir
        .clone()
        .or_else(default_folder)
        .ok_or_else(|| {
            let message = "there is no home folder; say --state-dir";
            io::Error::new(io::ErrorKind::NotFound, message)
        })?;
    let folder = folder.join(file_name(&args.server));
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&folder)?;
    // Case does not distinguish names.
    Ok(folder.join(file_name(&args.name.to_lowercase())))
}

fn default_folder() -> Option<PathBuf> {
    let state = env::var_os("XDG_STATE_HOME").filter(|folder| !folder.is_empty());
    let home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    let folder = state.map(PathBuf::from).or_else(home)?;
    Some(folder.join("im-chat"))
}

/// A name without what means something to a file system.
fn file_name(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let name: String = name
        .chars()
        .map(|c| if plain(c) { c } else { '.' })
        .collect();
    format!("at-{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_leave_their_folder() {
        assert_eq!(file_name("127.0.0.1:8081"), "at-127.0.0.1.8081");
        assert_eq!(file_name("../../etc/passwd"), "at-......etc.passwd");
    }
}
