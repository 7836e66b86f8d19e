//! Starting it with the backend's settings.

use super::{Centre, Deps};
use crate::config::Config;
use crate::history::History;
use crate::store::{Bounds, Store};
use im_serve::process::tell;
use im_serve::{
    Addresses, AdminConfig, AdmissionSettings, AuthSettings, Calls, Life, Listen, Role,
    RunningAdmin, Settings, Start, StartError, Told, export, listen, open_counters,
};
use std::path::Path;
use svrkit_rt::clock;
use tokio::sync::watch;

/// Opens it.
///
/// # Errors
/// Settings or peers that it cannot work with; data that cannot be opened.
pub async fn start(start: Start) -> Result<Centre, StartError> {
    let deps = Deps::connect(&start.peers)?;
    let config: Config = start.config()?;
    Centre::open(config, &start.data_dir(), deps).await
}

/// The whole of its process: listens for agents at `address`, else where `[services]` says, and for people where `[listen]` says, until it
/// is told to end.
///
/// # Errors
/// What keeps it from starting, or from going on.
pub async fn serve(
    changes: watch::Receiver<Settings>,
    address: Option<String>,
    mut life: Life,
) -> Result<(), StartError> {
    let role = Role::named("monitor").ok_or("there is no service monitor")?;
    let settings = changes.borrow().clone();
    open_counters(&settings, role.name, role.name, None);
    let _exporting = export(&settings, role.name)?;
    let page = Listen::from_settings(&settings)?
        .bind_page(&mut life)
        .await?;
    let admin_listener = AdminConfig::from_settings(&settings)?
        .bind(role.name, &mut life)
        .await?;
    let admission = AdmissionSettings::from_settings(&settings)?.admission();
    let auth = AuthSettings::from_settings(&settings)?.of(role)?;
    let compression = Calls::from_settings(&settings)?.compression();
    let addresses = Addresses::from_settings(&settings)?;
    let address = address.unwrap_or_else(|| addresses.of(role));
    let bind = async {
        let bound = listen(&address).await;
        bound.map_err(|e| format!("cannot listen at {address}: {e}"))
    };
    let listener = auth.listener(life.listener(role.name, bind).await?);
    auth.follow();
    let peers = addresses.peers_of(role, &auth)?;
    let told = Told::new();
    told.peers(&peers);
    let centre = start(Start {
        role: role.name,
        settings,
        changes: changes.clone(),
        peers,
        told: told.clone(),
    })
    .await?;
    let calls = auth.server(centre.server());
    let [calls, pages] = [calls, centre.page()].map(|server| server.admission(admission.clone()));
    let calls = calls.compression(compression);
    let servers = [("calls", &calls), ("page", &pages)];
    let watches = servers.map(|(name, server)| (name.to_owned(), server.watch()));
    let admin = RunningAdmin::start(role.name, admin_listener, changes, told, watches.into())?;
    let at = (listener.address(), page.address());
    life.serves();
    tell(format_args!("monitor is ready at {} and {}", at.0, at.1));
    let (stop, stopped) = watch::channel(false);
    let until = |mut stopped: watch::Receiver<bool>| async move {
        // An error says that whoever tells is gone, which ends it too.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    let ends = async {
        life.ended().await;
        // Nobody listens any more when both have ended.
        let _ = stop.send(true);
        Ok(())
    };
    let calls = calls.run(listener, until(stopped.clone()));
    let pages = pages.run(page, until(stopped));
    let serving = async { tokio::try_join!(calls, pages, ends) };
    admin.until(serving).await?;
    Ok(())
}

/// What a centre that does not run has kept in its folder.
///
/// # Errors
/// The folder is in use, or is none of a centre.
pub fn open_past(dir: &Path) -> Result<Box<dyn History + Send + Sync>, StartError> {
    let bounds = Bounds::NONE;
    let dir = dir.join("store");
    if !dir.is_dir() {
        return Err(format!("{} is no folder of a centre", dir.display()).into());
    }
    Ok(Box::new(Store::open(&dir, bounds, clock::now_ms())?.past()))
}
