//! Lists, remarks and who is online.

use crate::world::{ADA, BOB, CLEO, World, reason};
use im_contact::Config;
use im_idl::contact::Relation;
use svrkit_rt::testing::run_test;

fn small_pages() -> Config {
    Config {
        list_rows_max: 2,
        ..Config::default()
    }
}

#[test]
fn a_list_comes_with_names_page_by_page_and_then_only_changes() {
    run_test("pages", |_| async {
        let world = World::new(small_pages()).await;
        for (uin, name) in [(BOB, "bob"), (CLEO, "cleo"), (CLEO + 1, "dora")] {
            world.add(uin, name);
            world.befriend(ADA, uin).await;
        }
        let (all, version) = world.list(ADA, 0).await;
        let names: Vec<&str> = all.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["bob", "cleo", "dora"]);
        assert_eq!(world.list(ADA, version).await, (vec![], version));

        world.remark(ADA, CLEO, "Cleo from work").await.unwrap();
        world.delete(BOB, ADA).await.unwrap();
        let (changed, _) = world.list(ADA, version).await;
        assert_eq!(changed.len(), 2);
        assert_eq!(changed[0].remark, "Cleo from work");
        assert_eq!(
            (changed[1].uin, changed[1].relation()),
            (BOB, Relation::None)
        );
        assert_eq!(changed[1].name, "", "who is gone has no name");
        assert!(world.knows_newest(ADA).await && world.knows_newest(BOB).await);
    });
}

#[test]
fn a_remark_is_for_a_contact_and_seen_by_its_owner_only() {
    run_test("remark", |_| async {
        let world = World::new(Config::default()).await;
        let stranger = world.remark(ADA, BOB, "Bob").await;
        assert_eq!(reason(stranger), "im.contact/NOT_A_CONTACT");
        world.befriend(ADA, BOB).await;
        let of_bob = world.lists.version(BOB);
        world.remark(ADA, BOB, "Robert").await.unwrap();
        assert_eq!(world.lists.version(BOB), of_bob);
        assert!(world.knows_newest(ADA).await);
    });
}

#[test]
fn friends_are_seen_online_and_nobody_else() {
    run_test("online", |_| async {
        let world = World::new(small_pages()).await;
        assert!(world.online(ADA).await.is_empty());
        let friends = [BOB, CLEO, CLEO + 1, CLEO + 2, CLEO + 3];
        for uin in friends {
            world.add(uin, &format!("user{uin}"));
            world.befriend(ADA, uin).await;
        }
        let asked = CLEO + 10;
        world.add(asked, "asked");
        world.ask(ADA, asked).await.unwrap();
        world.block(ADA, CLEO, true).await.unwrap();
        world
            .presence
            .online
            .lock()
            .unwrap()
            .extend([BOB, CLEO, CLEO + 2, CLEO + 3, asked]);
        assert_eq!(world.online(ADA).await, [BOB, CLEO + 2, CLEO + 3]);
    });
}
