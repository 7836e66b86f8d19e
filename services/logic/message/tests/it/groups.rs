//! Group messages: in the log and in the queue before they are answered, and in the queue in the log's order.

use crate::world::*;
use im_idl::group::Role;
use im_idl::message::group_event::Kind;
use im_idl::message::{AnnounceRequest, GroupEvent};
use im_idl::refusal::error;
use svrkit_rt::testing::run_test;
use svrkit_rt::{Code, clock};

#[test]
fn a_members_message_is_in_the_queue_when_it_is_answered() {
    run_test("member", |_| async {
        let world = World::new();
        let service = world.service().await;
        assert_eq!(send(&service, ADA, GROUP, 7).await.unwrap().group_seq, 1);
        let again = send(&service, ADA, GROUP, 7).await.unwrap();
        assert!(again.duplicate);
        assert_eq!(again.group_seq, 1);
        let state = world.state();
        assert_eq!((state.log[0].sender, state.log[0].chat), (ADA, GROUP));
        let [task] = &state.tasks[..] else {
            panic!("{:?}", state.tasks);
        };
        assert_eq!(
            (task.group, task.group_seq, task.group_version),
            (GROUP, 1, 33)
        );
    });
}

#[test]
fn whoever_may_not_speak_is_refused() {
    run_test("muted", |_| async {
        let world = World::new();
        let service = world.service().await;
        let denied = |reason: &str| (Code::PermissionDenied, reason.to_owned());
        assert_eq!(
            refusal(send(&service, 10_009, GROUP, 1).await),
            denied("NOT_MEMBER")
        );
        assert_eq!(
            refusal(send(&service, ADA, GROUP + 1, 1).await),
            denied("NOT_MEMBER")
        );
        world.state().members.get_mut(&ADA).unwrap().muted_until_ms = clock::now_ms() + 60_000;
        assert_eq!(
            refusal(send(&service, ADA, GROUP, 1).await),
            denied("MUTED")
        );
        world.state().info.muted = true;
        world
            .state()
            .members
            .get_mut(&CLEO)
            .unwrap()
            .set_role(Role::Admin);
        assert_eq!(
            refusal(send(&service, BOB, GROUP, 1).await),
            denied("GROUP_MUTED")
        );
        send(&service, CLEO, GROUP, 1).await.unwrap();
        assert_eq!(world.state().log.len(), 1);
    });
}

#[test]
fn what_a_full_queue_refused_comes_out_once_when_sent_again() {
    run_test("full", |_| async {
        let world = World::new();
        let service = world.service().await;
        world.state().tasks_max = 0;
        let refused = send(&service, ADA, GROUP, 7).await.unwrap_err();
        let told = error(&refused);
        assert_eq!(
            (refused.code(), &*told.reason),
            (Code::Overloaded, "im.message/BUSY")
        );
        assert!(told.retry_after_ms > 0);
        world.state().tasks_max = 100;
        assert!(send(&service, ADA, GROUP, 7).await.unwrap().duplicate);
        assert_eq!(world.state().tasks.len(), 1);
    });
}

#[test]
fn what_somebody_left_in_the_log_goes_before_what_comes_after() {
    run_test("left", |_| async {
        let world = World::new();
        // Ada's call ended between log and queue, and she never comes back.
        world.state().tasks_max = 0;
        send(&world.service().await, ADA, GROUP, 7)
            .await
            .unwrap_err();
        world.state().tasks_max = 100;
        send(&world.service().await, BOB, GROUP, 8).await.unwrap();
        let seqs: Vec<_> = world
            .state()
            .tasks
            .iter()
            .map(|task| task.group_seq)
            .collect();
        assert_eq!(seqs, [1, 2]);
        // What was fanned out long ago is not enqueued again.
        world.state().fanned_seq = 2;
        send(&world.service().await, BOB, GROUP, 9).await.unwrap();
        assert_eq!(world.state().tasks.len(), 3);
    });
}

#[test]
fn tasks_are_in_the_order_of_the_log_whoever_overtakes_whom() {
    run_test("order", |_| async {
        let world = World::new();
        world.state().delay_ms = 20;
        // Two processes, which know nothing of each other.
        let services = [world.service().await, world.service().await];
        let mut sending = Vec::new();
        for sender in [ADA, BOB, CLEO] {
            for lane in 0..4 {
                let service = services[lane as usize % 2].clone();
                sending.push(tokio::spawn(async move {
                    for id in 1..=10 {
                        send(&service, sender, GROUP, lane * 100 + id)
                            .await
                            .unwrap();
                    }
                }));
            }
        }
        for sending in sending {
            sending.await.unwrap();
        }
        let seqs: Vec<_> = world
            .state()
            .tasks
            .iter()
            .map(|task| task.group_seq)
            .collect();
        assert_eq!(seqs, (1..=120).collect::<Vec<_>>());
    });
}

#[test]
fn an_announcement_goes_to_those_who_have_left_as_well() {
    run_test("announce", |_| async {
        let world = World::new();
        let service = world.service().await;
        let mut event = GroupEvent {
            by: ADA,
            uins: vec![BOB],
            ..GroupEvent::default()
        };
        event.set_kind(Kind::Kicked);
        let request = AnnounceRequest {
            group: GROUP,
            event: Some(event),
            client_message_id: 99,
            also: vec![BOB],
        };
        service.announce(request.clone()).await.unwrap();
        service.announce(request).await.unwrap();
        let state = world.state();
        assert_eq!((state.log.len(), state.log[0].sender), (1, ADA));
        let also: Vec<_> = state.tasks.iter().map(|task| &task.also[..]).collect();
        assert_eq!(also, [&[][..], &[BOB]]);
        assert!(state.tasks.iter().all(|task| task.group_version == 0));
    });
}
