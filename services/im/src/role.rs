//! One service as a process of its own.

use crate::services::start_role;
use im_serve::process::{Here, serve};
use im_serve::{Life, ROLES, Role, Settings, StartError};
use tokio::sync::watch;

/// Runs one service until it is told to end, with the settings that `changes` holds: where `here` says, else where `[services]` says; the access layer, and the monitoring's page, where `[listen]` says.
///
/// # Errors
/// There is no such service; what keeps it from starting, or from going on.
pub async fn run_role(
    name: &str,
    changes: watch::Receiver<Settings>,
    here: Here,
    life: Life,
) -> Result<(), StartError> {
    let role = Role::named(name).ok_or_else(|| {
        let names: Vec<&str> = ROLES.iter().map(|role| role.name).collect();
        format!(
            "there is no service {name:?}; there are {}",
            names.join(", ")
        )
    })?;
    match role.name {
        "access" => im_access::serve(changes, life).await,
        "monitor" => im_monitor::serve(changes, here.address, life).await,
        name => serve(name, changes, here, life, start_role).await,
    }
}
