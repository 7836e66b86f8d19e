//! Where processes of one machine find each other.

use im_serve::{
    Addresses, AdminConfig, Layer, Listen, Place, ROLES, Role, Settings, StartError, listen,
};
use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use svrkit_rt::handover::Sockets;
use svrkit_rt::{Endpoint, Listener};

/// Bytes of a Unix socket's path that every system takes, less the longest name in it.
const FOLDER_BYTES_MAX: usize = 80;

/// Gives each service that has no address one in a folder that only this user can open.
pub(super) fn assign(settings: &mut Settings, data_dir: &Path) -> Result<(), StartError> {
    let set: BTreeMap<String, Place> = settings.section("services")?;
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

/// Where the processes of a service are to listen, at least one.
pub(super) fn places(role: &Role, settings: &Settings) -> Result<Vec<Endpoint>, StartError> {
    let places = Addresses::from_settings(settings)?.instances(role)?;
    match places.is_empty() {
        true => Err(format!("{} has no address of its own to listen at", role.name).into()),
        false => Ok(places),
    }
}

/// Listens where a service is to be found, and where its process tells of itself. The supervisor holds the sockets and gives them to each
/// process of the service: who connects while one is being started waits in the kernel, and is not refused.
pub(super) async fn bind(
    role: &Role,
    place: &Endpoint,
    settings: &Settings,
    outside: &mut Outside,
) -> Result<Sockets, StartError> {
    let mut sockets = Sockets::new();
    let admin = AdminConfig::from_settings(settings)?.bind_anew(role.name)?;
    sockets.keep(AdminConfig::LISTENER, &admin)?;
    let of_role = outside
        .listeners
        .extract_if(.., |(of, ..)| *of == role.name);
    for (_, name, listener) in of_role {
        sockets.keep(name, &listener)?;
    }
    if role.layer == Layer::Access {
        return Ok(sockets);
    }
    let address = place.name();
    let cannot = |e| format!("{} cannot listen at {address}: {e}", role.name);
    sockets.keep(role.name, &listen(address).await.map_err(cannot)?)?;
    Ok(sockets)
}

/// Where clients and people come in.
pub(super) struct Outside {
    /// The role that serves each, and the name under which its process asks for it.
    listeners: Vec<(&'static str, &'static str, Listener)>,
    /// Where they are: a port 0 has become one.
    pub(super) listen: Listen,
}

impl Outside {
    pub(super) fn bind(listen: &Listen) -> Result<Outside, StartError> {
        let [long, short] = listen.bind_links()?;
        let page = listen.bind_page_anew()?;
        let listen = Listen {
            long: long.1.address().parse()?,
            short: short.1.address().parse()?,
            page: page.address().parse()?,
            ..listen.clone()
        };
        let links = [long, short].map(|(name, listener)| ("access", name, listener));
        let mut listeners = Vec::from(links);
        listeners.push(("monitor", Listen::PAGE, page));
        Ok(Outside { listeners, listen })
    }
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
