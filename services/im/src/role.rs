//! One service as a process of its own.

use crate::services::start_role;
use im_serve::process::serve;
use im_serve::{ROLES, Role, Settings, StartError};
use tokio::sync::watch;

/// Runs one service until it is told to end, with the settings that `changes` holds: at `address`, else where `[services]` says; the access layer, and the monitoring's page, where `[listen]` says.
///
/// # Errors
/// There is no such service; what keeps it from starting, or from going on.
pub async fn run_role(
    name: &str,
    changes: watch::Receiver<Settings>,
    address: Option<String>,
    with_parent: bool,
) -> Result<(), StartError> {
    let role = Role::named(name).ok_or_else(|| {
        let names: Vec<&str> = ROLES.iter().map(|role| role.name).collect();
        format!(
            "there is no service {name:?}; there are {}",
            names.join(", ")
        )
    })?;
    match role.name {
        "access" => im_access::serve(changes, with_parent).await,
        "monitor" => im_monitor::serve(changes, address, with_parent).await,
        name => serve(name, changes, address, with_parent, start_role).await,
    }
}
