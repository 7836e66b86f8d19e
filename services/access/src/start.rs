//! Starting it with the backend's settings.

use crate::access::{Access, Listeners};
use crate::deps::Deps;
use im_serve::process::tell;
use im_serve::{
    Addresses, AdminConfig, AdmissionSettings, AuthSettings, Gray, GrayNow, GrayRule, Life, Listen,
    Role, RunningAdmin, Settings, Start, StartError, Told, export, open_counters,
};
use svrkit_rt::Admission;
use tokio::sync::watch;

impl From<im_serve::Listeners> for Listeners {
    fn from(bound: im_serve::Listeners) -> Listeners {
        Listeners {
            long: Some(bound.long),
            short: Some(bound.short),
        }
    }
}

/// Builds it from its settings and peers; `admission` says how many calls of clients are served at once, and which.
///
/// # Errors
/// Settings or peers that it cannot work with.
pub async fn start(start: Start, admission: Admission) -> Result<Access, StartError> {
    let deps = Deps::connect(&start.peers)?;
    start.told.admission(start.role, admission.clone());
    let access = Access::build_with(start.config()?, deps, admission).await?;
    follow_gray(&start, access.gray())?;
    Ok(access)
}

/// Has calls tagged as `[gray]` says, now and whenever it changes.
fn follow_gray(start: &Start, now: GrayNow) -> Result<(), StartError> {
    let gray = Gray::from_settings(&start.settings)?;
    now.set(GrayRule::new(&gray)?);
    start.reloadable_section("gray", &gray, &Gray::FIELDS, move |gray: Gray| {
        now.set(GrayRule::new(&gray)?);
        Ok(())
    });
    Ok(())
}

/// The whole of its process: listens where `[listen]` says, and serves until it is told to end.
///
/// # Errors
/// What keeps it from starting, or from going on.
pub async fn serve(changes: watch::Receiver<Settings>, mut life: Life) -> Result<(), StartError> {
    let role = Role::named("access").ok_or("there is no service access")?;
    let settings = changes.borrow().clone();
    open_counters(&settings, role.name, role.name, None);
    let _exporting = export(&settings, role.name)?;
    let listeners = Listen::from_settings(&settings)?.bind(&mut life).await?;
    let admin_listener = AdminConfig::from_settings(&settings)?
        .bind(role.name, &mut life)
        .await?;
    let at = (listeners.long.address(), listeners.short.address());
    let auth = AuthSettings::from_settings(&settings)?.of(role)?;
    auth.follow();
    let peers = Addresses::from_settings(&settings)?.peers_of(role, &auth)?;
    let told = Told::new();
    told.peers(&peers);
    let admission = AdmissionSettings::from_settings(&settings)?.admission();
    let begin = Start {
        role: role.name,
        settings,
        changes: changes.clone(),
        peers,
        told: told.clone(),
    };
    let access = start(begin, admission).await?;
    let admin = RunningAdmin::start(role.name, admin_listener, changes, told, Vec::new())?;
    life.serves();
    tell(format_args!("access is ready at {} and {}", at.0, at.1));
    let serving = access.run(listeners.into(), life.ended());
    admin.until(serving).await?;
    Ok(())
}
