//! Silencing a member for a while.

use crate::group::Group;
use crate::plan::{Plan, event};
use crate::refusal::Refusal;
use im_idl::group::{Member, Role};
use im_idl::group_store::ChangeRequest;
use im_idl::message::group_event::Kind;

const MUTED_DAYS_MAX: u32 = 30;
const MUTED_SECONDS_MAX: u32 = MUTED_DAYS_MAX * 24 * 3_600;
/// An end this little later than the one that is set is the same request sent again.
const REPEATED_WITHIN_MS: u64 = 10_000;

/// `actor` silences `uin`, of lower role, for `seconds`; 0 lets him speak.
pub(crate) fn mute(
    group: &Group,
    actor: u64,
    uin: u64,
    seconds: u32,
    now_ms: u64,
) -> Result<Plan, Refusal> {
    if seconds > MUTED_SECONDS_MAX {
        return Err(Refusal::MutedTooLong);
    }
    let role = group.require(actor, Role::Member)?;
    let target = group.members.get(&uin).ok_or(Refusal::NoSuchMember)?;
    if target.role() >= role {
        return Err(Refusal::RoleNotLower);
    }
    let until_ms = match seconds {
        0 => 0,
        seconds => now_ms + u64::from(seconds) * 1_000,
    };
    if is_repeated(target.muted_until_ms, until_ms, now_ms) {
        return Ok(Plan::default());
    }
    let muted = Member {
        muted_until_ms: until_ms,
        ..target.clone()
    };
    let change = ChangeRequest {
        put_members: vec![muted],
        ..ChangeRequest::default()
    };
    Ok(Plan {
        change,
        events: vec![event(Kind::Muted, actor, vec![uin])],
        also: Vec::new(),
    })
}

fn is_repeated(before_ms: u64, until_ms: u64, now_ms: u64) -> bool {
    if until_ms == 0 {
        return before_ms <= now_ms;
    }
    // The end of a mute that is over is no end of one to come.
    before_ms > now_ms && before_ms <= until_ms && until_ms - before_ms < REPEATED_WITHIN_MS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::scene::{ALL, MEMBER, NOW_MS, OWNER, STRANGER, apply, scene};

    #[test]
    fn only_those_of_lower_role_are_silenced() {
        for actor in ALL {
            for target in ALL {
                let group = scene();
                let muted = mute(&group, actor, target, 60, NOW_MS);
                if group.role(actor) > group.role(target) {
                    let group = apply(&group, &muted.unwrap());
                    assert_eq!(group.members[&target].muted_until_ms, NOW_MS + 60_000);
                } else {
                    assert_eq!(muted, Err(Refusal::RoleNotLower), "{actor} mutes {target}");
                }
            }
        }
        let refused = mute(&scene(), STRANGER, MEMBER, 60, NOW_MS);
        assert_eq!(refused, Err(Refusal::NotAMember));
        let refused = mute(&scene(), OWNER, STRANGER, 60, NOW_MS);
        assert_eq!(refused, Err(Refusal::NoSuchMember));
    }

    #[test]
    fn for_thirty_days_at_most() {
        let mute = |seconds| mute(&scene(), OWNER, MEMBER, seconds, NOW_MS).map(|_| ());
        assert_eq!(mute(MUTED_SECONDS_MAX), Ok(()));
        assert_eq!(mute(MUTED_SECONDS_MAX + 1), Err(Refusal::MutedTooLong));
    }

    #[test]
    fn repeated_it_changes_nothing_and_said_anew_it_does() {
        let muted = apply(
            &scene(),
            &mute(&scene(), OWNER, MEMBER, 3_600, NOW_MS).unwrap(),
        );
        let again = |seconds, now_ms| mute(&muted, OWNER, MEMBER, seconds, now_ms).unwrap();
        assert!(again(3_600, NOW_MS + 5_000).is_empty());
        assert!(!again(3_600, NOW_MS + 60_000).is_empty());
        assert!(!again(60, NOW_MS + 5_000).is_empty());
        assert!(
            !again(10, NOW_MS + 3_605_000).is_empty(),
            "the first is over"
        );
        assert!(!again(0, NOW_MS).is_empty());
        assert!(again(0, NOW_MS + 3_600_000).is_empty(), "he may speak");
        assert!(mute(&scene(), OWNER, MEMBER, 0, NOW_MS).unwrap().is_empty());
    }
}
