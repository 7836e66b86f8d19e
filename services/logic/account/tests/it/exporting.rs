//! All that is kept of a user.

use crate::service::{by, service, somebody};
use crate::world::World;
use im_account::Refused;
use im_idl::account::{AccountClient, ExportRequest};
use im_idl::contact::{self, Relation};
use im_idl::group::{Membership, Role};
use im_idl::ids::GROUP_BIT;
use im_idl::message::{Content, Entry, Item, content, entry};
use serde_json::Value;
use std::collections::BTreeMap;
use svrkit_rt::testing::run_test;

async fn export(service: &AccountClient, uin: u64) -> (Vec<Value>, usize) {
    let mut cursor = bytes::Bytes::new();
    let (mut records, mut pages) = (Vec::new(), 0);
    loop {
        let call = by(uin, "phone", ExportRequest { cursor });
        let page = service.export_with(call).await.unwrap().message;
        assert!(page.records.len() <= 200);
        pages += 1;
        records.extend(
            page.records
                .iter()
                .map(|it| serde_json::from_str(it).unwrap()),
        );
        if page.next.is_empty() {
            return (records, pages);
        }
        cursor = page.next;
    }
}

#[test]
fn an_export_has_everything_once_and_nothing_of_others() {
    run_test("export", |_| async {
        let world = World::new();
        let service = service(&world).await;
        let uin = somebody(&service, "ada", &["phone", "tablet"]).await[0].uin;
        let bob = somebody(&service, "bob", &["phone"]).await[0].uin;
        {
            let mut state = world.state();
            let contact = |version| contact::Entry {
                uin: 20_000 + version,
                relation: Relation::Friend.into(),
                version,
                ..contact::Entry::default()
            };
            let gone = contact::Entry {
                version: 451,
                ..contact::Entry::default()
            };
            let contacts = (1..=450).map(contact).chain([gone]).collect();
            state.contacts.insert(uin, contacts);
            let group = |version| Membership {
                group: GROUP_BIT + version,
                role: Role::Member.into(),
                version,
                ..Membership::default()
            };
            state.groups.insert(uin, (1..=3).map(group).collect());
            let message = |version| Entry {
                version,
                kind: Some(entry::Kind::Item(Item {
                    sender: bob,
                    chat: bob,
                    client_message_id: version,
                    content: Some(Content {
                        kind: Some(content::Kind::Text(format!("message {version}"))),
                    }),
                    ..Item::default()
                })),
            };
            state
                .inboxes
                .insert(uin, (1..=1_000).map(message).collect());
            state.inboxes.insert(bob, (5..=9).map(message).collect());
        }
        let (records, pages) = export(&service, uin).await;
        let mut kinds = BTreeMap::new();
        for record in &records {
            *kinds.entry(record["kind"].as_str().unwrap()).or_insert(0) += 1;
        }
        let expected = [
            ("contact", 450),
            ("device", 2),
            ("group", 3),
            ("message", 1_000),
            ("profile", 1),
        ];
        assert_eq!(kinds, BTreeMap::from(expected));
        assert_eq!(pages, 1 + 3 + 1 + 5);
        let texts: Vec<_> = records
            .iter()
            .filter_map(|it| it["text"].as_str())
            .collect();
        let in_order: Vec<_> = (1..=1_000).map(|n| format!("message {n}")).collect();
        assert_eq!(texts, in_order);
        let all = format!("{records:?}");
        assert!(!all.contains("argon2"), "no hash leaves the house");
    });
}

#[test]
fn a_cursor_of_ones_own_making_is_refused() {
    run_test("cursor", |_| async {
        let world = World::new();
        let service = service(&world).await;
        let uin = somebody(&service, "ada", &["phone"]).await[0].uin;
        for cursor in [&b"x"[..], &[0; 9], &[200; 9], &[1; 4_000]] {
            let cursor = bytes::Bytes::copy_from_slice(cursor);
            let call = by(uin, "phone", ExportRequest { cursor });
            let refused = service.export_with(call).await.unwrap_err();
            assert_eq!(Refused::try_from(&refused), Ok(Refused::CursorInvalid));
        }
    });
}
