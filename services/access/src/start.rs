//! Starting it with the backend's settings.

use crate::access::{Access, Listeners};
use crate::deps::Deps;
use im_serve::process::{ended, tell};
use im_serve::{
    Addresses, Listen, Role, RunningAdmin, Settings, Start, StartError, Told, open_counters,
};
use tokio::sync::watch;

impl From<im_serve::Listeners> for Listeners {
    fn from(bound: im_serve::Listeners) -> Listeners {
        Listeners {
            long: Some(bound.long),
            short: Some(bound.short),
        }
    }
}

/// Builds it from its settings and peers.
///
/// # Errors
/// Settings or peers that it cannot work with.
pub async fn start(start: Start) -> Result<Access, StartError> {
    let deps = Deps::connect(&start.peers)?;
    Ok(Access::build(start.config()?, deps).await?)
}

/// The whole of its process: listens where `[listen]` says, and serves until it is told to end.
///
/// # Errors
/// What keeps it from starting, or from going on.
pub async fn serve(
    changes: watch::Receiver<Settings>,
    with_parent: bool,
) -> Result<(), StartError> {
    let role = Role::named("access").ok_or("there is no service access")?;
    let settings = changes.borrow().clone();
    open_counters(&settings, role.name, role.name);
    let listeners = Listen::from_settings(&settings)?.bind()?;
    let at = (listeners.long.address(), listeners.short.address());
    let peers = Addresses::from_settings(&settings)?.peers_of(role)?;
    let told = Told::new();
    let access = start(Start {
        role: role.name,
        settings,
        changes: changes.clone(),
        peers,
        told: told.clone(),
    })
    .await?;
    let admin = RunningAdmin::start(role.name, changes, told, Vec::new())?;
    tell(format_args!("access is ready at {} and {}", at.0, at.1));
    let serving = access.run(listeners.into(), ended(with_parent));
    admin.until(serving).await?;
    Ok(())
}
