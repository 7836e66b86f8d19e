//! News of inboxes.

use im_idl::base::Versions;
use im_serve::Notifier;

/// Tells members that their inboxes came to these versions; 0 for those that did not.
pub(crate) fn tell(notifier: &Notifier, members: &[u64], versions: &[u64]) {
    let news = members.iter().zip(versions);
    let news = news.filter(|(_, version)| **version > 0);
    notifier.notify(news.map(|(uin, version)| {
        let versions = Versions {
            messages: *version,
            ..Versions::default()
        };
        (*uin, versions)
    }));
}
