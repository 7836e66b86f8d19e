//! Where processes of one machine find each other.

use im_serve::{ROLES, Settings, StartError};
use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Bytes of a Unix socket's path that every system takes, less the longest name in it.
const FOLDER_BYTES_MAX: usize = 80;

/// Gives each service that has no address one in a folder that only this user can open.
pub(super) fn assign(settings: &mut Settings, data_dir: &Path) -> Result<(), StartError> {
    let set: std::collections::BTreeMap<String, String> = settings.section("services")?;
    let folder = folder(data_dir);
    let mut private = fs::DirBuilder::new();
    private.recursive(true).mode(0o700).create(&folder)?;
    for role in ROLES.iter().filter(|role| !set.contains_key(role.name)) {
        let socket = folder.join(role.name).with_extension("sock");
        let address = format!("unix:{}", socket.display());
        settings.set(&format!("services.{}", role.name), &address)?;
    }
    Ok(())
}

/// Writes what the processes are to know where only this user can read it.
pub(super) fn write_settings(settings: &Settings, data_dir: &Path) -> Result<PathBuf, StartError> {
    let folder = data_dir.join("run");
    fs::create_dir_all(&folder)?;
    let path = folder.join("settings.toml");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options
        .open(&path)?
        .write_all(settings.to_toml().as_bytes())?;
    Ok(path)
}

/// Beside the data, unless that path is too long for a socket.
fn folder(data_dir: &Path) -> PathBuf {
    let folder = data_dir.join("run");
    if folder.as_os_str().len() <= FOLDER_BYTES_MAX {
        return folder;
    }
    let mut hash = DefaultHasher::new();
    data_dir.hash(&mut hash);
    std::env::temp_dir().join(format!("im-{:016x}", hash.finish()))
}
