//! `im keys`: new keys by which services show each other who they are.

use clap::Args;
use im_serve::process::tell;
use im_serve::{ROLES, StartError};
use svrkit_rt::auth::CallerKey;

/// Whose keys to make.
#[derive(Args, Debug)]
pub(crate) struct KeysArgs {
    /// Names of services, or of tools that are to call them [default: all services].
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

pub(crate) fn run(args: &KeysArgs) -> Result<(), StartError> {
    let all = || ROLES.iter().map(|role| role.name.to_owned()).collect();
    let names = match args.names.is_empty() {
        true => all(),
        false => args.names.clone(),
    };
    for name in names {
        tell(CallerKey::new_line(&name)?);
    }
    Ok(())
}
