//! `im gray`: whose calls meet the release that is being tried. What it decides stands in a file beside the data, which every process of
//! the machine follows; so it works without a restart, and holds after one.

mod comparing;
mod gate;
mod order;

use crate::run::SettingsArgs;
use clap::Args;
use comparing::compare;
use gate::{Compared, Refusal, judge};
use im_idl::monitor::CentreClient;
use im_serve::process::tell;
use im_serve::{Addresses, Gray, GrayRule, Listen, ROLES, Settings, StartError};
use order::Order;
use std::fs;
use std::path::Path;
use svrkit_rt::Channel;
use toml::{Table, Value};

/// `im gray`.
#[derive(Args, Debug)]
pub(crate) struct GrayArgs {
    /// `show`, `5%`, `stop`, or `promote`: all users, if the centre's figures of both releases allow it [default: show].
    order: Option<Order>,
    /// Users who meet it whatever the share, in place of those named before.
    #[arg(long, value_name = "UIN,…", value_delimiter = ',')]
    uins: Option<Vec<u64>>,
    /// Client versions that do, in place of those named before.
    #[arg(long, value_name = "VERSION,…", value_delimiter = ',')]
    versions: Option<Vec<u32>>,
    /// Tag of its instances.
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    /// Seconds of the past that `show` and `promote` look at.
    #[arg(long, default_value_t = 300)]
    seconds: u64,
    #[command(flatten)]
    settings: SettingsArgs,
}

pub(crate) async fn run(args: GrayArgs) -> Result<(), StartError> {
    let settings = args.settings.settings()?;
    let mut gray = Gray::from_settings(&settings)?;
    let before = gray.clone();
    gray.uins = args.uins.unwrap_or(gray.uins);
    gray.versions = args.versions.unwrap_or(gray.versions);
    gray.tag = args.tag.unwrap_or(gray.tag);
    match args.order {
        None | Some(Order::Show) => {}
        Some(Order::Percent(percent)) => gray.percent = percent,
        Some(Order::Stop) => {
            (gray.percent, gray.uins, gray.versions) = (0.0, Vec::new(), Vec::new());
        }
        Some(Order::Promote) => {
            let compared = compare(&centre(&settings)?, &gray.tag, args.seconds).await?;
            compared.iter().for_each(tell_compared);
            let refusals = judge(&gray, &compared);
            if !refusals.is_empty() {
                let why: Vec<String> = refusals.iter().map(Refusal::to_string).collect();
                return Err(format!("not promoted: {}", why.join("; ")).into());
            }
            gray.percent = 100.0;
        }
    }
    GrayRule::new(&gray)?;
    if gray == before && args.order != Some(Order::Promote) {
        return show(&gray, &settings, args.seconds).await;
    }
    write(&gray, &Gray::file(&settings))?;
    tell_rule(&gray, &settings)
}

/// The centre, at the page's address.
fn centre(settings: &Settings) -> Result<CentreClient, StartError> {
    let page = Listen::from_settings(settings)?.page;
    Ok(CentreClient::new(Channel::connect(&page.to_string())?))
}

async fn show(gray: &Gray, settings: &Settings, seconds: u64) -> Result<(), StartError> {
    tell_rule(gray, settings)?;
    match compare(&centre(settings)?, &gray.tag, seconds).await {
        Ok(compared) => compared.iter().for_each(tell_compared),
        Err(error) => tell(format_args!("no figures: {error}")),
    }
    Ok(())
}

fn tell_rule(gray: &Gray, settings: &Settings) -> Result<(), StartError> {
    let (uins, versions) = (gray.uins.len(), gray.versions.len());
    tell(format_args!(
        "{}% of users, {uins} named users and {versions} client versions meet {}",
        gray.percent, gray.tag
    ));
    let addresses = Addresses::from_settings(settings)?;
    for role in &ROLES {
        let instances = addresses.instances(role)?.into_iter();
        let tagged = instances.filter(|i| i.tag().is_some_and(|tag| tag.to_string() == gray.tag));
        for instance in tagged {
            tell(format_args!("{:<14} {}", role.name, instance.name()));
        }
    }
    Ok(())
}

fn tell_compared(compared: &Compared) {
    for (which, figures) in [("tagged", compared.tagged), ("others", compared.others)] {
        tell(format_args!(
            "{:<14} {which}  {:>9.0} calls  {:>6.2} % failed  p99 {:>8.1} ms",
            compared.role,
            figures.calls,
            figures.failed_percent(),
            figures.p99_ms,
        ));
    }
}

/// Whole or not at all: processes read it at any time.
fn write(gray: &Gray, path: &Path) -> Result<(), StartError> {
    let numbers = |of: Vec<i64>| Value::Array(of.into_iter().map(Value::Integer).collect());
    let uins = gray.uins.iter().map(|uin| i64::try_from(*uin));
    let mut section = Table::new();
    section.insert("tag".to_owned(), gray.tag.clone().into());
    section.insert("percent".to_owned(), gray.percent.into());
    section.insert("uins".to_owned(), numbers(uins.collect::<Result<_, _>>()?));
    let versions = gray.versions.iter().map(|version| i64::from(*version));
    section.insert("versions".to_owned(), numbers(versions.collect()));
    let whole = Table::from_iter([("gray".to_owned(), Value::Table(section))]);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let new = path.with_extension("new");
    let remark = "# Written by `im gray`; goes before all other settings of [gray].\n";
    fs::write(&new, format!("{remark}{whole}"))?;
    Ok(fs::rename(new, path)?)
}
