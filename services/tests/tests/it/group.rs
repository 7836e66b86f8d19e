//! Groups, up to the largest.

use crate::backend::{Backend, befriend, group, hears, say, texts, uin, until};
use im_client::{Client, State};
use im_idl::group::{InviteRequest, KickRequest, LeaveRequest, MuteRequest, Role, SetRoleRequest};
use svrkit_rt::Code;
use svrkit_rt::testing::run_test;

/// The bound of members, and what an operator may lower it to and raise it from.
const MEMBERS_MAX: usize = 500;

#[test]
fn five_hundred_members_get_every_message_once() {
    run_test("group of 500", |_| async {
        let backend = Backend::start().await;
        let owner = backend.register("owner").await;
        let mut members = Vec::new();
        for n in 1..MEMBERS_MAX {
            let member = backend.register(&format!("member{n}")).await;
            befriend(&owner, &member).await;
            members.push(member);
        }
        let everybody: Vec<&Client> = members.iter().collect();
        let us = group(&owner, &everybody).await;
        let lines: Vec<String> = (0..20).map(|n| format!("line {n}")).collect();
        let speakers = [&owner, &members[7], &members[498]];
        for (n, line) in lines.iter().enumerate() {
            say(speakers[n % 3], us, line).await.unwrap();
        }
        for client in everybody.iter().chain([&&owner]) {
            assert_eq!(hears(client, us, lines.len()).await, lines);
        }
        let one_more = backend.register("latecomer").await;
        befriend(&owner, &one_more).await;
        let invite = InviteRequest {
            group: us,
            uins: vec![uin(&one_more)],
        };
        let refused = owner.call(invite).await.unwrap_err();
        assert_eq!(refused.code(), Code::ResourceExhausted, "{refused}");
        for client in everybody {
            assert_eq!(texts(client, us), lines, "still once");
        }
    });
}

#[test]
fn the_member_bound_is_the_operators_and_changes_while_it_runs() {
    run_test("member bound", |_| async {
        let backend = Backend::start_with(&[("group.members_max", "2")], |_, _, c| c).await;
        let ada = backend.register("ada").await;
        let bob = backend.register("bob").await;
        let eve = backend.register("eve").await;
        befriend(&ada, &bob).await;
        befriend(&ada, &eve).await;
        let us = group(&ada, &[&bob]).await;
        let invite = InviteRequest {
            group: us,
            uins: vec![uin(&eve)],
        };
        let refused = ada.call(invite.clone()).await.unwrap_err();
        assert_eq!(refused.code(), Code::ResourceExhausted, "{refused}");
        backend.set("group.members_max", "3");
        let invited = ada.call(invite).await.unwrap();
        assert_eq!(invited.added, [uin(&eve)]);
    });
}

#[test]
fn who_is_out_hears_nothing_and_who_is_muted_says_nothing() {
    run_test("group rights", |_| async {
        let backend = Backend::start().await;
        let ada = backend.register("ada").await;
        let bob = backend.register("bob").await;
        let eve = backend.register("eve").await;
        befriend(&ada, &bob).await;
        befriend(&ada, &eve).await;
        let us = group(&ada, &[&bob, &eve]).await;
        let mute = |seconds| MuteRequest {
            group: us,
            uin: uin(&bob),
            seconds,
        };
        ada.call(mute(60)).await.unwrap();
        let refused = say(&bob, us, "mmh").await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied, "{refused}");
        tokio::time::sleep(std::time::Duration::from_secs(61)).await;
        say(&bob, us, "I can speak again").await.unwrap();
        hears(&eve, us, 1).await;

        let kick = KickRequest {
            group: us,
            uins: vec![uin(&eve)],
        };
        let refused = bob.call(kick.clone()).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied, "{refused}");
        let admin = SetRoleRequest {
            group: us,
            uin: uin(&bob),
            role: Role::Admin as i32,
        };
        ada.call(admin).await.unwrap();
        bob.call(kick).await.unwrap();
        let is_out = |state: &State| (!state.groups().contains_key(&us)).then_some(());
        until(&eve, is_out).await;
        say(&ada, us, "among ourselves").await.unwrap();
        hears(&bob, us, 2).await;
        let refused = say(&eve, us, "let me in").await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied, "{refused}");
        assert_eq!(texts(&eve, us), ["I can speak again"]);

        ada.call(LeaveRequest { group: us }).await.unwrap();
        let owns =
            |state: &State| (state.groups().get(&us)?.role == Role::Owner as i32).then_some(());
        until(&bob, owns).await;
    });
}
