//! Sends the daily mail when it is due, once a day, whatever happens in between.

use super::figures::figures;
use super::letter::letter;
use super::schedule::{Day, due, newest};
use super::sent::{Sent, SentError};
use super::settings::DailyMail;
use crate::history::History;
use crate::plan::{Plan, Plans};
use crate::sinks::Mailer;
use im_serve::process::causes;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use svrkit_rt::clock;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::{error, info, warn};

/// How often the clock is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// The first pause after a mail that could not be sent; each is twice as long as the one before.
const PAUSE: Duration = Duration::from_secs(60);
/// The longest pause. It is tried until the next day's mail is due.
const PAUSE_MAX: Duration = Duration::from_secs(1_800);

/// Whoever sends the daily mail.
#[derive(Debug)]
pub struct Postman {
    sent: Sent,
    plans: Plans,
    last: Option<Day>,
    pause: Duration,
    not_before: Option<Instant>,
}

impl Postman {
    /// One who remembers in the folder `dir` what he sent, by the plan in force.
    ///
    /// # Errors
    /// The folder cannot be read or written.
    pub fn open(dir: &Path, plans: Plans) -> Result<Postman, SentError> {
        let sent = Sent::in_dir(dir)?;
        let last = sent.last()?;
        Ok(Postman {
            sent,
            plans,
            last,
            pause: PAUSE,
            not_before: None,
        })
    }

    /// Sends for ever what this store knows; it is ended by being dropped, at any point.
    pub async fn run(mut self, history: Arc<dyn History + Send + Sync>) {
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            let plan = self.plans.borrow().clone();
            if let Some(daily) = &plan.daily_mail
                && let Some(day) = self.due(daily)
            {
                self.send(day, daily, &plan, &history).await;
            }
        }
    }

    fn due(&mut self, daily: &DailyMail) -> Option<Day> {
        let now_s = clock::now_ms() / 1_000;
        if self.not_before.is_some_and(|at| Instant::now() < at) {
            return None;
        }
        match self.last {
            Some(last) => due(daily, last, now_s),
            // The first of all tells of the first day that was seen as a whole, or nearly: not at once of the days before.
            None => {
                self.remember(newest(daily, now_s));
                None
            }
        }
    }

    async fn send(
        &mut self,
        day: Day,
        daily: &DailyMail,
        plan: &Plan,
        history: &Arc<dyn History + Send + Sync>,
    ) {
        let (history, zone) = (history.clone(), daily.zone);
        let now_s = clock::now_ms() / 1_000;
        let asked = tokio::task::spawn_blocking(move || figures(&*history, zone, now_s));
        let figures = match asked.await {
            Ok(figures) => figures,
            Err(ended) => match ended.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime ends, and this task with it.
                Err(_) => std::future::pending().await,
            },
        };
        let mailer = Mailer::new(daily.smtp.clone());
        match mailer.send(&daily.to, letter(&figures, &plan.page)).await {
            Ok(()) => {
                info!(day = %figures.date, to = daily.to.len(), "the daily mail was sent");
                (self.pause, self.not_before) = (PAUSE, None);
                self.remember(day);
            }
            Err(wrong) => {
                let wrong = causes(&wrong);
                warn!(
                    error = wrong,
                    again_s = self.pause.as_secs(),
                    "the daily mail was not sent"
                );
                self.not_before = Some(Instant::now() + self.pause);
                self.pause = (self.pause * 2).min(PAUSE_MAX);
            }
        }
    }

    /// In memory in any case: a full disk must not send a mail every half minute.
    fn remember(&mut self, day: Day) {
        self.last = Some(day);
        if let Err(wrong) = self.sent.remember(day) {
            let wrong = causes(&wrong);
            error!(
                error = wrong,
                "the daily mail would be sent again after a restart"
            );
        }
    }
}
