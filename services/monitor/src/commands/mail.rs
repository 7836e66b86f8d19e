//! `im monitor mail`: the daily mail that would go out now.

use super::against::{self, Against, OpenHistory, USUAL};
use crate::calendar::{DAY_S, Zone};
use crate::mail::{figures, letter};
use crate::plan::Plan;
use crate::sinks::Letter;
use clap::Args;
use im_serve::StartError;
use std::path::PathBuf;
use svrkit_rt::clock;

/// From and to whom a preview is when the plan sends none.
const NOBODY: &str = "im <im@localhost>";

#[derive(Args, Debug)]
pub(super) struct MailArgs {
    /// Shows the mail instead of sending it, which the centre does.
    #[arg(long, required = true)]
    preview: bool,
    /// The plan's file; without it, the built-in plan.
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// Whose past: a centre's address, or the folder of a store.
    #[arg(long, value_name = "URL or DIR", default_value = USUAL, value_parser = against::parse)]
    against: Against,
    /// Writes the whole mail with its pictures to this file, for a mail program to open.
    #[arg(long, value_name = "FILE")]
    eml: Option<PathBuf>,
}

pub(super) async fn answer(args: MailArgs, open: OpenHistory) -> Result<String, StartError> {
    let plan = Plan::load(args.plan.as_deref())?;
    let zone = plan.daily_mail.as_ref().map_or(Zone::default(), |d| d.zone);
    let now_s = clock::now_ms() / 1_000;
    // The day before, the week before that, and the hours of today that a zone may add.
    let asked_s = (now_s.saturating_sub(10 * DAY_S), now_s);
    let daily = args
        .against
        .ask(open, asked_s, move |history| figures(history, zone, now_s));
    let letter = letter(&daily.await?, &plan.page);
    if let Some(file) = &args.eml {
        std::fs::write(file, whole(&letter, &plan)?)?;
    }
    Ok(format!("{}\n\n{}", letter.subject, letter.text))
}

fn whole(letter: &Letter, plan: &Plan) -> Result<Vec<u8>, StartError> {
    let (from, to) = match &plan.daily_mail {
        Some(daily) => (daily.smtp.from.clone(), daily.to.clone()),
        None => (NOBODY.to_owned(), vec![NOBODY.to_owned()]),
    };
    Ok(letter.message(&from, &to)?.formatted())
}
