//! Name, notice and settings.

use crate::group::Group;
use crate::plan::{Plan, event};
use crate::refusal::Refusal;
use im_idl::group::{Info, Role, UpdateRequest};
use im_idl::group_store::ChangeRequest;
use im_idl::message::GroupEvent;
use im_idl::message::group_event::Kind;

/// `actor` sets what is set in `wanted`, whose texts are known to be fit. Answers what the group is after it.
pub(crate) fn update(
    group: &Group,
    actor: u64,
    wanted: &UpdateRequest,
) -> Result<(Plan, Info), Refusal> {
    group.require(actor, Role::Admin)?;
    let old = &group.info;
    let info = Info {
        name: wanted.name.clone().unwrap_or_else(|| old.name.clone()),
        notice: wanted.notice.clone().unwrap_or_else(|| old.notice.clone()),
        join_needs_approval: wanted
            .join_needs_approval
            .unwrap_or(old.join_needs_approval),
        muted: wanted.muted.unwrap_or(old.muted),
        ..old.clone()
    };
    if info == *old {
        return Ok((Plan::default(), info));
    }
    let told = |kind, text: &str| GroupEvent {
        text: text.to_owned(),
        ..event(kind, actor, Vec::new())
    };
    let mut events = Vec::new();
    if info.name != old.name {
        events.push(told(Kind::Name, &info.name));
    }
    if info.notice != old.notice {
        events.push(told(Kind::Notice, &info.notice));
    }
    let settings = |info: &Info| (info.join_needs_approval, info.muted);
    if settings(&info) != settings(old) {
        events.push(told(Kind::Settings, ""));
    }
    let change = ChangeRequest {
        info: Some(info.clone()),
        ..ChangeRequest::default()
    };
    let plan = Plan {
        change,
        events,
        also: Vec::new(),
    };
    Ok((plan, info))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::scene::{ADMIN, MEMBER, OWNER, STRANGER, apply, scene};

    fn all() -> UpdateRequest {
        UpdateRequest {
            name: Some("go".into()),
            notice: Some("be kind".into()),
            join_needs_approval: Some(true),
            muted: Some(true),
            ..UpdateRequest::default()
        }
    }

    #[test]
    fn admins_set_what_they_name_and_the_group_is_told_each() {
        for actor in [OWNER, ADMIN] {
            let (plan, info) = update(&scene(), actor, &all()).unwrap();
            let told = plan.events.iter().map(|e| (e.kind(), e.text.as_str()));
            let expected = [
                (Kind::Name, "go"),
                (Kind::Notice, "be kind"),
                (Kind::Settings, ""),
            ];
            assert_eq!(told.collect::<Vec<_>>(), expected);
            assert!(info.join_needs_approval && info.muted);
            let group = apply(&scene(), &plan);
            assert_eq!(group.info, info);
            assert!(update(&group, actor, &all()).unwrap().0.is_empty());
        }
        let refused = update(&scene(), MEMBER, &all());
        assert_eq!(refused, Err(Refusal::AdminsOnly));
        let refused = update(&scene(), STRANGER, &all());
        assert_eq!(refused, Err(Refusal::NotAMember));
    }

    #[test]
    fn what_is_not_named_stays() {
        let notice = UpdateRequest {
            notice: Some("be kind".into()),
            ..UpdateRequest::default()
        };
        let (plan, info) = update(&scene(), OWNER, &notice).unwrap();
        let expected = Info {
            notice: "be kind".into(),
            ..scene().info
        };
        assert_eq!(info, expected);
        assert_eq!(plan.events.len(), 1);
        let nothing = update(&scene(), OWNER, &UpdateRequest::default());
        assert!(nothing.unwrap().0.is_empty());
    }
}
