//! Keys that tickets are signed with.

use crate::store::store;
use im_idl::account_store::{Key, RotateKeysRequest};
use im_idl::base::Empty;
use svrkit_rt::Code;
use svrkit_rt::testing::run_test;

fn rotate(id: u32, forget: &[u32], expected_version: u64) -> RotateKeysRequest {
    RotateKeysRequest {
        add: Some(Key {
            id,
            secret: vec![id as u8; 32].into(),
            created_ms: u64::from(id),
        }),
        forget: forget.to_vec(),
        expected_version,
    }
}

#[test]
fn of_two_who_rotate_at_once_one_does() {
    run_test("keys", |_| async {
        let store = store().await;
        let none = store.list_keys(Empty {}).await.unwrap();
        assert!(none.keys.is_empty());
        store
            .rotate_keys(rotate(1, &[], none.version))
            .await
            .unwrap();
        let late = store.rotate_keys(rotate(1, &[], none.version)).await;
        assert_eq!(late.unwrap_err().code(), Code::Aborted);
        for id in 2..=300 {
            let version = store.list_keys(Empty {}).await.unwrap().version;
            let forget = if id > 3 { &[id - 3][..] } else { &[] };
            store
                .rotate_keys(rotate(id, forget, version))
                .await
                .unwrap();
        }
        let kept = store.list_keys(Empty {}).await.unwrap().keys;
        let ids: Vec<_> = kept.iter().map(|key| key.id).collect();
        assert_eq!(ids, [298, 299, 300], "oldest first");
        assert_eq!(kept[2].secret, vec![300u32 as u8; 32]);
    });
}
