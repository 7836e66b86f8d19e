//! Whether there is anything to sync.

use im_idl::base::Versions;

/// What the server told of newest versions, against what has been synced. Notifies and heartbeats may come late, twice, or never.
#[derive(Clone, Debug, Default)]
pub struct News {
    told: Versions,
    /// What a finished sync certainly covers.
    covered: Versions,
    /// What had been told when the sync under way began.
    asked: Option<Versions>,
    /// Sync whatever the versions say.
    forced: bool,
}

impl News {
    /// The server told of versions; 0 for kinds that it does not know of.
    pub fn tell(&mut self, versions: &Versions) {
        let told = &mut self.told;
        told.account = told.account.max(versions.account);
        told.contacts = told.contacts.max(versions.contacts);
        told.groups = told.groups.max(versions.groups);
        told.messages = told.messages.max(versions.messages);
    }

    /// Something may have been missed: sync once, whatever was told.
    pub fn force(&mut self) {
        self.forced = true;
    }

    /// Whether a sync should be sent now. At most one is under way at a time.
    pub fn wants_sync(&self) -> bool {
        self.asked.is_none() && (self.forced || !covers(&self.covered, &self.told))
    }

    /// Whether a sync is under way.
    pub fn is_syncing(&self) -> bool {
        self.asked.is_some()
    }

    /// A sync is sent: its answer will cover what was told before.
    pub fn began(&mut self) {
        self.asked = Some(self.told);
        self.forced = false;
    }

    /// Its answer is kept. With `more` there is to be another at once.
    pub fn finished(&mut self, more: bool) {
        let asked = self.asked.take().unwrap_or_default();
        if more {
            self.forced = true;
        } else {
            self.covered = asked;
        }
    }

    /// It was not answered: what it was for is still to be synced.
    pub fn failed(&mut self) {
        self.asked = None;
        self.forced = true;
    }
}

fn covers(covered: &Versions, told: &Versions) -> bool {
    covered.account >= told.account
        && covered.contacts >= told.contacts
        && covered.groups >= told.groups
        && covered.messages >= told.messages
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(messages: u64) -> Versions {
        Versions {
            messages,
            ..Versions::default()
        }
    }

    #[test]
    fn what_is_told_once_is_synced_once() {
        let mut news = News::default();
        assert!(!news.wants_sync());
        news.tell(&messages(3));
        assert!(news.wants_sync());
        news.began();
        assert!(!news.wants_sync(), "one at a time");
        news.finished(false);
        news.tell(&messages(3));
        news.tell(&messages(2));
        assert!(!news.wants_sync());
    }

    #[test]
    fn what_is_told_while_a_sync_is_under_way_is_synced_after_it() {
        let mut news = News::default();
        news.tell(&messages(3));
        news.began();
        news.tell(&messages(4));
        news.finished(false);
        assert!(news.wants_sync());
    }

    #[test]
    fn more_and_failures_ask_again() {
        let mut news = News::default();
        news.force();
        news.began();
        news.finished(true);
        assert!(news.wants_sync());
        news.began();
        news.failed();
        assert!(news.wants_sync());
        news.began();
        news.finished(false);
        assert!(!news.wants_sync());
    }
}
